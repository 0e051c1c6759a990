"""What changes something: retries, discards, downloads, the emergency stop; and trials here."""
