"""The decision table of a retry: what becomes of a file that was set aside or held.

Fates are recorded, carried out and told as everywhere, but over the record that was claimed. A
retry is in progress from its claim until its owner is the record's owner; the copy in quarantine
stays until then.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .. import log
from ..aws.alerts import Alerts
from ..aws.claims import Claims
from ..aws.copies import Copy
from ..aws.quarantine import Quarantine
from ..aws.records import Records
from ..aws.restore import Restorer
from ..aws.schedules import Schedules
from ..model.delivery import Delivery, Outcome
from ..model.errors import Code, ObjectMissing, shorten
from ..model.event import Upload
from ..model.item import Item, Status
from ..model.retry_event import Retry
from .first_attempt import Fates


@dataclass(frozen=True, slots=True)
class RetryDelivery(Delivery):
    """An upload that is tried again."""

    @classmethod
    def of(cls, claimed: Item, owner: str, rescuing: bool) -> "RetryDelivery":
        """The upload that the record `claimed` is about."""
        upload = Upload(
            bucket=claimed["bucket"],
            key=claimed["object_key"],
            version_id=claimed.get("version_id"),
            etag=claimed["etag"],
            size_bytes=claimed["size_bytes"],
            upload_id=claimed["upload_id"],
            uploaded_at=datetime.fromisoformat(claimed["uploaded_at"]),
            record=claimed.get("event", {}),
        )
        return cls(upload, owner, time.monotonic(), rescuing, claimed)

    @property
    def source(self) -> Upload:
        """In quarantine, where a file that was set aside stays until its retry is recorded."""
        claimed = _claimed(self)
        if claimed["status"] == Status.HELD:
            return self.upload
        bucket = claimed["location"].removeprefix("s3://").partition("/")[0]
        return replace(self.upload, bucket=bucket, version_id=claimed["location_version_id"])

    @property
    def is_concluded(self) -> bool:
        """True when it is recorded already what became of the retry."""
        claimed = _claimed(self)
        return bool(claimed["owner"] == claimed["retry_owner"])


class RetryFates(Fates):
    """Takes deliveries that carry the record which they have claimed."""

    def __init__(
        self,
        records: Records,
        quarantine: Callable[[], Quarantine],
        schedules: Callable[[], Schedules],
        alerts: Alerts,
        *,
        claims: Claims,
        restorer: Callable[[], Restorer],
        pipeline: str,
    ) -> None:
        super().__init__(records, quarantine, schedules, alerts)
        self._claims = claims
        self._make_restorer = restorer
        self._pipeline = pipeline

    def claim(self, event: Any, owner: str, *, rescuing: bool) -> Delivery | None:
        """What `event` asks to be tried again; None when there is nothing to do any more."""
        retry = Retry.asked_by(event)
        claimed = self._claims.claim(retry, owner)
        if claimed is None:
            log.nothing_to_retry(retry.object_key, retry.upload_id)
            return None
        delivery = RetryDelivery.of(claimed, owner, rescuing)
        if not delivery.is_concluded:
            former = str(claimed.get("taken_from", claimed["owner"]))
            if former != claimed["owner"]:
                self._make_restorer().remove(delivery.upload, former, delivery.upload.uploaded_at)
            return delivery
        # An earlier try recorded what became of it, and died before it was done.
        self._carry_out(delivery, claimed, again=True)
        log.retry_finished(self._pipeline, delivery.upload, claimed)
        return None

    def accept(self, delivery: Delivery, result: Any = None) -> Outcome:
        """PROCESSED, and back in the input bucket unless a newer upload of the key is there."""
        claimed = _claimed(delivery)
        if claimed["status"] == Status.HELD:
            return super().accept(delivery, result)
        aside = claimed["location_version_id"]
        try:
            restored = self._make_restorer().restore(
                delivery.upload, aside, delivery.owner, _claimed_at(delivery)
            )
        except ObjectMissing:
            return self.lose(delivery)
        if restored is None:
            return self._settle(delivery, Status.PROCESSED, result=result, **_location(claimed))
        return self._settle(
            delivery,
            Status.PROCESSED,
            result=result,
            version_id=restored.version_id,
            # Of the same bytes in other parts, or under another key, S3 has another ETag.
            etag=restored.etag.strip('"'),
            location=f"s3://{delivery.upload.bucket}/{delivery.upload.key}",
            restored_from=aside,
        )

    def reject(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """QUARANTINED, where it may be already."""
        if _claimed(delivery)["status"] == Status.HELD:
            return self._set_aside(delivery, reason_code, reason)
        return self._stay_aside(delivery, reason_code, reason)

    def hold(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """What it was: a file that was set aside is not held for what befell its retry."""
        if _claimed(delivery)["status"] == Status.HELD:
            return super().hold(delivery, reason_code, reason)
        return self._stay_aside(delivery, reason_code, reason)

    def lose(self, delivery: Delivery) -> Outcome:
        """GONE, from where it was to be read."""
        if _claimed(delivery)["status"] == Status.HELD:
            return super().lose(delivery)
        return self._settle(
            delivery,
            Status.GONE,
            reason_code=str(Code.DELETED_BY_SOMEONE),
            reason="It was deleted from quarantine before it could be tried again.",
        )

    def _stay_aside(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        return self._settle(
            delivery,
            Status.QUARANTINED,
            reason_code=reason_code,
            reason=shorten(reason),
            **_location(_claimed(delivery)),
        )

    def _settle(
        self, delivery: Delivery, status: Status, copy: Copy | None = None, **details: Any
    ) -> Outcome:
        claimed = _claimed(delivery)
        if delivery.rescuing:
            details |= self._make_schedules().plans(details["reason_code"], claimed["retries"])
        item = self._item(delivery, status, details)
        standing = self._claims.conclude(item, claimed)
        if standing is not None:
            return self._yield(delivery, status, standing, copy)
        self._carry_out(delivery, item)
        return Outcome(status, recorded=True, reason_code=item.get("reason_code"))

    def _carry_out(self, delivery: Delivery, item: Item, *, again: bool = False) -> None:
        if item["status"] == Status.QUARANTINED:
            self._quarantine.delete_input(delivery.upload)
            # A try before this one may have accepted what this one did not.
            self._make_restorer().remove(delivery.upload, delivery.owner, _claimed_at(delivery))
        self._tell(delivery, item, again=again)
        if "restored_from" in item:
            self._quarantine.remove(delivery.upload, item["restored_from"])

    def _yield(
        self, delivery: Delivery, wanted: Status, standing: Item, copy: Copy | None
    ) -> Outcome:
        """Somebody else has dealt with the file, or the same retry at the same time."""
        outcome = super()._yield(delivery, wanted, standing, copy)
        if wanted is Status.PROCESSED:
            self._make_restorer().remove(
                delivery.upload,
                delivery.owner,
                _claimed_at(delivery),
                keep=standing.get("version_id"),
            )
        if outcome.recorded and "restored_from" in standing:
            self._quarantine.remove(delivery.upload, standing["restored_from"])
        return outcome


def _claimed(delivery: Delivery) -> Item:
    assert delivery.claimed is not None, "a retry is claimed before anything is done"
    return delivery.claimed


def _claimed_at(delivery: Delivery) -> datetime:
    return datetime.fromisoformat(_claimed(delivery)["claimed_at"])


def _location(claimed: Item) -> Item:
    return {name: claimed[name] for name in ("location", "location_version_id")}
