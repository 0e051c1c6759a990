"""What `process` returns, as it is recorded.

| returned | recorded |
|---|---|
| None, texts, true and false, whole numbers, finite floats | as they are |
| numbers of numpy and of other libraries, Decimal, Fraction | as numbers |
| NaN, infinities, and numbers beyond DynamoDB's 38 digits or 1e125 | as texts |
| dates, times, date-times (also pandas') | as ISO 8601 texts |
| durations | as seconds |
| UUIDs, paths | as texts |
| members of an Enum | as their values |
| lists, tuples, sets, arrays of numpy | as lists |
| mappings, with names that are texts, numbers, UUIDs or dates | as maps; names as texts |
"""

import math
import numbers
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from .model.errors import Code, Fault

RESULT_BYTES = 64 * 1024
"""The most that `process` may return, as JSON: a record must stay far below DynamoDB's 400 KB."""
RESULT_DEPTH = 16
_DIGITS, _EXPONENT = 38, 125
"""What DynamoDB keeps of a number."""


def recordable(value: Any) -> Any:
    """`value` as JSON-like data that DynamoDB takes; raises a `Fault` (UNRECORDABLE_RESULT).

    The error says where and of which type the offending part is, never what it is: it may be
    content of the file, and the error is logged and told.
    """
    try:
        plain = _plain(value, "the result", 0)
        size = _json_size(plain)
    except _Unrecordable as error:
        raise Fault(Code.UNRECORDABLE_RESULT, str(error)) from None
    except Exception as error:
        reason = f"what process returned cannot be looked at: {type(error).__name__}"
        raise Fault(Code.UNRECORDABLE_RESULT, reason) from error
    if size > RESULT_BYTES:
        raise Fault(
            Code.UNRECORDABLE_RESULT,
            f"what process returns is recorded and may take {RESULT_BYTES:,} bytes as JSON "
            f"(got about {size:,}); write large results to a bucket of your own",
        )
    return plain


class _Unrecordable(Exception):
    pass


def _plain(value: Any, path: str, depth: int) -> Any:
    if depth > RESULT_DEPTH:
        raise _Unrecordable(f"what process returns is nested deeper than {RESULT_DEPTH} levels")
    value = _pythons(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return _map(value, path, depth)
    if isinstance(value, (list, tuple, AbstractSet)):
        return [
            _plain(part, f"entry {at} of {path}", depth + 1) for at, part in enumerate(value, 1)
        ]
    plain = _number(value)
    if plain is None:
        plain = _as_text(value)
    if plain is None:
        raise _Unrecordable(
            f"{path} cannot be recorded, it is of type {type(value).__name__}; process may return "
            "None, texts, true and false, numbers, dates and times, UUIDs, and lists and dicts of "
            "these"
        )
    return plain


def _pythons(value: Any) -> Any:
    """Python's own value for a member of an Enum, and for what numpy made."""
    while isinstance(value, Enum):
        value = value.value
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        # A date of numpy may have more digits than Python's.
        return str(value) if type(value).__name__ == "datetime64" else value.tolist()
    return value


def _map(value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for at, (key, part) in enumerate(value.items(), 1):
        name = _pythons(key)
        text = str(name) if isinstance(name, numbers.Number) else _as_text(name)
        # DynamoDB refuses empty names.
        if not text:
            raise _Unrecordable(
                f"the name of entry {at} of {path} cannot be recorded, it is empty or of type "
                f"{type(name).__name__}; names may be texts, numbers, dates and UUIDs"
            )
        if text in made:
            raise _Unrecordable(f"entry {at} of {path} has the name of another one, as a text")
        made[text] = _plain(part, f"entry {at} of {path}", depth + 1)
    return made


def _number(value: Any) -> int | float | Decimal | str | None:
    """None when it is no number; a text when DynamoDB could not keep it as it is."""
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return whole if abs(whole) < 10**_DIGITS else str(whole)
    if isinstance(value, Decimal):
        digits = len(value.as_tuple().digits)
        fits = value.is_finite() and digits <= _DIGITS and abs(value.adjusted()) < _EXPONENT
        return value if fits else str(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        fits = math.isfinite(number) and (number == 0 or 1e-125 < abs(number) < 1e125)
        return number if fits else str(Decimal(number) if not math.isfinite(number) else number)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return None


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        # Lone surrogates stand for bytes that are no UTF-8; DynamoDB takes UTF-8 alone.
        return str.__str__(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, PurePath)) else None


def _json_size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode()) + 2
    if isinstance(value, list):
        return 2 + sum(1 + _json_size(part) for part in value)
    if isinstance(value, dict):
        return 2 + sum(2 + _json_size(name) + _json_size(part) for name, part in value.items())
    return max(5, len(str(value)))
