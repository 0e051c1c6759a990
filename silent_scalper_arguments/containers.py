"""Checks made of other checks, for maps, lists and values that are known only after deployment."""

from collections.abc import Callable, Mapping
from typing import Any

from .values import Check, Wrong, is_later, shown


def kind(value: object) -> str:
    """What sort of value it is, where the value itself may be a secret."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list | tuple):
        return "a list"
    return "a map" if isinstance(value, Mapping) else "something else"


def later_or(check: Check) -> Check:
    """For an `Input`: what is not known yet is left for AWS to judge."""
    return lambda value: value if is_later(value) else check(value)


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
