"""What the real provider refuses at a preview, out of the committed table."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi.runtime import rpc

from tests.engine.inputs import TABLE

ARN = re.compile(r"arn:[\w-]*:[\w.-]+:[\w-]*:(\d{12}|aws|aws-managed)?:.+", re.DOTALL)


def wrong_with(token: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The inputs that the provider would not take, each with the reason. Unknown ones pass."""
    found: list[tuple[str, str]] = []
    for path, rule in TABLE["refused"].get(token, {}).items():
        ((kind, limit),) = rule.items()
        for value in _values(inputs, path.split(".")):
            if reason := KINDS[kind](value, limit):
                found.append((path, f"{reason}, got {_shown(value)}"))
    return found


def _values(container: Any, path: list[str]) -> Iterator[Any]:
    """What stands at the end of the path, in each item of the lists on the way."""
    if isinstance(container, list):
        for item in container:
            yield from _values(item, path)
    elif not path:
        if isinstance(container, (str, int, float)) and container != rpc.UNKNOWN:
            yield container
    elif isinstance(container, Mapping) and path[0] in container:
        yield from _values(container[path[0]], path[1:])


def _one_of(value: Any, limit: list[Any]) -> str | None:
    return None if value in limit else f"expected one of {limit}"


def _between(value: Any, limit: list[int]) -> str | None:
    return None if limit[0] <= value <= limit[1] else f"expected {limit[0]} to {limit[1]}"


def _at_least(value: Any, limit: int) -> str | None:
    return None if value >= limit else f"expected at least {limit}"


def _length(value: Any, limit: list[int]) -> str | None:
    return None if limit[0] <= len(value) <= limit[1] else f"expected {limit} characters"


def _matches(value: Any, limit: str) -> str | None:
    return None if re.fullmatch(limit, value) else f"expected what matches {limit}"


def _json(value: Any, limit: bool) -> str | None:
    try:
        json.loads(value)
    except ValueError:
        return "expected JSON"
    return None


def _arn(value: Any, limit: bool) -> str | None:
    return None if ARN.fullmatch(value) else "expected an ARN"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


KINDS: Mapping[str, Callable[[Any, Any], str | None]] = {
    "one_of": _one_of,
    "between": _between,
    "at_least": _at_least,
    "length": _length,
    "matches": _matches,
    "json": _json,
    "arn": _arn,
}
"""Each kind of rule: None for a value that passes, else what was expected."""
