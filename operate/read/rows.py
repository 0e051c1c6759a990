"""A record of the table as a row of typed columns, for files that other programs read.

What a record of an older version lacks, or somebody altered into something else, is empty. What
this version has no column for is in `more`, so that nothing is lost.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from handler.aws.records import plain_item, typed_item
from handler.model.item import Item, iso

from .deployment import Deployment
from .errors import told_plainly
from .facts import Fact, moment
from .sources import is_upload

Kind = Literal["text", "whole", "time", "json"]
"""`time` is UTC with milliseconds; `json` is whatever `process` returned, and lists."""

COLUMNS: dict[str, Kind] = {
    "object_key": "text",
    "upload_id": "text",
    "status": "text",
    "reason_code": "text",
    "reason": "text",
    "file_name": "text",
    "file_type": "text",
    "size_bytes": "whole",
    "uploaded_at": "time",
    "processed_at": "time",
    "duration_ms": "whole",
    "wait_ms": "whole",
    "attempt": "whole",
    "retries": "whole",
    "retry_at": "time",
    "sender": "text",
    "bucket": "text",
    "version_id": "text",
    "etag": "text",
    "location": "text",
    "location_version_id": "text",
    "expires_at": "time",
    "result": "json",
    "history": "json",
    "more": "json",
}
"""`wait_ms` is from upload to fate, of PROCESSED and QUARANTINED files, as in `scalper figures`."""

Row = tuple[Any, ...]
"""In the order of `COLUMNS`. A time is a text of ISO 8601 that ends in Z; None is empty."""


def row(item: Item) -> tuple[str | None, Row]:
    """From an item as plain values: the day of its upload in UTC, and the row; raises nothing.

    The day is None where the record cannot be dated.
    """
    fact = Fact.of(item)
    values: dict[str, Any] = {**item, "wait_ms": fact.wait_ms if fact else None}
    values["more"] = {name: it for name, it in item.items() if name not in COLUMNS} or None
    found = tuple(_READERS[kind](values.get(name)) for name, kind in COLUMNS.items())
    return (fact.day if fact else None), found


def pages(
    deployment: Deployment, since: datetime | None, start: Mapping[str, Any] | None
) -> Iterator[tuple[list[Item], Mapping[str, Any] | None]]:
    """The records uploaded since then, a page at a time, each with the key to go on from.

    `start` is such a key, or None to begin. The whole table is read, whatever `since` says.
    """
    table = deployment.outputs.metadata_table
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    if since is not None:
        request["FilterExpression"] = "uploaded_at >= :since"
        request["ExpressionAttributeValues"] = typed_item({":since": iso(since)})
    while True:
        if start:
            request["ExclusiveStartKey"] = start
        with told_plainly(f"read the table {table}"):
            answer = deployment.clients.dynamodb.scan(**request)
        start = answer.get("LastEvaluatedKey")
        yield [plain_item(item) for item in answer["Items"] if is_upload(item)], start
        if not start:
            return


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**63) <= value < 2**63 else None


def _time(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        # `expires_at`, as DynamoDB wants it.
        try:
            return iso(datetime.fromtimestamp(value, UTC))
        except (ValueError, OverflowError, OSError):
            return None
    found = moment(value)
    return iso(found) if found else None


def _json(value: object) -> object:
    return value


_READERS = {"text": _text, "whole": _whole, "time": _time, "json": _json}
