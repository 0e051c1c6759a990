"""What becomes of an upload: the decision table of docs/design.md."""
