"""What is done about a file once there is a record, step by step (table.py).

What S3 refuses to delete for good (a legal hold, Object Lock, a deny of the organisation) keeps no
step after it from being done: it is recorded, and published once, with the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from .. import log
from ..model.delivery import Delivery
from ..model.errors import Fault, ObjectMissing
from ..model.item import Item
from .table import Step

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


@dataclass(slots=True)
class Task:
    """One upload whose fate is recorded, and is to be carried out."""

    delivery: Delivery
    record: Item
    """As it stands; steps that change it in the table change it here."""
    copy: "Copy | None" = None
    """The copy in quarantine that this try has made or found."""
    refused: list[Item] = field(default_factory=list)
    """What S3 has refused to delete for good: bucket, version_id and reason of each."""


class Steps:
    """Takes the steps of a row, in its order."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._do: dict[Step, Callable[[Task], None]] = {
            Step.DELETE_INPUT: self._delete_input,
            Step.KEEP_ONE_COPY: self._keep_one_copy,
            Step.KEEP_ONE_COPY_IF_COPIED: self._keep_one_copy_if_copied,
            Step.DROP_COPY: self._drop_copy,
            Step.DROP_RESTORED: self._drop_restored,
            Step.DROP_SOURCE: self._drop_source,
            Step.DROP_LEFTOVERS: self._drop_leftovers,
            Step.RECORD_REFUSALS: self._record_refusals,
            Step.SCHEDULE: self._schedule,
            Step.NOTIFY: self._notify,
            Step.NOTIFY_AGAIN: self._notify_again,
            Step.COUNT: self._count,
        }

    def take(self, steps: tuple[Step, ...], task: Task) -> None:
        """Raises a `Fault` where AWS fails; then all of them again is harmless."""
        for step in steps:
            self._do[step](task)

    def _delete_input(self, task: Task) -> None:
        upload, quarantine = task.delivery.upload, self._parts.quarantine
        if upload.version_id is None:
            return
        try:
            quarantine.delete_input(upload)
        except Fault as fault:
            self._refused(task, upload.bucket, upload.version_id, fault)

    def _delete_copy(self, task: Task, version_id: str) -> None:
        upload, quarantine = task.delivery.upload, self._parts.quarantine
        try:
            quarantine.remove(upload, version_id)
        except Fault as fault:
            self._refused(task, quarantine.bucket, version_id, fault)

    def _refused(self, task: Task, bucket: str, version_id: str, fault: Fault) -> None:
        """Raise the fault again unless it is lasting; then note what is still there."""
        if not fault.lasting:
            raise fault
        if not self._parts.quarantine.is_there(bucket, task.delivery.upload.key, version_id):
            return
        log.note(f"not deleted: version {version_id} in {bucket}, {fault.reason}")
        if all(one["version_id"] != version_id for one in task.refused):
            task.refused.append(
                {"bucket": bucket, "version_id": version_id, "reason": fault.reason}
            )

    def _keep_one_copy_if_copied(self, task: Task) -> None:
        if task.copy is not None:
            self._keep_one_copy(task)

    def _keep_one_copy(self, task: Task) -> None:
        upload, record, copy = task.delivery.upload, task.record, task.copy
        recorded: str = record["location_version_id"]
        if copy is None or copy.version_id != recorded:
            if self._parts.quarantine.has(upload, recorded):
                if copy is not None:
                    self._delete_copy(task, copy.version_id)
            else:
                try:
                    copy = copy or self._parts.quarantine.copy_of(upload, record["reason_code"])
                except ObjectMissing:
                    # Moved long ago, and the copy has since been dealt with by a person.
                    return
                self._parts.records.relocate(record, copy.version_id)
                # The alert shall name the copy that there is.
                record["location_version_id"] = copy.version_id
        self._delete_input(task)

    def _drop_copy(self, task: Task) -> None:
        # A file that a retry accepted may have had to stay where it is.
        recorded = task.record.get("location_version_id")
        if task.copy is not None and task.copy.version_id != recorded:
            self._delete_copy(task, task.copy.version_id)

    def _drop_restored(self, task: Task) -> None:
        delivery, recorded = task.delivery, task.record.get("version_id")
        if delivery.is_quarantined:
            for version_id, fault in self._parts.restorer.remove(
                delivery.upload, delivery.owner, claimed_at(delivery), keep=recorded
            ):
                self._refused(task, delivery.upload.bucket, version_id, fault)

    def _drop_source(self, task: Task) -> None:
        if "restored_from" in task.record:
            self._delete_copy(task, task.record["restored_from"])

    def _drop_leftovers(self, task: Task) -> None:
        known = {one["version_id"] for one in task.refused}
        for one in task.record.get("undeleted", []):
            bucket, version_id = one["bucket"], one["version_id"]
            if version_id in known:
                continue
            try:
                self._parts.quarantine.delete(bucket, task.delivery.upload.key, version_id)
            except Fault as fault:
                self._refused(task, bucket, version_id, fault)

    def _record_refusals(self, task: Task) -> None:
        record = task.record
        if record.get("undeleted", []) == task.refused:
            return
        self._parts.records.note_undeleted(record, task.refused)
        record.pop("undeleted", None)
        if task.refused:
            record["undeleted"] = task.refused

    def _schedule(self, task: Task) -> None:
        """The processor announces no retries, and knows nothing of those that were announced."""
        record = task.record
        if not (task.delivery.rescuing and "retry_at" in record):
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

    def _notify(self, task: Task) -> None:
        self._parts.alerts.publish(task.record)

    def _notify_again(self, task: Task) -> None:
        self._parts.alerts.publish(task.record, again=True)

    def _count(self, task: Task) -> None:
        if task.delivery.rescuing:
            self._parts.records.count_hold(task.record, task.delivery.owner)


def claimed_at(delivery: Delivery) -> datetime:
    """When the retry in hand was claimed, by its first try."""
    assert delivery.claimed is not None, "a retry is claimed before anything is done"
    return datetime.fromisoformat(delivery.claimed["claimed_at"])
