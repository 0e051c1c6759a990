"""What uploads, records, messages and retries are: no call to AWS happens here."""
