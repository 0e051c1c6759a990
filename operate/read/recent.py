"""What became of files of late, by the log: accepted ones too, which no index of the table knows.

CloudWatch lists lines the oldest first. So it is asked for stretches of time, each four times as
long as the one after it, until there are enough; a busy pipeline is asked for its last minutes.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handler.model.item import Status

from .deployment import Deployment
from .errors import told_plainly
from .logs import fields_of

ENOUGH = 100
LONGEST = timedelta(hours=48)
GROWTH = 4
PAGES = 3
"""Of one log group and stretch at most, each of up to 1 MB."""
PATTERN = '"upload_id"'
"""What every line about an upload has."""
FATES = frozenset(map(str, Status))


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of a function about what became of an upload."""

    at: str
    """ISO 8601 in UTC."""
    key: str
    upload_id: str
    status: str
    reason_code: str
    size_bytes: int
    file_type: str
    milliseconds: int | None
    retry: int | None
    """The number of the retry that this was; None for a first attempt."""
    stood: bool
    """True when the fate had been recorded before: a second delivery."""


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest outcomes, the newest first."""

    outcomes: list[Seen]
    since: str
    """All since then was looked at, unless `more`."""
    more: bool
    """True when there is more in that time than was read or than fits."""


def recent(
    deployment: Deployment,
    now: datetime,
    *,
    enough: int = ENOUGH,
    longest: timedelta = LONGEST,
    at_once: int = 2,
) -> Recent:
    """The `enough` newest outcomes of the last `longest`."""
    groups = list(deployment.log_groups.values())
    found: list[Seen] = []
    more, since = False, now
    with ThreadPoolExecutor(at_once) as pool:
        for begin, end in _stretches(now, longest):
            asked = [pool.submit(_outcomes, deployment, group, begin, end) for group in groups]
            for seen, goes_on in (it.result() for it in asked):
                found += seen
                more = more or goes_on
            since = begin
            if more or len(found) >= enough:
                break
    found.sort(key=lambda it: (it.at, it.key), reverse=True)
    return Recent(
        found[:enough],
        since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        more or len(found) > enough,
    )


def _stretches(now: datetime, longest: timedelta) -> Iterator[tuple[datetime, datetime]]:
    # Clocks differ, and lines come late.
    end, length = now + timedelta(minutes=1), timedelta(minutes=2)
    while end > now - longest:
        begin = max(end - length, now - longest)
        yield begin, end
        end, length = begin, length * GROWTH


def _outcomes(
    deployment: Deployment, group: str, begin: datetime, end: datetime
) -> tuple[list[Seen], bool]:
    request: dict[str, Any] = {
        "logGroupName": group,
        "filterPattern": PATTERN,
        "startTime": round(begin.timestamp() * 1000),
        # Both ends are included.
        "endTime": round(end.timestamp() * 1000) - 1,
    }
    found: list[Seen] = []
    with told_plainly(f"search the log group {group}"):
        for _ in range(PAGES):
            answer = deployment.clients.logs.filter_log_events(**request)
            found += [seen for event in answer["events"] if (seen := _seen(event)) is not None]
            if "nextToken" not in answer:
                return found, False
            request["nextToken"] = answer["nextToken"]
    return found, True


def _seen(event: Any) -> Seen | None:
    fields = fields_of(event["message"])
    if fields is None or fields["status"] not in FATES or "key" not in fields:
        return None
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return Seen(
        at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        str(fields["key"]),
        str(fields.get("upload_id", "")),
        str(fields["status"]),
        str(fields.get("code", "")),
        int(fields.get("size", 0)),
        str(fields.get("type", "")),
        fields.get("ms"),
        fields.get("retry"),
        bool(fields.get("stood")),
    )
