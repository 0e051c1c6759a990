"""What stops a workflow, in words for whoever reads its log."""


class WorkflowError(Exception):
    """Says what was wrong, the value seen, and what to do."""
