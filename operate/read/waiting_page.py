"""The files that wait, a page at a time and counted by reason, within a bound of what is read.

The index has 32 streams: a shard and a status each. A page asks all of them at once, for little,
and goes on only with those that may still hold something newer than what it has.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handler.aws.records import ATTENTION_SHARDS, plain_item
from handler.model.item import Status

from .deployment import Deployment
from .errors import OperateError, told_plainly
from .files import Selection, Waiting, asked_of_index
from .status import Group

PAGE = 50
"""Files a page."""
FIRST_LOOK = 8
"""Items that each stream is asked for at first: fifty files are spread over 32 streams."""
FILTERED_LOOK = 200
"""The same where a filter passes over most of them."""
MOST_CALLS = 160
"""Queries a page at most. A filter that little matches then gets what was found, and goes on."""
GROUPED = 500
"""Items of each stream that are counted by reason: 16,000 files together, then "more than"."""
AT_ONCE = 16
"""Queries at once. In Lambda each further connection has to parse the roots again."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends, so that the next begins after it: no file twice, and none left out."""

    since: str
    key: str | None = None
    """None: before every file of that moment."""
    upload_id: str = ""

    @classmethod
    def read(cls, text: str) -> "Position":
        """Raise an `OperateError` for what no page has given."""
        try:
            since, key, upload_id = json.loads(text)
            datetime.fromisoformat(since)
            if not (isinstance(key, str | None) and isinstance(upload_id, str)):
                raise TypeError
        except (TypeError, ValueError, RecursionError):
            raise OperateError(
                "The page begins nowhere that is known. Begin with the first page."
            ) from None
        return cls(since, key, upload_id)

    def __str__(self) -> str:
        return json.dumps([self.since, self.key, self.upload_id])

    def is_before(self, file: Waiting) -> bool:
        """Whether the file belongs to what comes after this, the newest first."""
        if self.key is None:
            return file.since <= self.since
        return _place(file) < (self.since, self.key, self.upload_id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the files that wait, the newest first."""

    files: list[Waiting]
    after: Position | None
    """Where the next page begins; None when this is the last."""
    complete: bool
    """False when the bound was reached before the page was full: there may be more in it."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Everything that waits, by status and reason."""

    groups: list[Group]
    more: bool
    """True when there is more than was counted."""


@dataclass(slots=True)
class _Stream:
    """A shard and a status, the newest first."""

    shard: str
    status: Status
    found: list[Waiting] = field(default_factory=list)
    known_to: str | None = "~"
    """All that is newer has been found; a tilde sorts after every time. None: it has ended."""
    start: Any = None


def page_of(
    deployment: Deployment,
    selection: Selection,
    *,
    after: Position | None = None,
    size: int = PAGE,
    at_once: int = AT_ONCE,
    most_calls: int = MOST_CALLS,
) -> Page:
    """The `size` newest files of `selection` after that position."""
    chosen = _until(selection, after)
    limit = FILTERED_LOOK if selection.passes_over else FIRST_LOOK
    streams = _streams(selection)
    calls = 0
    with ThreadPoolExecutor(at_once) as pool:
        while True:
            asked = _worth_asking(streams, after, size)
            if not asked or calls + len(asked) > most_calls:
                break
            calls += len(asked)
            _ask(pool, deployment, chosen, asked, limit)
            limit = min(limit * 4, 1000)
    known_to = _known_to(streams)
    found = _found(streams, after, known_to)
    if len(found) > size:
        last = found[size - 1]
        return Page(found[:size], Position(last.since, last.key, last.upload_id), True)
    if known_to is None:
        return Page(found, None, True)
    return Page(found, Position(known_to), False)


def groups_within(
    deployment: Deployment, now: datetime, *, most: int = GROUPED, at_once: int = AT_ONCE
) -> Groups:
    """By status and reason; of each stream at most `most` files are read, the oldest."""

    def read(stream: _Stream) -> tuple[list[Waiting], bool]:
        request = asked_of_index(deployment, Selection(), stream.shard, stream.status)
        with told_plainly(f"ask the table {deployment.outputs.metadata_table} what waits"):
            answer = deployment.clients.dynamodb.query(**request, Limit=most)
        files = [Waiting.of(plain_item(item)) for item in answer["Items"]]
        return files, "LastEvaluatedKey" in answer

    groups: dict[tuple[Status, str], Group] = {}
    more = False
    with ThreadPoolExecutor(at_once) as pool:
        for files, goes_on in pool.map(read, _streams(Selection())):
            more = more or goes_on
            for file in files:
                kind = (file.status, file.reason_code)
                groups.setdefault(kind, Group(*kind)).add(file, now)
    return Groups(
        sorted(groups.values(), key=lambda it: (it.status, -it.files, it.reason_code)), more
    )


def _until(selection: Selection, after: Position | None) -> Selection:
    if after is None:
        return selection
    last = datetime.fromisoformat(after.since)
    return replace(selection, until=min(last, selection.until or last))


def _streams(selection: Selection) -> list[_Stream]:
    return [
        _Stream(f"{shard:02d}", status)
        for shard in range(ATTENTION_SHARDS)
        for status in selection.statuses
    ]


def _place(file: Waiting) -> tuple[str, str, str]:
    return file.since, file.key, file.upload_id


def _known_to(streams: Iterable[_Stream]) -> str | None:
    """Since when all that is newer is known, of every stream; None when all have ended."""
    return max((it.known_to for it in streams if it.known_to is not None), default=None)


def _found(
    streams: Iterable[_Stream], after: Position | None, known_to: str | None
) -> list[Waiting]:
    """What is sure to be complete, the newest first: nothing unknown can come between."""
    files = [
        file
        for stream in streams
        for file in stream.found
        if (after is None or after.is_before(file)) and (known_to is None or file.since > known_to)
    ]
    return sorted(files, key=_place, reverse=True)


def _worth_asking(streams: Sequence[_Stream], after: Position | None, size: int) -> list[_Stream]:
    """Those that may hold something newer than the last file of the page."""
    candidates = sorted(
        (
            file.since
            for stream in streams
            for file in stream.found
            if after is None or after.is_before(file)
        ),
        reverse=True,
    )
    # One more than fits tells whether there is another page.
    enough = candidates[size] if len(candidates) > size else ""
    return [it for it in streams if it.known_to is not None and it.known_to >= enough]


def _ask(
    pool: Executor,
    deployment: Deployment,
    selection: Selection,
    streams: Sequence[_Stream],
    limit: int,
) -> None:
    def read(stream: _Stream) -> None:
        request = asked_of_index(deployment, selection, stream.shard, stream.status)
        if stream.start is not None:
            request["ExclusiveStartKey"] = stream.start
        with told_plainly(f"ask the table {deployment.outputs.metadata_table} what waits"):
            answer = deployment.clients.dynamodb.query(
                **request, ScanIndexForward=False, Limit=limit
            )
        files = [Waiting.of(plain_item(item)) for item in answer["Items"]]
        stream.found += [file for file in files if selection.takes(file)]
        stream.start = answer.get("LastEvaluatedKey")
        stream.known_to = (
            stream.start["attention_at"]["S"].partition("#")[2] if stream.start else None
        )

    for _ in pool.map(read, streams):
        pass
