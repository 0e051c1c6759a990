"""Checks of single values: each takes what was given and returns it cleaned, or says what is wrong.

Types are checked here too. Pulumi hands over what a YAML file or another language holds: numbers
come as floats, and nothing stops a "no" where a bool belongs. Lambda compiles this module at every
cold start, so it holds only what the rules are made of.
"""

from collections.abc import Callable
from typing import Any

Check = Callable[[object], Any]


class Wrong(Exception):
    """What is wrong with a value: sentences that go on from the argument's name."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences

    def about(self, subject: str) -> list[str]:
        """The sentences, complete, with `subject` in front."""
        return [f"{subject} {sentence}" for sentence in self.sentences]


def shown(value: object) -> str:
    """A value as an error shows it, without making a secret or an output readable."""
    if is_later(value):
        return "an output, which is known only after deployment"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def is_later(value: object) -> bool:
    """True for what a Pulumi `Input` may be besides its plain value: an output or an awaitable.

    An output is recognised by its methods, because nothing here may import Pulumi.
    """
    kind = type(value)
    return hasattr(kind, "__await__") or (hasattr(kind, "apply") and hasattr(kind, "future"))


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    hint = f'; write it in quotes: "{value}"' if isinstance(value, int | float) else ""
    raise Wrong(f"must be text (got {shown(value)}){hint}")


def flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Wrong(f"must be true or false, without quotes (got {shown(value)})")


def whole_number(low: int, high: int | None = None, *, otherwise: str) -> Check:
    """A number of at least `low`; `otherwise` says what to do instead."""
    span = f"of at least {low}" if high is None else f"from {low} to {high}"

    def check(value: object) -> int:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int):
            raise Wrong(f"must be a whole number {span} (got {shown(value)}); {otherwise}")
        if number < low or (high is not None and number > high):
            raise Wrong(f"must be a whole number {span} (got {number}); {otherwise}")
        return number

    return check


def list_of(item: Check, *, at_most: int | None = None) -> Check:
    """A list whose items all pass; every item that does not is named."""

    def check(value: object) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Wrong(f"must be a list (got {shown(value)}); write [{shown(value)}]")
        if at_most is not None and len(value) > at_most:
            raise Wrong(f"may have at most {at_most} entries (got {len(value)})")
        cleaned, sentences = [], list[str]()
        for index, entry in enumerate(value):
            try:
                cleaned.append(item(entry))
            except Wrong as wrong:
                sentences += wrong.about(f"(entry {index + 1})")
        if sentences:
            raise Wrong(*sentences)
        return cleaned

    return check


def merged(check: Check) -> Check:
    """A list in which saying a thing twice is the same as saying it once."""
    return lambda value: list(dict.fromkeys(check(value)))
