"""The files of a deployment as its table tells of them: those that wait, and the story of each.

What waits is read from the sparse index, merged over its shards as a stream: in order of time, a
page of each shard in memory, however many there are.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from handler.aws.records import ATTENTION_SHARDS, plain_item, typed_item
from handler.model.errors import WORTH_RETRYING, Code
from handler.model.item import Item, Status, iso
from handler.model.retry_event import ABANDONED_SECONDS

from .deployment import Deployment
from .errors import told_plainly

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef

NEEDS_ATTENTION = "needs_attention"
PAGE = 250
"""Items of one shard in memory: there are 32 streams, and a million files must take 200 MB."""
BATCH = 100
"""What BatchGetItem takes at most."""
WAITING = (Status.HELD, Status.QUARANTINED)
OVERDUE_SECONDS = 2 * 60 * 60
"""A retry that has not begun so long after its time will not begin: its schedule is gone."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in the index: set aside or held."""

    key: str
    upload_id: str
    status: Status
    since: str
    """When it got this fate; ISO 8601 in UTC."""
    reason_code: str
    size_bytes: int
    retry_at: str | None
    """When it is tried again by itself; None when it never is."""
    claimed_at: str | None
    """When it was last tried again, or began to be."""
    sender: str | None = None
    """Who uploaded it, as its door has told."""

    @classmethod
    def of(cls, item: Item) -> "Waiting":
        """From an item of the index or of the table."""
        status, _, since = item["attention_at"].partition("#")
        return cls(
            item["object_key"],
            item["upload_id"],
            Status(status),
            since,
            item.get("reason_code", ""),
            item.get("size_bytes", 0),
            item.get("retry_at"),
            item.get("claimed_at"),
            item.get("sender"),
        )

    def is_tried_now(self, now: datetime) -> bool:
        """Whether a retry that claimed it is at work, and has not died."""
        if self.claimed_at is None or self.claimed_at <= self.since:
            return False
        return not is_abandoned(self.claimed_at, now)

    def needs(self, now: datetime) -> str:
        """Who has to do something: `nobody` yet, the `operator`, or its `sender`."""
        if self.is_tried_now(now):
            return "nobody"
        if self.retry_at is not None:
            late = now - datetime.fromisoformat(self.retry_at)
            return "nobody" if late.total_seconds() < OVERDUE_SECONDS else "operator"
        if self.status is Status.HELD or self.reason_code in WORTH_RETRYING:
            return "operator"
        return "sender"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the files that wait are meant; what is not named does not matter."""

    statuses: Sequence[Status] = WAITING
    reasons: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    prefix: str = ""
    glob: str | None = None
    """A shell pattern on the whole key; `*` also matches `/`."""
    sender: str | None = None
    """A shell pattern on the whole name of who uploaded it."""

    @property
    def is_asked_of_each(self) -> bool:
        """True where the table cannot tell, and every file has to be looked at."""
        return self.glob is not None or self.sender is not None

    @property
    def passes_over(self) -> bool:
        """Whether files are read only to be passed over."""
        patterns = self.glob is not None or self.sender is not None
        return bool(self.reasons or self.prefix or patterns)

    def takes(self, file: Waiting) -> bool:
        """What the index itself cannot tell."""
        named = self.glob is None or fnmatchcase(file.key, self.glob)
        return named and (self.sender is None or fnmatchcase(file.sender or "", self.sender))


def waiting(
    deployment: Deployment, selection: Selection, *, newest_first: bool = False
) -> Iterator[Waiting]:
    """The files that wait, in the order of time."""
    streams = [
        _stream(deployment, selection, f"{shard:02d}", status, newest_first)
        for shard in range(ATTENTION_SHARDS)
        for status in selection.statuses
    ]
    merged = heapq.merge(*streams, key=lambda file: file.since, reverse=newest_first)
    return (file for file in merged if selection.takes(file))


def count_waiting(deployment: Deployment, selection: Selection) -> int:
    """How many of the files that wait are meant; as cheap to ask as to list, but nothing comes."""
    if selection.is_asked_of_each:
        return sum(1 for _ in waiting(deployment, selection))
    count = 0
    for shard in range(ATTENTION_SHARDS):
        for status in selection.statuses:
            for page in _pages(deployment, selection, f"{shard:02d}", status, Select="COUNT"):
                count += page["Count"]
    return count


def uploads(deployment: Deployment, key: str) -> Iterator[Item]:
    """The records of every upload of `key`, the newest first."""
    table = deployment.outputs.metadata_table
    pages = deployment.clients.dynamodb.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        ScanIndexForward=False,
        KeyConditionExpression="object_key = :key",
        ExpressionAttributeValues=typed_item({":key": key}),
        PaginationConfig={"PageSize": PAGE},
    )
    with told_plainly(f"read the table {table}"):
        for page in pages:
            yield from map(plain_item, page["Items"])


def read(deployment: Deployment, files: Iterable[tuple[str, str]]) -> Iterator[Item]:
    """The records of those keys and upload ids as they are now; what has none is left out."""
    table = deployment.outputs.metadata_table
    remaining = iter(files)
    while group := list(islice(remaining, BATCH)):
        keys = [typed_item({"object_key": key, "upload_id": id}) for key, id in group]
        asked: Any = {table: {"Keys": keys, "ConsistentRead": True}}
        while asked:
            with told_plainly(f"read the table {table}"):
                answer = deployment.clients.dynamodb.batch_get_item(RequestItems=asked)
            yield from map(plain_item, answer["Responses"].get(table, []))
            # What did not fit into one answer.
            asked = answer.get("UnprocessedKeys")


def is_abandoned(claimed_at: str, now: datetime) -> bool:
    """Whether a retry that was claimed then must have died: its tries are over."""
    age = now - datetime.fromisoformat(claimed_at)
    return age.total_seconds() > ABANDONED_SECONDS


def _stream(
    deployment: Deployment,
    selection: Selection,
    shard: str,
    status: Status,
    newest_first: bool,
) -> Iterator[Waiting]:
    pages = _pages(
        deployment,
        selection,
        shard,
        status,
        ScanIndexForward=not newest_first,
        PaginationConfig={"PageSize": PAGE},
    )
    for page in pages:
        for item in page["Items"]:
            yield Waiting.of(plain_item(item))


def _pages(
    deployment: Deployment, selection: Selection, shard: str, status: Status, **more: Any
) -> Iterator[Any]:
    request = asked_of_index(deployment, selection, shard, status) | more
    paginator = deployment.clients.dynamodb.get_paginator("query")
    with told_plainly(f"ask the table {deployment.outputs.metadata_table} what waits"):
        yield from paginator.paginate(**cast("QueryInputPaginateTypeDef", request))


def asked_of_index(
    deployment: Deployment, selection: Selection, shard: str, status: Status
) -> dict[str, Any]:
    """A query of one shard for the files of one status, which it has in the order of time."""
    first = iso(selection.since) if selection.since else ""
    # A tilde sorts after every character of a time.
    last = iso(selection.until) if selection.until else "~"
    values: dict[str, Any] = {
        ":shard": shard,
        ":first": f"{status}#{first}",
        ":last": f"{status}#{last}",
    }
    filters = []
    if selection.reasons:
        # A discarded file lost its reason, and waits only when that was not finished.
        reasons = [*selection.reasons, Code.DISCARDED]
        names = [f":reason{at}" for at in range(len(reasons))]
        filters.append(f"reason_code IN ({', '.join(names)})")
        values |= dict(zip(names, map(str, reasons), strict=True))
    if selection.prefix:
        filters.append("begins_with(object_key, :prefix)")
        values[":prefix"] = selection.prefix
    return {
        "TableName": deployment.outputs.metadata_table,
        "IndexName": NEEDS_ATTENTION,
        "KeyConditionExpression": (
            "attention_shard = :shard AND attention_at BETWEEN :first AND :last"
        ),
        "ExpressionAttributeValues": typed_item(values),
        **({"FilterExpression": " AND ".join(filters)} if filters else {}),
    }
