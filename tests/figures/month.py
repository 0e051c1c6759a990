"""The made-up month in a table that answers from memory, counted as the daily check counts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from click.testing import CliRunner

from benchmarks.made_up_month import records
from handler.aws.records import typed_item
from operate import __main__ as command
from operate.audit.day_writer import write
from operate.commands import figuring, options
from operate.read import figures as reading
from operate.read import sources
from operate.read.day_book import day_book
from operate.read.deployment import Deployment

COUNTED = datetime(2026, 12, 1, 4, 12, 9, tzinfo=UTC)
ASKED = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
PAGE = 1_500


class Table:
    """What is asked of DynamoDB here, and nothing else."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], dict[str, Any]] = {}

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self._items[Item["object_key"]["S"], Item["upload_id"]["S"]] = Item

    def scan(self, **request: Any) -> dict[str, Any]:
        start = request.get("ExclusiveStartKey", {"at": 0})["at"]
        items = list(self._items.values())[start : start + PAGE]
        if "FilterExpression" in request:
            assert request["FilterExpression"] == "uploaded_at >= :since"
            since = request["ExpressionAttributeValues"][":since"]["S"]
            items = [it for it in items if it.get("uploaded_at", {"S": ""})["S"] >= since]
        more = start + PAGE < len(self._items)
        return {"Items": items, **({"LastEvaluatedKey": {"at": start + PAGE}} if more else {})}

    def get_paginator(self, call: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, f"_{call}"))

    def _scan(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Items": list(self._items.values())}

    def _query(self, *, ExpressionAttributeValues: Any, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        key, first, last = (
            ExpressionAttributeValues[name]["S"] for name in (":key", ":first", ":last")
        )
        found = [
            it for (of, name), it in self._items.items() if of == key and first <= name <= last
        ]
        yield {"Items": sorted(found, key=lambda it: str(it["upload_id"]["S"]))}


@cache
def deployment() -> Deployment:
    """A pipeline whose daily check has just been."""
    table = Table()
    for record in records():
        table.put_item(Item=typed_item(record))
    logs = SimpleNamespace(filter_log_events=lambda **_: {"events": []})
    found = cast(
        Deployment,
        SimpleNamespace(
            clients=SimpleNamespace(dynamodb=table, logs=logs),
            outputs=SimpleNamespace(metadata_table="intake-FileMetadata"),
            settings=SimpleNamespace(record_retention_days=None),
            log_groups={"processor": "processor", "rescuer": "rescuer"},
        ),
    )
    with day_book() as book:
        book.started = COUNTED
        for _ in sources.records(found, also=book.add, aside=book.look_at):
            pass
        write(found, book)
    return found


@contextmanager
def typing() -> Iterator[Any]:
    """The command, as it is typed a few hours later."""

    def asked(found: Deployment, days: int, **more: Any) -> reading.Figures:
        return reading.figures(found, days, now=ASKED, **more)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(command.scalper, list(words))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    with (
        patch.object(options, "read_outputs", lambda path, stack: None),
        patch.object(Deployment, "of", lambda outputs: deployment()),
        patch.object(figuring, "figures", asked),
    ):
        yield invoke
