"""The decision table: how a file's fate is recorded, carried out and told, exactly once.

The order never changes, so that a crash at any point leaves the file somewhere known and doing it
again is harmless: copy, record, delete, tell. The first fate recorded stands; the invocation that
recorded it (its owner) finishes it when it is tried again, everybody else stops.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import log
from ..aws.alerts import Alerts
from ..aws.records import Records
from ..model.delivery import Delivery, Outcome
from ..model.errors import Code, Fault, ObjectMissing, shorten
from ..model.event import Upload
from ..model.item import Item, Status

if TYPE_CHECKING:
    from ..aws.copies import Copy
    from ..aws.quarantine import Quarantine
    from ..aws.schedules import Schedules


class Fates:
    """Each method brings one upload to a fate, or finds the fate that stands and finishes it."""

    def __init__(
        self,
        records: Records,
        quarantine: Callable[[], "Quarantine"],
        schedules: Callable[[], "Schedules"],
        alerts: Alerts,
    ) -> None:
        self._records = records
        self._make_quarantine = quarantine
        self._make_schedules = schedules
        self._alerts = alerts

    def accept(self, delivery: Delivery, result: Any = None) -> Outcome:
        """PROCESSED: two AWS calls, and the file stays where it is."""
        return self._settle(delivery, Status.PROCESSED, result=result)

    def reject(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """QUARANTINED, or GONE when there is nothing left to set aside.

        In the rescuer HELD stays, and no copy is made that no record will name.
        """
        if delivery.rescuing and self._records.is_held(delivery.upload):
            return self.hold(delivery, reason_code, reason)
        return self._set_aside(delivery, reason_code, reason)

    def hold(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        """HELD where it is, with the event that tries it again; GONE when it is not there."""
        if not self._quarantine.is_in_input(delivery.upload):
            return self.lose(delivery)
        return self._settle(
            delivery,
            Status.HELD,
            reason_code=reason_code,
            reason=shorten(reason),
            event=delivery.upload.record,
        )

    def lose(self, delivery: Delivery) -> Outcome:
        """GONE, unless a record says that it was us who moved it."""
        return self._settle(
            delivery,
            Status.GONE,
            reason_code=str(Code.DELETED_BY_SOMEONE),
            reason="It was deleted from the input bucket before it could be read or moved.",
        )

    def _set_aside(self, delivery: Delivery, reason_code: str, reason: str) -> Outcome:
        try:
            copy = self._quarantine.copy_of(delivery.upload, reason_code)
        except ObjectMissing:
            return self.lose(delivery)
        return self._settle(
            delivery,
            Status.QUARANTINED,
            copy=copy,
            reason_code=reason_code,
            reason=shorten(reason),
            location=copy.location,
            location_version_id=copy.version_id,
        )

    def _settle(
        self, delivery: Delivery, status: Status, copy: "Copy | None" = None, **details: Any
    ) -> Outcome:
        if delivery.rescuing:
            details |= self._make_schedules().plans(details["reason_code"], 0)
        item = self._item(delivery, status, details)
        replace_held = status is not Status.HELD and not (
            delivery.rescuing and status is Status.QUARANTINED
        )
        standing = self._records.settle(item, replace_held=replace_held)
        if standing is not None:
            return self._yield(delivery, status, standing, copy)
        if status is Status.QUARANTINED:
            self._quarantine.delete_input(delivery.upload)
        self._tell(delivery, item)
        return Outcome(status, recorded=True, reason_code=item.get("reason_code"))

    def _item(self, delivery: Delivery, status: Status, details: dict[str, Any]) -> Item:
        duration_ms = round((time.monotonic() - delivery.started) * 1000)
        return self._records.item(delivery.upload, status, delivery.owner, duration_ms, **details)

    def _tell(self, delivery: Delivery, item: Item, *, again: bool = False) -> None:
        """Publish what `item` records, once the retry that it announces is sure to come.

        The rescuer, which announced it, sees to that; the processor knows of no schedules.
        """
        if delivery.rescuing and "retry_at" in item:
            try:
                self._make_schedules().make(item)
            except Fault as fault:
                if not fault.lasting:
                    raise
                log.note(f"no retry is scheduled, {fault.reason}")
                self._records.cancel_retry(item)
                del item["retry_at"]
                item["parked"] = True
        self._alerts.publish(item, again=again)

    def _yield(
        self, delivery: Delivery, wanted: Status, standing: Item, copy: "Copy | None"
    ) -> Outcome:
        """Another fate, or the same one from an earlier try, stands: finish that one."""
        status = Status(standing["status"])
        mine = standing["owner"] == delivery.owner
        if status is Status.QUARANTINED and (mine or copy is not None):
            self._finish_quarantine(delivery.upload, standing, copy)
        elif (
            copy is not None
            # HELD may be giving way right now, to a fate that names this very copy; and a file
            # that a retry accepted may have had to stay where it is.
            and status is not Status.HELD
            and copy.version_id != standing.get("location_version_id")
        ):
            self._quarantine.remove(delivery.upload, copy.version_id)
        if mine:
            # We died, or the answer was lost, between recording and telling.
            self._tell(delivery, standing, again=True)
        elif status is Status.HELD and delivery.rescuing:
            self._records.count_hold(standing, delivery.owner)
        return Outcome(status, recorded=mine, reason_code=standing.get("reason_code"))

    def _finish_quarantine(self, upload: Upload, standing: Item, copy: "Copy | None") -> None:
        """Leave one copy, the recorded one, and nothing in the input bucket."""
        recorded: str = standing["location_version_id"]
        if copy is None or copy.version_id != recorded:
            if self._quarantine.has(upload, recorded):
                if copy is not None:
                    self._quarantine.remove(upload, copy.version_id)
            else:
                try:
                    copy = copy or self._quarantine.copy_of(upload, standing["reason_code"])
                except ObjectMissing:
                    # Moved long ago, and the copy has since been dealt with by a person.
                    return
                self._records.relocate(standing, copy.version_id)
                # The alert shall name the copy that there is.
                standing["location_version_id"] = copy.version_id
        self._quarantine.delete_input(upload)

    @property
    def _quarantine(self) -> "Quarantine":
        return self._make_quarantine()
