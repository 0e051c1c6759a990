"""What `process` reads and writes."""
