"""What an operator does to files: each once, whoever else does it at the same time.

A retry is claimed with a number that only one can count up, a discarded file with a condition on
its record. So a command that was stopped half-way is typed again, and two operators do no harm.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from handler.aws.alerts import Alerts
from handler.aws.email_budget import EmailBudget
from handler.aws.records import plain_item, typed_item
from handler.model.errors import Code
from handler.model.item import Item, Status, history_with, iso
from handler.model.retry_event import Retry

from ..read.deployment import Deployment
from ..read.errors import OperateError, told_plainly
from ..read.files import WAITING, is_abandoned
from ..read.stopped import concurrency
from ..read.story import being_retried, is_discarded, is_half_discarded, place


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file in a command."""

    key: str
    upload_id: str
    ok: bool
    """False when somebody has to look at it."""
    words: str

    @classmethod
    def to(cls, item: Item, words: str, *, ok: bool = True) -> "Done":
        return cls(item["object_key"], item["upload_id"], ok, words)


T = TypeVar("T")
Act = Callable[[Item], Done]


def each(items: Iterable[T], act: Callable[[T], Done], wait: Callable[[], None]) -> Iterator[Done]:
    """Do it to one after the other, `wait` before each."""
    for item in items:
        wait()
        yield act(item)


def retrying(deployment: Deployment, *, dry_run: bool) -> Act:
    """Ask the processor to try a file again. It is claimed there, not here."""
    if not dry_run:
        refuse_while_paused(deployment)

    def act(item: Item) -> Done:
        if item["status"] not in WAITING:
            return Done.to(item, f"is {item['status']}: nothing to try again")
        if (since := _at_work_since(item)) is not None:
            return Done.to(item, f"is being tried again since {since}: wait for it", ok=False)
        retry = Retry.next_of(item)
        if dry_run:
            return Done.to(
                item, f"would be tried again, for the {_ordinal(retry.retries + 1)} time"
            )
        invoke(deployment, retry.event)
        return Done.to(item, f"is tried again, for the {_ordinal(retry.retries + 1)} time")

    return act


def discarding(deployment: Deployment, *, dry_run: bool) -> Act:
    """Record that a file was thrown away and by whom, then delete it, then tell the topic.

    Recorded first: nobody can process any more what is about to go. It counts as waiting until all
    is done, so that the same command finds what it left half-way.
    """
    with told_plainly("tell who you are"):
        who = deployment.clients.sts.get_caller_identity()["Arn"]
    # Machines are told of every fate; who types this needs no e-mail.
    quiet = replace(deployment.settings, email_on="none")
    budget = EmailBudget(deployment.clients.dynamodb, quiet)
    alerts = Alerts(deployment.clients.sns, quiet, budget)

    def finish(gone: Item) -> None:
        _delete(deployment, gone)
        with told_plainly("tell the alerts' topic"):
            alerts.publish(gone)
        _no_longer_waits(deployment, gone)

    def act(item: Item) -> Done:
        if is_discarded(item):
            if is_half_discarded(item) and not dry_run:
                finish(item)
            return Done.to(item, "was discarded before")
        if item["status"] not in WAITING:
            ok = item["status"] == Status.GONE
            return Done.to(item, f"is {item['status']}, and stays as it is", ok=ok)
        if (since := _at_work_since(item)) is not None:
            return Done.to(item, f"is being tried again since {since}: wait for it", ok=False)
        if dry_run:
            return Done.to(item, f"would be discarded: {place(item)}")
        gone = _record_discarded(deployment, item, who)
        if gone is None:
            return Done.to(item, "has changed meanwhile: look at it again", ok=False)
        finish(gone)
        return Done.to(item, "is discarded")

    return act


def invoke(deployment: Deployment, event: dict[str, Any]) -> None:
    """Hand an event to the processor as S3 would: Lambda has it then, and retries it."""
    name = deployment.outputs.processor_function
    with told_plainly(f"call the function {name}"):
        deployment.clients.lambda_.invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
        )


def refuse_while_paused(deployment: Deployment) -> None:
    """Whatever is sent now would only come back as held."""
    if concurrency(deployment) == 0:
        raise OperateError(
            "The processor is stopped, so nothing can be tried. Start it: scalper resume"
        )


def _record_discarded(deployment: Deployment, item: Item, who: str) -> Item | None:
    """The record as it is then; None when it is no longer what `item` says."""
    now, settings = datetime.now(UTC), deployment.settings
    values: Item = {
        "status": str(Status.GONE),
        "reason_code": str(Code.DISCARDED),
        "reason": f"Discarded by {who}.",
        "processed_at": iso(now),
        "history": history_with(item),
    }
    if settings.record_retention_days is not None:
        expiry = now + timedelta(days=settings.record_retention_days)
        values["expires_at"] = int(expiry.timestamp())
    removed = ("event", "retry_at", "parked")
    names = {f"#{name}": name for name in (*values, *removed, "owner", "attempt")}
    try:
        answer = deployment.clients.dynamodb.update_item(
            TableName=settings.table,
            Key=_key(item),
            UpdateExpression=(
                f"SET {', '.join(f'#{name} = :{name}' for name in values)} "
                f"REMOVE {', '.join(f'#{name}' for name in removed)}"
            ),
            # A retry that claims it counts the attempt; whoever concludes one is its owner.
            ConditionExpression="#status = :was AND #owner = :owner AND #attempt = :attempt",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=typed_item(
                {f":{name}": value for name, value in values.items()}
                | {
                    ":was": item["status"],
                    ":owner": item["owner"],
                    ":attempt": item["attempt"],
                }
            ),
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return None
        with told_plainly(f"change the table {settings.table}"):
            raise
    return plain_item(answer["Attributes"])


def _delete(deployment: Deployment, item: Item) -> None:
    """Exactly the versions that the record named; a newer upload of the key stays.

    Who set the file aside may have died before it was deleted from the input bucket.
    """
    settings = deployment.settings
    places = {
        settings.quarantine_bucket: item.get("location_version_id"),
        settings.input_bucket: item.get("version_id"),
    }
    for bucket, version_id in places.items():
        if version_id is None:
            continue
        with told_plainly(f"delete a file from the bucket {bucket}"):
            deployment.clients.s3.delete_object(
                Bucket=bucket, Key=item["object_key"], VersionId=version_id
            )


def _no_longer_waits(deployment: Deployment, item: Item) -> None:
    """Take a record out of the index."""
    table = deployment.settings.table
    with (
        told_plainly(f"change the table {table}"),
        suppress(deployment.clients.dynamodb.exceptions.ConditionalCheckFailedException),
    ):
        deployment.clients.dynamodb.update_item(
            TableName=table,
            Key=_key(item),
            UpdateExpression="REMOVE attention_shard, attention_at, undeleted",
            # Who else finished it may have seen the record expire: it must not come back.
            ConditionExpression="attribute_exists(object_key)",
        )


def _key(item: Item) -> dict[str, Any]:
    return typed_item({name: item[name] for name in ("object_key", "upload_id")})


def _at_work_since(item: Item) -> str | None:
    """Since when a retry that has not died holds the file."""
    since = being_retried(item)
    return None if since is None or is_abandoned(since, datetime.now(UTC)) else since


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
