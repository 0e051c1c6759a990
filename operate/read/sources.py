"""What there is, read as streams: versions, records, kept events, subscriptions."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError

from handler.aws.copies import UPLOAD_ID
from handler.aws.records import plain_item
from handler.doors.arrivals import uploads_in
from handler.model.errors import Fault
from handler.model.event import Upload, is_retry
from handler.model.item import Item
from handler.model.retry_event import Retry

from .deployment import Deployment
from .errors import told_plainly

NO_VERSION = "null"
"""S3's word for the version of an object that was put while versioning was off."""

_RECORD_FIELDS = (
    "object_key",
    "upload_id",
    "version_id",
    "status",
    "size_bytes",
    "etag",
    "location",
    "location_version_id",
    "uploaded_at",
    "processed_at",
    "restored_from",
    "retry_at",
    "owner",
    "retry_owner",
    "claimed_at",
    "undeleted",
    # Of the figures.
    "file_type",
    "duration_ms",
    "reason_code",
    "attempt",
    "sender",
    "expires_at",
    # Of the days' figures, which lie in the same table.
    "figures",
    "revision",
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object in a bucket."""

    key: str
    version_id: str
    size_bytes: int
    etag: str
    modified: float
    """Epoch seconds. For an upload in parts, when it was begun."""
    is_latest: bool = True
    """False when another version or a deletion of the key came later."""


@dataclass(frozen=True, slots=True)
class Record:
    """One item of the table; what an item lacks is None."""

    key: str
    upload_id: str
    version_id: str
    status: str | None
    size_bytes: int | None
    etag: str | None
    location: str | None
    location_version_id: str | None
    processed: float | None
    """Epoch seconds."""
    is_restored: bool = False
    """True when a retry brought the file back from quarantine, as a copy."""
    retry_due: float | None = None
    """Epoch seconds; when it is to be tried again by itself."""
    retried_since: float | None = None
    """Epoch seconds; since when a retry of it has been at work, if one is."""
    undeleted: tuple[tuple[str, str], ...] = ()
    """Of each version that S3 refused to delete: its id, and where it is and why."""
    sender: str | None = None
    """Who put it there, as its event said: of what Lambda puts there it ends in `:FUNCTION`."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An upload named by a message in the queue of kept events."""

    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """An e-mail address that is, or should be, told."""

    address: str
    state: str
    """`confirmed`, `unconfirmed` or `suspended`."""


def versions(deployment: Deployment, bucket: str, prefix: str = "") -> Iterator[Version]:
    """Every version in `bucket`; delete markers are no objects."""
    pages = deployment.clients.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix
    )
    with told_plainly(f"list the versions in the bucket {bucket}"):
        for page in pages:
            for it in page.get("Versions", []):
                yield Version(
                    it["Key"],
                    it["VersionId"],
                    it["Size"],
                    it["ETag"].strip('"'),
                    it["LastModified"].timestamp(),
                    it["IsLatest"],
                )


def versions_of(deployment: Deployment, bucket: str, key: str) -> Iterator[Version]:
    """Those of exactly `key` in `bucket`, the newest first."""
    # Of all keys that begin with it, it is listed first.
    found = versions(deployment, bucket, key)
    return takewhile(lambda version: version.key == key, found)


def as_upload(version: Version) -> Upload:
    """As the processor's own rules take it."""
    return Upload(
        bucket="",
        key=version.key,
        version_id=version.version_id,
        etag=version.etag,
        size_bytes=version.size_bytes,
        upload_id="",
        uploaded_at=datetime.fromtimestamp(version.modified, UTC),
        record={},
    )


def records(
    deployment: Deployment,
    *,
    also: Callable[[Item], None] = lambda item: None,
    aside: Callable[[Item], None] = lambda item: None,
) -> Iterator[Record]:
    """Every record of an upload, in no order.

    What the table holds beside records, the e-mail budget and the days' figures, is left out, and
    given to `aside`; `also` is given each record as plain values.
    """
    table = deployment.outputs.metadata_table
    # `status` and `location` are reserved words.
    names = {f"#{name}": name for name in _RECORD_FIELDS}
    pages = deployment.clients.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        ProjectionExpression=", ".join(names),
        ExpressionAttributeNames=names,
    )
    with told_plainly(f"read the table {table}"):
        for page in pages:
            for item in page["Items"]:
                if is_upload(item):
                    plain = plain_item(item)
                    also(plain)
                    yield _record(plain)
                else:
                    aside(plain_item(item))


def statuses(deployment: Deployment) -> Iterator[str]:
    """The status of every record."""
    table = deployment.outputs.metadata_table
    pages = deployment.clients.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression="#status",
        FilterExpression="attribute_exists(#status)",
        ExpressionAttributeNames={"#status": "status"},
    )
    with told_plainly(f"read the table {table}"):
        for page in pages:
            for item in page["Items"]:
                yield item["status"]["S"]


def table_created(deployment: Deployment) -> float:
    """Epoch seconds."""
    table = deployment.outputs.metadata_table
    with told_plainly(f"look at the table {table}"):
        description = deployment.clients.dynamodb.describe_table(TableName=table)["Table"]
    return description["CreationDateTime"].timestamp()


