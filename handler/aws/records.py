"""The FileMetadata table: one item an upload, written only where the decision table allows."""

import zlib
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .. import clock
from ..model.errors import Code, ConditionFailed, Fault
from ..model.event import Upload
from ..model.item import NEEDS_SOMEBODY, Item, Status, history_with, iso
from ..model.settings import Settings
from .errors import aws_errors

ATTENTION_SHARDS = 16
"""Partitions of the sparse index: a spike of failures must not throttle the table through it."""


class Records:
    """Writes items so that the first fate recorded for an upload stands; only HELD may give way."""

    def __init__(self, dynamodb: Any, settings: Settings) -> None:
        self._dynamodb = dynamodb
        self._table = settings.table
        self._retention_days = settings.record_retention_days

    def item(
        self, upload: Upload, status: Status, owner: str, duration_ms: int, **more: Any
    ) -> Item:
        """The item for `upload`; what is None in `more` (reason, location, result …) is left out.

        `owner` is the Lambda request id of the invocation that decides, which a retry keeps.
        """
        now = clock.now()
        item: Item = {
            "object_key": upload.key,
            "upload_id": upload.upload_id,
            "bucket": upload.bucket,
            "version_id": upload.version_id,
            "etag": upload.etag,
            "file_name": upload.file_name,
            "file_type": upload.file_type,
            "size_bytes": upload.size_bytes,
            "uploaded_at": iso(upload.uploaded_at),
            "sender": upload.sender,
            "sender_address": upload.sender_address,
            "processed_at": iso(now),
            "duration_ms": duration_ms,
            "status": str(status),
            "attempt": 1,
            "owner": owner,
            **more,
        }
        if status in NEEDS_SOMEBODY:
            item["attention_shard"] = _shard(upload)
            item["attention_at"] = f"{status}#{item['processed_at']}"
        # A held file waits for somebody, however long; so does its record.
        if self._retention_days is not None and status is not Status.HELD:
            item["expires_at"] = int((now + timedelta(days=self._retention_days)).timestamp())
        return {name: value for name, value in item.items() if value is not None}

    def record_fate(self, item: Item, *, replace_held: bool = True) -> Item | None:
        """Record `item` unless a fate stands already; None when recorded, else what stands.

        With `replace_held` a HELD item gives way, and its attempts count on.
        """
        try:
            self.put(item, "attribute_not_exists(object_key)")
            return None
        except ConditionFailed as failed:
            existing = plain_item(failed.item)
        while replace_held and existing.get("status") == Status.HELD:
            item["attempt"] = existing["attempt"] + 1
            item["history"] = history_with(existing)
            if "retries" in existing:
                item["retries"] = existing["retries"]
            values = {":held": existing["status"], ":owner": existing["owner"]}
            try:
                self.put(
                    item,
                    "#status = :held AND #owner = :owner AND #attempt = :attempt",
                    {**values, ":attempt": existing["attempt"]},
                )
                return None
            except ConditionFailed as failed:
                existing = plain_item(failed.item)
        return existing

    def is_held(self, upload: Upload) -> bool:
        """Looked at by the rescuer before it makes a copy that no record may name."""
        key = {"object_key": upload.key, "upload_id": upload.upload_id}
        return self.matches(key, "status", str(Status.HELD))

    def count_hold(self, held: Item, owner: str) -> None:
        """Another delivery of a held upload failed too: count it, once a delivery.

        The owner stays: it may have died before it told anybody, and then finds itself again.
        """
        self._update(
            held,
            "SET #attempt = #attempt + :one, #counted_by = :me",
            "#status = :held AND #owner <> :me AND "
            "( attribute_not_exists(counted_by) OR #counted_by <> :me )",
            {":one": 1, ":me": owner, ":held": str(Status.HELD)},
        )

    def relocate(self, quarantined: Item, location_version_id: str) -> None:
        """The copy that the record names is gone; name the one that there is."""
        self._update(
            quarantined,
            "SET #location_version_id = :new",
            "#location_version_id = :old",
            {":new": location_version_id, ":old": quarantined["location_version_id"]},
        )

    def note_undeleted(self, item: Item, undeleted: list[Item]) -> None:
        """What S3 refuses to delete for good of a file whose fate `item` records; may be nothing.

        Each has a `bucket`, a `version_id` and the `reason`.
        """
        self._update(
            item,
            "SET #undeleted = :undeleted" if undeleted else "REMOVE #undeleted",
            "#owner = :owner AND #status = :status",
            {
                ":owner": item["owner"],
                ":status": item["status"],
                **({":undeleted": undeleted} if undeleted else {}),
            },
        )

    def cancel_retry(self, item: Item) -> None:
        """The retry that `item` announces could not be scheduled, so none will come."""
        self._update(
            item,
            "REMOVE #retry_at SET #parked = :true",
            "#retry_at = :at",
            {":at": item["retry_at"], ":true": True},
        )

    def put(self, item: Item, condition: str, values: Mapping[str, Any] | None = None) -> None:
        """Raises `ConditionFailed`, with what stands, where `condition` does not hold."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "Item": typed_item(item),
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            request["ExpressionAttributeValues"] = typed_item(values)
            request["ExpressionAttributeNames"] = _names(condition)
        with aws_errors("DynamoDB PutItem"):
            self._dynamodb.put_item(**request)

    def change(
        self, key: Mapping[str, Any], update: str, condition: str, values: Mapping[str, Any]
    ) -> Item:
        """The item as it is then. Raises `ConditionFailed`, with what stands, like `put`."""
        answer = self._call_update(
            key,
            update,
            condition,
            values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return plain_item(answer["Attributes"])

    def matches(
        self, key: Mapping[str, Any], name: str, value: str, condition: str = "", **values: str
    ) -> bool:
        """Whether the item has that `value` and meets the `condition` on its other attributes.

        Asked by a write that changes nothing: the functions may not read.
        """
        of_condition = {f":{word}": meant for word, meant in values.items()}
        return self._update(
            key,
            f"SET #{name} = :value",
            f"#{name} = :value AND {condition}" if condition else f"#{name} = :value",
            {":value": value, **of_condition},
        )

    def _update(
        self, key: Mapping[str, Any], update: str, condition: str, values: Mapping[str, Any]
    ) -> bool:
        """False where something else stands: at least as new as what we would have written."""
        try:
            self._call_update(key, update, condition, values)
        except ConditionFailed:
            return False
        return True

    def _call_update(
        self,
        key: Mapping[str, Any],
        update: str,
        condition: str,
        values: Mapping[str, Any],
        **more: str,
    ) -> Any:
        with aws_errors("DynamoDB UpdateItem"):
            return self._dynamodb.update_item(
                TableName=self._table,
                Key=typed_item({name: key[name] for name in ("object_key", "upload_id")}),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(f"{update} {condition}"),
                ExpressionAttributeValues=typed_item(values),
                **more,
            )


def typed_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed JSON of a plain mapping."""
    return {name: _typed(value) for name, value in values.items()}


def plain_item(item: Mapping[str, Any]) -> Item:
    """The inverse of `typed_item`."""
    return {name: _plain(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": _digits(value)}
    if isinstance(value, Mapping):
        return {"M": typed_item(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [_typed(part) for part in value]}
    raise Fault(Code.INTERNAL_ERROR, f"{type(value).__name__} has no DynamoDB type")


def _digits(value: int | float | Decimal) -> str:
    # Not `str`: of an enum of numbers that is a name.
    if isinstance(value, int):
        return int.__repr__(value)
    return float.__repr__(value) if isinstance(value, float) else str(value)


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else float(number)
        case "NULL":
            return None
        case "M":
            return plain_item(content)
        case "L":
            return [_plain(part) for part in content]
        case _:
            return content


def _names(expression: str) -> dict[str, str]:
    """The `#name` placeholders of an expression: `status` and `owner` are reserved words."""
    words = expression.replace(",", " ").split()
    return {word: word[1:] for word in words if word.startswith("#")}


def _shard(upload: Upload) -> str:
    digest = zlib.crc32(f"{upload.key}\0{upload.upload_id}".encode())
    return f"{digest % ATTENTION_SHARDS:02d}"
