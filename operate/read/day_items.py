"""The items of the table that hold the days' figures: one a day, and one about the last count.

Their partition key is longer than any key that S3 takes, so that no file can have it, and their
sort keys are no upload ids. The daily check writes them (`operate/audit/day_writer.py`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from handler.aws.records import plain_item, typed_item
from handler.model.item import Item, iso

from .day import Day, UnreadableDay
from .deployment import Deployment
from .errors import told_plainly
from .facts import day_start, moment

FIGURES_KEY = "scalper:figures, no file: a key of S3 has at most 1024 bytes ".ljust(1025, ".")
"""The daily check's role may write items of this key and no other: components/daily_check.py."""
LAST_COUNT = "last-count"
"""Sorts after every day."""
KEPT_DAYS = 400
"""Thirteen months, so that a month can be held against the same one a year before."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A day as the table has it."""

    date: str
    figures: object
    """Packed; whatever is there."""
    revision: Any
    """How often it was written; whatever is there. None where it says nothing."""

    @property
    def day(self) -> Day:
        """Raises an `UnreadableDay`."""
        return Day.unpack(self.date, self.figures)


@dataclass(frozen=True, slots=True)
class LastCount:
    """When all records were last counted, and how many there were."""

    at: datetime
    """When the reading of the table began."""
    records: int
    undated: int
    """Records that could not be counted, because they do not say when the file was uploaded."""


def is_day(item: Item) -> bool:
    """Whether an item, as plain values, is a day's figures."""
    if item["object_key"] != FIGURES_KEY:
        return False
    try:
        day_start(item["upload_id"])
    except ValueError:
        return False
    return True


def stored(item: Item) -> Stored:
    """From such an item."""
    return Stored(item["upload_id"], item.get("figures"), item.get("revision"))


def last_count(item: Item) -> LastCount | None:
    """None where the item is garbled: then nobody knows how fresh the figures are."""
    counted_at, records, undated = (item.get(it) for it in ("counted_at", "records", "undated"))
    at = moment(counted_at)
    if at is None or not isinstance(records, int) or not isinstance(undated, int):
        return None
    return LastCount(at, records, undated)


@dataclass
class Read:
    """What the table has of the figures."""

    days: list[Day] = field(default_factory=list)
    counted: LastCount | None = None
    unreadable: list[str] = field(default_factory=list)
    """Dates of garbled items."""
    ahead: list[str] = field(default_factory=list)
    """Days that are yet to come: a record tells a time that has not been."""


def read(deployment: Deployment, first: str, last: str) -> Read:
    """The days from `first` to `last`, and the last count: one query, whatever the table holds."""
    table = deployment.outputs.metadata_table
    pages = deployment.clients.dynamodb.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="object_key = :key AND upload_id BETWEEN :first AND :last",
        ExpressionAttributeValues=typed_item(
            {":key": FIGURES_KEY, ":first": first, ":last": LAST_COUNT}
        ),
    )
    found = Read()
    with told_plainly(f"read the figures in the table {table}"):
        for page in pages:
            for item in map(plain_item, page["Items"]):
                date = item["upload_id"]
                if date == LAST_COUNT:
                    found.counted = last_count(item)
                elif is_day(item) and date > last:
                    found.ahead.append(date)
                elif is_day(item):
                    try:
                        found.days.append(stored(item).day)
                    except UnreadableDay:
                        found.unreadable.append(date)
    return found


def count_item(count: LastCount) -> Item:
    """What `last_count` reads, without its keys."""
    return {
        "counted_at": iso(count.at),
        "records": count.records,
        "undated": count.undated,
    }
