"""How a file's fate is recorded, carried out and published, exactly once: table.py, row by row.

The first fate recorded stands. The invocation that recorded it (its owner) finishes it when it is
tried again; everybody else stops.
"""

from typing import TYPE_CHECKING, Any

from .. import clock
from ..model.delivery import Delivery, Outcome
from ..model.errors import Code, ObjectMissing, shorten
from ..model.item import Item, Status
from .steps import Parts, Steps, Task, claimed_at
from .table import EXISTING, TRANSITIONS, Move, Transition, replaces_held

if TYPE_CHECKING:
    from ..aws.copies import Copy


class Fates:
    """Each method brings one upload to a fate, or finds the recorded one and finishes it.

    The upload has just arrived, or a retry has claimed its record. Raises a `Fault` where AWS
    fails; then the same call again is harmless.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._steps = Steps(parts)

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
        steps = row.same_owner if mine else row.other_owner
        self._steps.take(steps, Task(delivery, existing, copy))
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
        duration_ms = round((clock.monotonic() - delivery.started) * 1000)
        item = self._parts.records.item(
            delivery.upload, status, delivery.owner, duration_ms, **details
        )
        if claimed is None:
            replace_held = replaces_held(status, rescuing=delivery.rescuing)
            existing = self._parts.records.record_fate(item, replace_held=replace_held)
        else:
            if "undeleted" in claimed:
                item["undeleted"] = claimed["undeleted"]
            existing = self._parts.claims.conclude(item, claimed)
        if existing is not None:
            return self.resolve_conflict(delivery, existing, copy)
        self._steps.take(transition.steps, Task(delivery, item, copy))
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
        aside, since = location["location_version_id"], claimed_at(delivery)
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


def _location(delivery: Delivery) -> Item:
    """Where the file is that a retry has claimed."""
    assert delivery.claimed is not None, "what did not arrive was claimed"
    return {name: delivery.claimed[name] for name in ("location", "location_version_id")}
