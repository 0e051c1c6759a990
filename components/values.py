"""Checks of single values: each takes what was given and returns it cleaned, or says what is wrong.

Types are checked here too. Pulumi hands over what a YAML file or another language holds: numbers
come as floats, and nothing stops a "no" where a bool belongs.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import pulumi

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


def kind(value: object) -> str:
    """What sort of value it is, where the value itself may be a secret."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list | tuple):
        return "a list"
    return "a map" if isinstance(value, Mapping) else "something else"


def is_later(value: object) -> bool:
    """True for what an `Input` may be besides its plain value."""
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


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


def number_among(allowed: Sequence[int], *, whose: str) -> Check:
    """One of the numbers that a service takes; an error names the nearest."""
    whole = whole_number(1, otherwise=f"take one of {whose}")

    def check(value: object) -> int:
        number: int = whole(value)
        if number not in allowed:
            nearest = min(allowed, key=lambda other: (abs(other - number), -other))
            listed = ", ".join(map(str, allowed))
            raise Wrong(f"must be one of {whose}, {listed} (got {number}); {nearest} is nearest")
        return number

    return check


def choice(options: type[StrEnum]) -> Check:
    def check(value: object) -> StrEnum:
        try:
            return options(text(value))
        except ValueError:
            listed = ", ".join(options)
            raise Wrong(f"must be one of {listed} (got {shown(value)})") from None

    return check


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    hint = f'; write it in quotes: "{value}"' if isinstance(value, int | float) else ""
    raise Wrong(f"must be text (got {shown(value)}){hint}")


def later_or(check: Check) -> Check:
    """For an `Input`: what is not known yet is left for AWS to judge."""
    return lambda value: value if is_later(value) else check(value)


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


def map_of(key: Check, item: Check, *, at_most: int | None = None, secret: bool = False) -> Check:
    """A map whose keys and values all pass; every one that does not is named.

    With `secret` no error shows a value.
    """

    def check(value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            got = kind(value) if secret else shown(value)
            raise Wrong(f"must be a map of names to values (got {got})")
        if at_most is not None and len(value) > at_most:
            raise Wrong(f"may have at most {at_most} entries (got {len(value)})")
        sentences = list[str]()
        for name, entry in value.items():
            for part, subject, told in ((key, name, "name"), (item, entry, "value of")):
                try:
                    part(subject)
                except Wrong as wrong:
                    sentences += wrong.about(f"({told} {shown(name)})")
        if sentences:
            raise Wrong(*sentences)
        return dict(value)

    return check


def once_each(check: Check, *, same: Callable[[str], str]) -> Check:
    """A list that names nothing twice, by what `same` makes of an entry."""

    def checked(value: object) -> list[str]:
        seen: dict[str, str] = {}
        for entry in check(value):
            if same(entry) in seen:
                raise Wrong(f"has {seen[same(entry)]!r} twice; remove one")
            seen[same(entry)] = entry
        return list(seen.values())

    return checked


def merged(check: Check) -> Check:
    """A list in which saying a thing twice is the same as saying it once."""
    return lambda value: list(dict.fromkeys(check(value)))
