"""The operators: they try files again that wait for somebody, or throw them away."""

from collections.abc import Callable
from functools import partial
from typing import Any

from handler.aws.records import plain_item, typed_item
from handler.model.item import iso

from .aws_lambda import Payload
from .buckets import Bucket
from .changes import is_being_retried, retries
from .coverage import Coverage
from .dynamodb import DynamoDB
from .fact import Fact, PlainItem
from .histories import History, OperatorAct, Order
from .story import Story
from .timeline import Timeline
from .watch import Watch

DELETED_AFTER_SECONDS = 0.05
"""How long after it is recorded a discarded file is deleted."""


class Operators:
    """They see the table and speak to the processor, as the command `scalper` does."""

    def __init__(
        self,
        history: History,
        timeline: Timeline,
        story: Story,
        coverage: Coverage,
        *,
        buckets: tuple[Bucket, Bucket],
        table: DynamoDB,
        watch: Watch,
        invoke: Callable[[Payload], str],
    ) -> None:
        self._history = history
        self._timeline = timeline
        self._story = story
        self._coverage = coverage
        self._input, self._quarantine = buckets
        self._table = table
        self._watch = watch
        self._invoke = invoke

    def begin(self) -> None:
        for act in self._history.operator_acts:
            self._timeline.after(act.at, partial(self._do, act))

    def retry_all(self) -> None:
        """Whatever waits for somebody and is not being tried right now."""
        for fact in self._watch.facts:
            item = self._waiting(fact)
            if item is not None and not is_being_retried(item):
                self._retry(fact, retries(item))

    def _do(self, act: OperatorAct) -> None:
        if act.upload >= len(self._watch.facts):
            return
        fact = self._watch.facts[act.upload]
        item = self._waiting(fact)
        if item is None or (is_being_retried(item) and act.order is not Order.RETRY_REGARDLESS):
            return
        self._coverage.world[f"an operator {act.order}"] += 1
        match act.order:
            case Order.DISCARD:
                # Where S3 refuses to delete, the command ends in that error.
                if not (self._input.keeps or self._quarantine.keeps):
                    self._discard(fact, item)
            case Order.RETRY_AS_BEFORE:
                self._retry(fact, max(0, retries(item) - 1))
            case Order.RETRY_TOGETHER:
                self._retry(fact, retries(item))
                self._retry(fact, retries(item))
            case _:
                self._retry(fact, retries(item))

    def _waiting(self, fact: Fact) -> PlainItem | None:
        item = self._table.items.get((fact.event.key, fact.event.upload_id))
        plain = plain_item(item) if item else {}
        return plain if plain.get("status") in ("QUARANTINED", "HELD") else None

    def _retry(self, fact: Fact, number: int) -> None:
        named = {"object_key": fact.event.key, "upload_id": fact.event.upload_id}
        request = self._invoke({"Retry": {**named, "retries": number}})
        self._story.tell("Operator", f"asks for retry {number} of {fact}: {request}")

    def _discard(self, fact: Fact, item: PlainItem) -> None:
        """Recorded first, so that nobody processes what is about to go."""
        self._story.tell("Operator", f"discards {fact}")
        past = {name: item[name] for name in ("attempt", "status", "reason_code", "reason")}
        gone: dict[str, Any] = {
            "status": "GONE",
            "reason_code": "DISCARDED",
            "reason": "Discarded by an operator.",
            "processed_at": iso(self._timeline.datetime_now()),
            "history": [*item.get("history", []), {**past, "at": item["processed_at"]}],
        }
        dropped = ("attention_shard", "attention_at", "event", "retry_at", "parked")
        values = {f":{name}": value for name, value in gone.items()}
        self._table.update_item(
            {
                "Key": typed_item({name: item[name] for name in ("object_key", "upload_id")}),
                "UpdateExpression": "SET "
                + ", ".join(f"#{name} = :{name}" for name in gone)
                + " REMOVE "
                + ", ".join(dropped),
                "ExpressionAttributeNames": {f"#{name}": name for name in gone},
                "ExpressionAttributeValues": typed_item(values),
            }
        )
        self._timeline.after(DELETED_AFTER_SECONDS, partial(self._delete, item))

    def _delete(self, item: PlainItem) -> None:
        # Who set it aside may have died before the input version was deleted.
        places = ((self._quarantine, "location_version_id"), (self._input, "version_id"))
        for bucket, name in places:
            version = bucket.find(item["object_key"], item.get(name, ""))
            if version is not None:
                bucket.remove(version)
