"""How an argument is declared: a field with its type, its default and its check."""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any

from .values import Check, Wrong


def argument(default: Any, check: Check) -> Any:
    """A field of a dataclass of arguments, with a default that `check` need not see."""
    metadata = {"check": check}
    if isinstance(default, list | dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def checks_of(declared: Any) -> dict[str, Check]:
    """The check of each argument of a dataclass, by name, in the order of its fields."""
    return {it.name: it.metadata["check"] for it in fields(declared)}


def cleaned(
    checks: Mapping[str, Check], given: Mapping[str, object]
) -> tuple[dict[str, Any], dict[str, Wrong]]:
    """The values that can be taken, cleaned; and what is wrong with the others, by name.

    None is the same as not given, because that is how other languages and YAML leave a value out.
    """
    values, wrong = dict[str, Any](), dict[str, Wrong]()
    for name, value in given.items():
        if value is None:
            continue
        try:
            if name not in checks:
                raise Wrong("is not an argument")
            values[name] = checks[name](value)
        except Wrong as error:
            wrong[name] = error
    return values, wrong