def upload_id_of(deployment: Deployment, bucket: str, key: str, version_id: str) -> str | None:
    """Which upload a copy in quarantine says that it is; None when it does not say."""
    with told_plainly(f"look at a copy in the bucket {bucket}"):
        try:
            head = deployment.clients.s3.head_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                return None
            raise
    return head["Metadata"].get(UPLOAD_ID)


def retention_days(deployment: Deployment, bucket: str) -> int | None:
    """After how many days S3 may remove what is in `bucket`; None when it never does."""
    with told_plainly(f"read the lifecycle of the bucket {bucket}"):
        try:
            answer = deployment.clients.s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchLifecycleConfiguration":
                return None
            raise
    days = [
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in answer.get("Rules", [])
        if rule["Status"] == "Enabled"
        and "NoncurrentDays" in rule.get("NoncurrentVersionExpiration", {})
    ]
    return min(days, default=None)


def email_subscriptions(deployment: Deployment) -> Iterator[Subscription]:
    """Every e-mail subscription of the topic, and whether it is told."""
    sns, topic = deployment.clients.sns, deployment.outputs.alerts_topic_arn
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    with told_plainly("list who is subscribed to the alerts"):
        for page in pages:
            for it in page["Subscriptions"]:
                if it["Protocol"] not in ("email", "email-json"):
                    continue
                state, arn = "confirmed", it["SubscriptionArn"]
                if not arn.startswith("arn:"):
                    # "PendingConfirmation", or "Deleted" for three days after it was.
                    state = "unconfirmed" if arn == "PendingConfirmation" else "deleted"
                elif _is_pending(sns.get_subscription_attributes(SubscriptionArn=arn)):
                    # It was confirmed once, or it would have no ARN.
                    state = "suspended"
                if state != "deleted":
                    yield Subscription(it["Endpoint"], state)


def events_in(body: str, bucket: str) -> list[KeptEvent] | None:
    """The uploads that a kept message is about; None when it is no event of `bucket`.

    A retry names no version; its upload has a record, so that it is about none that lacks one.
    """
    payload = _kept_in(body)
    if is_retry(payload):
        return []
    with suppress(Fault):
        uploads = uploads_in(payload, bucket)
        return [KeptEvent(it.key, it.version_id or NO_VERSION) for it in uploads]
    return None


def keys_in(body: str, bucket: str) -> list[str] | None:
    """The files that a kept message is about; None when it is no event of `bucket`."""
    payload = _kept_in(body)
    if is_retry(payload):
        with suppress(Fault):
            return [Retry.asked_by(payload).object_key]
        return None
    events = events_in(body, bucket)
    return None if events is None else [event.key for event in events]


def undelivered(body: str) -> dict[str, Any] | None:
    """The event that could not be handed to the processor, if a kept message is one.

    A schedule keeps a retry so, and a rule of EventBridge an upload.
    """
    with suppress(ValueError, Fault):
        message: Any = json.loads(body)
        if not isinstance(message, dict) or "requestPayload" in message:
            return None
        event: Any = _kept_in(body)
        return Retry.asked_by(event).event if is_retry(event) else event
    return None


def _kept_in(body: str) -> Any:
    """What the processor was given, or should have been.

    Lambda wraps what failed into `requestPayload`: the rescuer's event inside the queue's message,
    the processor's inside the rescuer's. EventBridge Scheduler keeps what it could not deliver as
    it is; should it keep the whole call of Lambda, the event is its `Payload`.
    """
    with suppress(ValueError):
        payload: Any = json.loads(body)
        while isinstance(payload, dict):
            if "requestPayload" in payload:
                payload = payload["requestPayload"]
            elif "Payload" in payload:
                inner = payload["Payload"]
                payload = json.loads(inner) if isinstance(inner, str) else inner
            else:
                break
        return payload
    return None


def _record(item: dict[str, Any]) -> Record:
    return Record(
        item["object_key"],
        item["upload_id"],
        item.get("version_id", NO_VERSION),
        item.get("status"),
        item.get("size_bytes"),
        item.get("etag"),
        item.get("location"),
        item.get("location_version_id"),
        _moment(item.get("processed_at")),
        "restored_from" in item,
        _moment(item.get("retry_at")),
        # Whoever concludes a retry owns the record.
        _moment(item.get("claimed_at")) if _is_being_retried(item) else None,
        tuple(
            (one["version_id"], f"in {one['bucket']}: {one['reason']}")
            for one in item.get("undeleted", [])
        ),
        item.get("sender"),
    )


def _is_being_retried(item: dict[str, Any]) -> bool:
    owner = item.get("owner")
    return bool(item.get("retry_owner", owner) != owner)


def _moment(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def is_upload(item: Mapping[str, Any]) -> bool:
    """Whether an item as DynamoDB gives it is the record of an upload.

    An upload id is a hex number, which the names of our other items are not.
    """
    return all(character in "0123456789ABCDEFabcdef" for character in item["upload_id"]["S"])


def _is_pending(answer: Any) -> bool:
    return bool(answer["Attributes"].get("PendingConfirmation") == "true")
