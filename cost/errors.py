"""What a person is told, without a traceback, when there is no bill."""


class CostError(ValueError):
    """The message says what was wrong and what to do."""
