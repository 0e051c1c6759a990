"""The log lines of one file, of both functions, with what `process` printed while it had it.

Lines of ours name the upload, Lambda's own name the request. What `process` prints names nothing:
an instance deals with one event at a time, so what its stream holds before a line about the file,
back to the line about the file before, is about this one.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handler.model.item import Item

from .deployment import Deployment
from .errors import told_plainly

LONGEST_SECONDS = 15 * 60
"""An invocation takes no longer."""
LINES_BEFORE = 500
"""Read at most for what `process` printed."""
BEFORE_UPLOAD = timedelta(minutes=1)
"""Clocks differ."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """What a function wrote."""

    timestamp_ms: int
    function: str
    """`processor` or `rescuer`."""
    stream: str
    number: int
    """Tells apart what one stream wrote in the same millisecond."""
    text: str

    @property
    def at(self) -> str:
        """ISO 8601 in UTC."""
        moment = datetime.fromtimestamp(self.timestamp_ms / 1000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lines_of(deployment: Deployment, item: Item) -> list[Line]:
    """Every line about the upload that `item` records, in order of time."""
    since = datetime.fromisoformat(item["uploaded_at"]) - BEFORE_UPLOAD
    names = {item["upload_id"], item["owner"], item.get("retry_owner", item["owner"])}
    return sorted(
        {
            line
            for function, group in deployment.log_groups.items()
            for name in names
            for line in _naming(deployment, function, group, name, since)
        }
    )


def fields_of(text: str) -> dict[str, Any] | None:
    """What a line of ours says of a file; None for every other line."""
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) and "status" in fields else None


def _naming(
    deployment: Deployment, function: str, group: str, name: str, since: datetime
) -> Iterator[Line]:
    pages = deployment.clients.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        filterPattern=f'"{name}"',
        startTime=int(since.timestamp() * 1000),
    )
    with told_plainly(f"search the log group {group}"):
        found = {(it["logStreamName"], it["timestamp"]) for page in pages for it in page["events"]}
    for stream, timestamp in sorted(found):
        with told_plainly(f"read the log group {group}"):
            events = deployment.clients.logs.get_log_events(
                logGroupName=group,
                logStreamName=stream,
                startTime=timestamp - LONGEST_SECONDS * 1000,
                endTime=timestamp + 1,
                limit=LINES_BEFORE,
                startFromHead=False,
            )["events"]
        yield from _about(name, _lines(function, stream, events))


def _lines(function: str, stream: str, events: Iterable[Any]) -> Iterator[Line]:
    last, number = None, 0
    for event in events:
        number = number + 1 if event["timestamp"] == last else 0
        last = event["timestamp"]
        yield Line(last, function, stream, number, event["message"].rstrip("\n"))


def _about(name: str, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines with the name, and those before each that name no other file."""
    unclaimed: list[Line] = []
    for line in lines:
        if name in line.text:
            yield from unclaimed
            yield line
            unclaimed = []
        elif fields_of(line.text) or line.text.startswith("END RequestId"):
            unclaimed = []
        else:
            unclaimed.append(line)
