"""How a file's fate is recorded, carried out and published, exactly once: table.py, row by row.

The first fate recorded stands. The invocation that recorded it (its owner) finishes it when it is
tried again; everybody else stops.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from .. import log
from ..model.delivery import Delivery, Outcome
from ..model.errors import Code, Fault, ObjectMissing, shorten
from ..model.item import Item, Status
from .table import EXISTING, TRANSITIONS, Move, Step, Transition, replaces_held

if TYPE_CHECKING:
    from ..aws.alerts import Alerts
    from ..aws.claims import Claims
    from ..aws.copies import Copy
    from ..aws.quarantine import Quarantine
    from ..aws.records import Records
    from ..aws.restore import Restorer
    from ..aws.schedules import Schedules


class Parts(Protocol):
    """What fates are brought about with. All but the first two are made when first used."""

    @property
    def records(self) -> "Records": ...
    @property
    def alerts(self) -> "Alerts": ...
    @property
    def quarantine(self) -> "Quarantine": ...
    @property
    def restorer(self) -> "Restorer": ...
    @property
    def claims(self) -> "Claims": ...
    @property
    def schedules(self) -> "Schedules": ...


class Fates:
    """Each method brings one upload to a fate, or finds the recorded one and finishes it.

    The upload has just arrived, or a retry has claimed its record. Raises a `Fault` where AWS
    fails; then the same call again is harmless.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._do: dict[Step, Callable[[Delivery, Item, Copy | None], None]] = {
            Step.DELETE_INPUT: self._delete_input,
            Step.KEEP_ONE_COPY: self._keep_one_copy,
            Step.KEEP_ONE_COPY_IF_COPIED: self._keep_one_copy_if_copied,
            Step.DROP_COPY: self._drop_copy,
            Step.DROP_RESTORED: self._drop_restored,
            Step.DROP_SOURCE: self._drop_source,
            Step.SCHEDULE: self._schedule,
            Step.NOTIFY: self._notify,
            Step.NOTIFY_AGAIN: self._notify_again,
            Step.COUNT: self._count,
        }

    def accept(self, delivery: Delivery, result: Any = None) -> Outcome:
        """PROCESSED: two AWS calls for an upload, which stays where it is.

        A file from quarantine returns to the input bucket, unless a newer upload of its key is
        there.
        """
        return self._bring(delivery, Status.PROCESSED, {"result": result})

    def reject(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """QUARANTINED, where it may be already; GONE when there is nothing left to set aside.

        In the rescuer HELD stays, and no copy is made that no record will name.
        """
        arrived = delivery.claimed is None
        if arrived and delivery.rescuing and self._parts.records.is_held(delivery.upload):
            return self.hold(delivery, reason_code, reason)
        details = {"reason_code": reason_code, "reason": shorten(reason)}
        return self._bring(delivery, Status.QUARANTINED, details)

    def hold(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """HELD where it is, with the event that tries it again; GONE when it is not there.

        A file from quarantine stays there.
        """
        details = {"reason_code": reason_code, "reason": shorten(reason)}
        return self._bring(delivery, Status.HELD, details)

    def mark_gone(self, delivery: Delivery) -> Outcome:
        """GONE, unless a record says that it was us who moved it."""
        reason = (
            "It was deleted from quarantine before it could be tried again."
            if delivery.is_quarantined
            else "It was deleted from the input bucket before it could be read or moved."
        )
        details = {"reason_code": str(Code.DELETED_BY_SOMEONE), "reason": reason}
        return self._bring(delivery, Status.GONE, details)

    def resolve_conflict(
        self, delivery: Delivery, existing: Item, copy: "Copy | None" = None
    ) -> Outcome:
        """Finish the fate that is recorded already, by an earlier try or by another invocation."""
        status, mine = Status(existing["status"]), existing["owner"] == delivery.owner
        row = EXISTING[status]
        self._take(row.same_owner if mine else row.other_owner, delivery, existing, copy)
        return Outcome(status, recorded=mine, reason_code=existing.get("reason_code"))

    def _bring(self, delivery: Delivery, wanted: Status, details: Item) -> Outcome:
        transition, copy = TRANSITIONS[delivery.is_quarantined, wanted], None
        if transition.move is not None:
            try:
                copy = self._move(transition.move, delivery, details)
            except ObjectMissing:
                return self.mark_gone(delivery)
        return self._record(delivery, transition, copy, details)

    def _record(
        self, delivery: Delivery, transition: Transition, copy: "Copy | None", details: Item
    ) -> Outcome:
        claimed, status = delivery.claimed, transition.status
        if delivery.rescuing:
            retries = claimed["retries"] if claimed else 0
            details |= self._parts.schedules.plans(details["reason_code"], retries)
        duration_ms = round((time.monotonic() - delivery.started) * 1000)
        item = self._parts.records.item(
            delivery.upload, status, delivery.owner, duration_ms, **details
        )
        if claimed is None:
            replace_held = replaces_held(status, rescuing=delivery.rescuing)
            existing = self._parts.records.record_fate(item, replace_held=replace_held)
        else:
            existing = self._parts.claims.conclude(item, claimed)
        if existing is not None:
            return self.resolve_conflict(delivery, existing, copy)
        self._take(transition.steps, delivery, item, copy)
        return Outcome(status, recorded=True, reason_code=item.get("reason_code"))

    def _move(self, move: Move, delivery: Delivery, details: Item) -> "Copy | None":
        """Add to the details where the file then is; return the copy that was made or found.

        Raises `ObjectMissing` when the file is gone.
        """
        match move:
            case Move.CHECK:
                if not self._parts.quarantine.is_in_input(delivery.upload):
                    raise ObjectMissing("S3 HeadObject")
                details["event"] = delivery.upload.record
            case Move.COPY:
                copy = self._parts.quarantine.copy_of(delivery.upload, details["reason_code"])
                details |= {"location": copy.location, "location_version_id": copy.version_id}
                return copy
            case Move.STAY:
                details |= _location(delivery)
            case Move.RESTORE:
                details |= self._restore(delivery)
        return None

    def _restore(self, delivery: Delivery) -> Item:
        upload, location = delivery.upload, _location(delivery)
        aside, since = location["location_version_id"], _claimed_at(delivery)
        restored = self._parts.restorer.restore(upload, aside, delivery.owner, since)
        if restored is None:
            return location
        return {
            "version_id": restored.version_id,
            # Of the same bytes in other parts, or under another key, S3 has another ETag.
            "etag": restored.etag.strip('"'),
            "location": f"s3://{upload.bucket}/{upload.key}",
            "restored_from": aside,
        }

    def _take(
        self, steps: tuple[Step, ...], delivery: Delivery, record: Item, copy: "Copy | None"
    ) -> None:
        for step in steps:
            self._do[step](delivery, record, copy)

    def _delete_input(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        self._parts.quarantine.delete_input(delivery.upload)

    def _keep_one_copy_if_copied(
        self, delivery: Delivery, record: Item, copy: "Copy | None"
    ) -> None:
        if copy is not None:
            self._keep_one_copy(delivery, record, copy)

    def _keep_one_copy(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        upload, recorded = delivery.upload, str(record["location_version_id"])
        if copy is None or copy.version_id != recorded:
            if self._parts.quarantine.has(upload, recorded):
                if copy is not None:
                    self._parts.quarantine.remove(upload, copy.version_id)
            else:
                try:
                    copy = copy or self._parts.quarantine.copy_of(upload, record["reason_code"])
                except ObjectMissing:
                    # Moved long ago, and the copy has since been dealt with by a person.
                    return
                self._parts.records.relocate(record, copy.version_id)
                # The alert shall name the copy that there is.
                record["location_version_id"] = copy.version_id
        self._delete_input(delivery, record, copy)

    def _drop_copy(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        # A file that a retry accepted may have had to stay where it is.
        if copy is not None and copy.version_id != record.get("location_version_id"):
            self._parts.quarantine.remove(delivery.upload, copy.version_id)

    def _drop_restored(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        if delivery.is_quarantined:
            since, recorded = _claimed_at(delivery), record.get("version_id")
            self._parts.restorer.remove(delivery.upload, delivery.owner, since, keep=recorded)

    def _drop_source(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        if "restored_from" in record:
            self._parts.quarantine.remove(delivery.upload, record["restored_from"])

    def _schedule(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        """The processor announces no retries, and knows nothing of those that were announced."""
        if not (delivery.rescuing and "retry_at" in record):
            return
        try:
            self._parts.schedules.make(record)
        except Fault as fault:
            if not fault.lasting:
                raise
            log.note(f"no retry is scheduled, {fault.reason}")
            self._parts.records.cancel_retry(record)
            del record["retry_at"]
            record["parked"] = True

    def _notify(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        self._parts.alerts.publish(record)

    def _notify_again(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        self._parts.alerts.publish(record, again=True)

    def _count(self, delivery: Delivery, record: Item, copy: "Copy | None") -> None:
        if delivery.rescuing:
            self._parts.records.count_hold(record, delivery.owner)


def _claimed_at(delivery: Delivery) -> datetime:
    assert delivery.claimed is not None, "a retry is claimed before anything is done"
    return datetime.fromisoformat(delivery.claimed["claimed_at"])


def _location(delivery: Delivery) -> Item:
    """Where the file is that a retry has claimed."""
    assert delivery.claimed is not None, "what did not arrive was claimed"
    return {name: delivery.claimed[name] for name in ("location", "location_version_id")}
