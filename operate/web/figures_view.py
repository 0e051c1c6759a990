"""What `scalper figures` says, for the page's charts and their tables."""

from datetime import UTC
from typing import Any

from handler.model.item import Status

from ..read.day_items import KEPT_DAYS
from ..read.deployment import Deployment
from ..read.errors import NothingCountedError
from ..read.figures import By, Figures, Row
from ..read.figures import figures as figures_of
from ..read.group import Group
from .asked import Asked, Refused

USUAL_DAYS = 30
BY_HOUR = 2
"""Days whose hours are told one by one."""
MOST_ROWS = 30


def figures(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """Of the last days, today included; exact, as the daily check counted them."""
    text = asked.one("days") or str(USUAL_DAYS)
    if not text.isdecimal() or not 1 <= int(text) <= KEPT_DAYS:
        raise Refused(400, f"days is a number from 1 to {KEPT_DAYS}.")
    try:
        found = figures_of(deployment, int(text))
    except NothingCountedError as error:
        return {"nothing": str(error)}
    counted = found.counted.at.astimezone(UTC).isoformat() if found.counted else None
    return {
        "asked_at": found.asked_at.isoformat(),
        "first": found.first,
        "last": found.last,
        "counted_at": counted,
        "is_stale": found.is_stale,
        "unreadable": found.unreadable,
        "ahead": found.ahead,
        "incomplete": found.incomplete,
        "total": _measured(found.total),
        "days": [_row(row) for row in found.by(By.DAY)],
        "hours": _hours(found),
        "types": [{"name": it.name, **_measured(it.group)} for it in found.by(By.TYPE)][:MOST_ROWS],
        "reasons": [{"name": it.name, "files": it.group.files} for it in found.by(By.REASON)][
            :MOST_ROWS
        ],
        "slowest": [
            {"key": it.key, "upload_id": it.upload_id, "duration_ms": it.duration_ms}
            for it in found.slowest
        ],
    }


def _hours(found: Figures) -> list[dict[str, Any]]:
    return [
        _row(Row(f"{day.date}T{hour:02}:00:00Z", day.hours.get(hour, Group())))
        for day in found.all_days[-BY_HOUR:]
        for hour in range(24)
    ]


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.name, **{status: row.group.of(status).files for status in map(str, Status)}}


def _measured(group: Group) -> dict[str, Any]:
    durations = {f"p{share}": group.durations.quantile(share / 100) for share in (50, 95, 99)}
    waits = group.waits.quantile(0.95)
    return {
        "files": group.files,
        "bytes": group.bytes,
        "not_accepted": group.not_accepted,
        **durations,
        "wait_p95": waits,
    }
