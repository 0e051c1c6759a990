"""What happened since the last count, from the log: each file is a line in it.

A line has no time of upload, so waits are not in it, and a file is taken to be of the day of its
line. Reads are bounded, and when there was more it is said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handler.model.item import Status

from .day import SLOWEST, Day, Names, Slow
from .deployment import Deployment
from .errors import told_plainly
from .facts import DECIDED, MOST_DURATION_MS, Fact
from .logs import fields_of

MOST_CALLS = 10
"""For each function. A call brings a megabyte or 10,000 lines at most."""
PATTERN = '"upload_id"'
"""Every line of ours about a file has the word."""


@dataclass
class SinceCount:
    """Files whose fate was logged since the last count."""

    since: datetime
    days: dict[str, Day] = field(default_factory=dict)
    retried: int = 0
    """Files that were counted before, and have been tried again since; they are not in `days`."""
    is_all: bool = True
    """False where the log has more than was read."""

    @property
    def files(self) -> int:
        return sum(day.files for day in self.days.values())


@dataclass(frozen=True, slots=True)
class _Told:
    """What the log says of an upload."""

    is_new: bool
    """False where its first line is about a retry: then it was counted before."""
    timestamp_ms: int
    fields: Mapping[str, Any]
    """Of its last line."""


def since_count(
    deployment: Deployment, since: datetime, most_calls: int = MOST_CALLS
) -> SinceCount:
    """Read the logs of both functions."""
    found = SinceCount(since)
    lines: list[tuple[int, Mapping[str, Any]]] = []
    for group in deployment.log_groups.values():
        for page, is_last in _pages(deployment, group, since, most_calls):
            lines += _of_files(page)
            found.is_all &= is_last is not False
    told: dict[tuple[str, str], _Told] = {}
    for timestamp, fields in sorted(lines, key=lambda line: line[0]):
        upload = (fields["key"], fields["upload_id"])
        before = told.get(upload)
        is_new = before.is_new if before else "retry" not in fields
        told[upload] = _Told(is_new, timestamp, fields)
    found.retried = sum(not it.is_new for it in told.values())
    _count(found, [it for it in told.values() if it.is_new])
    return found


def _count(found: SinceCount, told: Iterable[_Told]) -> None:
    facts = [(_fact(it), it) for it in told]
    names = Names.of(
        _commonest(fact.file_type for fact, _ in facts),
        _commonest(fact.reason_code for fact, _ in facts if fact.reason_code),
        (),
    )
    for fact, it in facts:
        day = found.days.setdefault(fact.day, Day(fact.day))
        day.add(fact, names)
        if fact.duration_ms is not None:
            slow = Slow(fact.duration_ms, it.fields["key"], it.fields["upload_id"])
            day.slowest = sorted([*day.slowest, slow], reverse=True)[:SLOWEST]


def _fact(told: _Told) -> Fact:
    moment = datetime.fromtimestamp(told.timestamp_ms / 1000, UTC)
    fields = told.fields
    decided = fields["status"] in DECIDED
    milliseconds = fields.get("ms")
    retries = fields.get("retry", 0)
    return Fact(
        f"{moment:%Y-%m-%d}",
        moment.hour,
        fields["status"],
        str(fields.get("type", "none")),
        fields.get("code"),
        None,
        max(0, fields["size"]),
        1 + retries if isinstance(retries, int) else 1,
        min(milliseconds, MOST_DURATION_MS) if decided and isinstance(milliseconds, int) else None,
        None,
    )


def _of_files(page: Iterable[Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Lines that record a fate. What `process` prints may look like anything."""
    for event in page:
        fields = fields_of(event["message"])
        if fields is None or fields["status"] not in list(Status) or fields.get("stood"):
            continue
        texts = all(isinstance(fields.get(name), str) for name in ("key", "upload_id"))
        if texts and type(fields.get("size")) is int and isinstance(fields.get("code", ""), str):
            yield event["timestamp"], fields


def _pages(
    deployment: Deployment, group: str, since: datetime, most_calls: int
) -> Iterator[tuple[list[Any], bool | None]]:
    """Each page of lines; with the last that is read, whether it is the last that there is."""
    request: dict[str, Any] = {
        "logGroupName": group,
        "filterPattern": PATTERN,
        "startTime": int(since.timestamp() * 1000),
    }
    for call in range(most_calls):
        with told_plainly(f"search the log group {group}"):
            answer = deployment.clients.logs.filter_log_events(**request)
        token = answer.get("nextToken")
        last_call = call == most_calls - 1
        yield answer.get("events", []), None if token and not last_call else not token
        if not token:
            return
        request["nextToken"] = token


def _commonest(names: Iterable[str]) -> list[str]:
    counted = Counter(names)
    return sorted(counted, key=lambda name: (-counted[name], name))
