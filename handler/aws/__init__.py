"""All that the handler asks of AWS: each module is one resource or one kind of call."""
