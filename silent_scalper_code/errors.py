"""What is wrong with the user's code, in sentences that say what to do."""


class CodeError(Exception):
    """Sentences, each complete, about code that would not run in Lambda."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def listed(names: list[str], *, at_most: int = 5) -> str:
    """Names for a sentence; of many, the first few and how many more there are."""
    first = ", ".join(names[:at_most])
    more = len(names) - at_most
    return f"{first} and {more:,} more" if more > 0 else first


def megabytes(size_bytes: int) -> str:
    """A size as AWS's limits count it, in units of 1,048,576 bytes."""
    return f"{size_bytes / 2**20:,.1f} MB"
