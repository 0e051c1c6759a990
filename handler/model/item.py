"""An item of the FileMetadata table, as plain values."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

HISTORY_LENGTH = 20
"""Earlier attempts that a record keeps, the newest ones: it must stay far below 400 KB."""

Item = dict[str, Any]
"""An item as plain values: str, int, float, bool, None, list, dict."""


class Status(StrEnum):
    """Every file ends in one of these."""

    PROCESSED = "PROCESSED"
    QUARANTINED = "QUARANTINED"
    HELD = "HELD"
    GONE = "GONE"


NEEDS_SOMEBODY = frozenset({Status.QUARANTINED, Status.HELD})


def history_with(existing: Item) -> list[Item]:
    """The earlier attempts of an upload, oldest first, once `existing` is about to be one."""
    # A retry counts its attempt when it begins.
    began = existing["owner"] != existing.get("retry_owner", existing["owner"])
    attempt = {
        "attempt": existing["attempt"] - began,
        "at": existing["processed_at"],
        **{name: existing[name] for name in ("status", "reason_code", "reason")},
    }
    return [*existing.get("history", []), attempt][-HISTORY_LENGTH:]


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, always of one length, so that texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
