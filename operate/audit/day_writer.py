"""What the daily check writes of what it has counted: an item a day, and one about the count."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from handler.aws.records import typed_item

from ..read.day import Day, UnreadableDay
from ..read.day_book import DayBook
from ..read.day_items import FIGURES_KEY, KEPT_DAYS, LAST_COUNT, LastCount, Stored, count_item
from ..read.deployment import Deployment
from ..read.errors import told_plainly
from ..read.facts import day_start


@dataclass
class Written:
    """What became of the days."""

    written: int = 0
    unchanged: int = 0
    kept: int = 0
    """Days whose records have begun to expire: what was counted before stands."""
    too_old: int = 0
    unreadable: int = 0
    """Days that somebody had garbled, or a newer version written, and that were counted anew."""
    elsewhere: int = 0
    """Days that another check wrote meanwhile."""


def write(deployment: Deployment, book: DayBook) -> Written:
    """Write each day that has changed, then that all were counted."""
    done, now = Written(), book.started
    oldest = f"{now - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    retention_days = deployment.settings.record_retention_days
    for day in book.days():
        before = book.stored.get(day.date)
        old = None if before is None else _readable(before)
        done.unreadable += before is not None and old is None
        if old is None:
            day.is_incomplete = _began_to_expire(day, retention_days, now)
        else:
            day.is_incomplete = old.is_incomplete
            day.first_expiry = _earliest(day.first_expiry, old.first_expiry)
        if day.date < oldest:
            done.too_old += 1
        elif old is not None and not _replaces(day, old, now):
            done.kept += 1
        elif before is not None and before.figures == day.pack():
            done.unchanged += 1
        elif _put(deployment, day.date, before, figures=day.pack(), expires_at=_expiry(day.date)):
            done.written += 1
        else:
            done.elsewhere += 1
    count = LastCount(now, book.counted, book.undated)
    _put(deployment, LAST_COUNT, book.stored.get(LAST_COUNT), **count_item(count))
    return done


def _readable(before: Stored) -> Day | None:
    try:
        return before.day
    except UnreadableDay:
        return None


def _replaces(day: Day, old: Day, now: datetime) -> bool:
    """Whether a day may be replaced by what was counted now: never once records are missing."""
    if day.files < old.files:
        return False
    return old.first_expiry is None or old.first_expiry > now.timestamp()


def _began_to_expire(day: Day, retention_days: int | None, now: datetime) -> bool:
    if retention_days is None:
        return False
    return day_start(day.date) + timedelta(days=retention_days) <= now


def _earliest(one: int | None, other: int | None) -> int | None:
    return min((it for it in (one, other) if it is not None), default=None)


def _expiry(date: str) -> int:
    return int((day_start(date) + timedelta(days=KEPT_DAYS)).timestamp())


def _put(deployment: Deployment, name: str, before: Stored | None, **values: Any) -> bool:
    """False where another check wrote it since the table was read: it has counted the same."""
    seen = None if before is None else before.revision
    revision = seen + 1 if isinstance(seen, int) else 1
    packed = values.pop("figures", None)
    item = typed_item(
        {"object_key": FIGURES_KEY, "upload_id": name, "revision": revision, **values}
    )
    if packed is not None:
        item["figures"] = {"B": packed}
    request: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
    if seen is not None:
        request["ConditionExpression"] += " OR revision = :seen"
        request["ExpressionAttributeValues"] = typed_item({":seen": seen})
    table = deployment.outputs.metadata_table
    with told_plainly(f"write the day's figures to the table {table}"):
        try:
            deployment.clients.dynamodb.put_item(TableName=table, Item=item, **request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                return False
            raise
    return True
