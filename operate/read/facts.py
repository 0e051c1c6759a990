"""What figures are made of: one file's record, or the log line about it, reduced to what counts.

A record may be of an older version, or altered by hand: what cannot be used is left out, never
guessed, and never stops the count of the others.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from handler.model.item import Status

UNKNOWN = "UNKNOWN"
"""Instead of a status that this version does not know."""
STATUSES = (*map(str, Status), UNKNOWN)
DECIDED = frozenset({Status.PROCESSED, Status.QUARANTINED})
"""Only of these does a duration say how long a file took, and is its wait over."""

NAME_CHARACTERS = 40
"""Of a type, a reason or a sender that is counted by its name; longer ones are among the rest."""
SENDER_CHARACTERS = 150
"""Of a sender: a role's ARN with its session has that."""

MOST_DURATION_MS = 60 * 60 * 1000
"""No invocation of Lambda takes longer."""
MOST_WAIT_MS = 20 * 365 * 24 * 60 * 60 * 1000
"""A backfilled file may have been there for years. What is longer counts as this."""


class Fact(NamedTuple):
    """One file, as far as figures go. A tuple, for there are millions."""

    day: str
    """Of its upload, in UTC: `2026-11-23`. So a file stays in its day, whatever becomes of it."""
    hour: int
    status: str
    file_type: str
    reason_code: str | None
    sender: str | None
    size_bytes: int
    attempts: int
    duration_ms: int | None
    """Of the try that gave the file its fate; None where nothing is known, or nothing decided."""
    wait_ms: int | None
    """From its upload until its fate was recorded, retries included; None as above."""

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Fact | None":
        """From an item of the table, as plain values; None where it cannot be dated."""
        uploaded = moment(item.get("uploaded_at"))
        processed = moment(item.get("processed_at"))
        dated = uploaded or processed
        if dated is None:
            return None
        status = _word(item.get("status")) or UNKNOWN
        decided = status in DECIDED
        wait = None
        if decided and uploaded and processed:
            # Clocks differ: a file is not processed before it is uploaded.
            wait = max(0, round((processed - uploaded).total_seconds() * 1000))
        duration = _whole(item.get("duration_ms")) if decided else None
        return cls(
            f"{dated:%Y-%m-%d}",
            dated.hour,
            status if status in STATUSES else UNKNOWN,
            _word(item.get("file_type")) or "none",
            _word(item.get("reason_code")),
            _word(item.get("sender")),
            _whole(item.get("size_bytes")) or 0,
            _whole(item.get("attempt")) or 1,
            None if duration is None else min(duration, MOST_DURATION_MS),
            None if wait is None else min(wait, MOST_WAIT_MS),
        )


def moment(text: object) -> datetime | None:
    """A time that a record tells, in UTC; None where it tells none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day_start(day: str) -> datetime:
    """Its first moment, in UTC. Raises a `ValueError` for what is no day."""
    found = date.fromisoformat(day)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(value) if 0 <= value < 2**63 else None
