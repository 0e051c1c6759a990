"""IAM policy documents, in all the spellings that IAM takes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Statement = Mapping[str, Any]


def statements(document: object) -> list[Statement]:
    """The statements of a policy, given as JSON text or as an object."""
    if not document:
        return []
    loaded: Any = json.loads(document) if isinstance(document, str) else document
    found = loaded.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def allowed(document: object) -> list[Statement]:
    return [one for one in statements(document) if one.get("Effect") == "Allow"]


def many(value: object) -> list[str]:
    """What IAM takes as one text or as a list of them."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]  # type: ignore[attr-defined]


def label(statement: Statement) -> str:
    """How a message names a statement."""
    return f"statement {statement['Sid']}" if statement.get("Sid") else "a statement"


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key (in lower case, as IAM compares it) and values of each condition."""
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), many(values)
