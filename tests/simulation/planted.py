"""Bugs that somebody could write into the handler one day, each to be found by the simulation."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

import handler.aws.clients
import handler.aws.copies
import handler.aws.errors
import handler.dispatch
import handler.model.errors
import handler.outcomes.fates
import handler.processor
import handler.rescuer
from handler.aws.alerts import Alerts
from handler.aws.copies import Copies
from handler.aws.errors import aws_errors
from handler.aws.quarantine import Quarantine
from handler.aws.records import Records
from handler.diagnosis import Cause
from handler.doors import s3_notification
from handler.file import File
from handler.model.errors import Fault
from handler.model.item import Status
from handler.outcomes.fates import Fates
from handler.outcomes.steps import Steps
from handler.outcomes.table import EXISTING, TRANSITIONS, Existing, Step

from .histories import Answer, History, Load, Upload
from .interleavings import Scene
from .small_worlds import (
    CRUEL,
    events_of_two,
    in_each_call,
    one_upload,
    outages,
    refused_deletes,
    scenes,
    two_uploads,
)

Plant = Callable[[pytest.MonkeyPatch], None]


class Bug(NamedTuple):
    name: str
    plant: Plant
    shows: str
    """Part of the complaint that must come of it."""
    found_in: Callable[[], Iterator[History | Scene]]
    """The small worlds that show it."""


def instead(owner: Any, name: str, changed: Callable[[Any], Any]) -> Plant:
    """Put `changed(original)` in the place of a function."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, changed(getattr(owner, name)))

    return plant


def _no_condition(put: Any) -> Any:
    return lambda self, item, condition, values=None: put(
        self, item, "attribute_not_exists(object_key) OR attribute_exists(object_key)"
    )


def _delete_first(reject: Any) -> Any:
    def changed(self: Any, delivery: Any, *reason: str) -> Any:
        self._parts.quarantine.delete_input(delivery.upload)
        return reject(self, delivery, *reason)

    return changed


def _delete_before_recording(record: Any) -> Any:
    def changed(self: Any, delivery: Any, transition: Any, *rest: Any) -> Any:
        if transition.status is Status.QUARANTINED:
            self._parts.quarantine.delete_input(delivery.upload)
        return record(self, delivery, transition, *rest)

    return changed


def _without_version(_: Any) -> Any:
    def changed(self: Any, place: Any) -> None:
        self._s3.delete_object(Bucket=place.bucket, Key=place.key)

    return changed


def _of_the_newest(copy_of: Any) -> Any:
    class Newest:
        def __init__(self, s3: Any) -> None:
            self._s3 = s3

        def copy_object(self, **request: Any) -> Any:
            return self._s3.copy_object(**_unversioned(request))

    def changed(self: Any, *rest: Any) -> Any:
        copies = self._copies
        if not isinstance(copies._clients, SimpleNamespace):
            copies._clients = SimpleNamespace(s3_for_copies=Newest(copies._clients.s3_for_copies))
        return copy_of(self, *rest)

    return changed


def _unversioned(request: dict[str, Any]) -> dict[str, Any]:
    source = {k: v for k, v in request["CopySource"].items() if k != "VersionId"}
    del request["CopySourceIfMatch"]
    return {**request, "CopySource": source}


def _copied_with_retries(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(handler.aws.clients, "S3_COPY_CONFIG", handler.aws.clients.S3_CONFIG)


def _repeated_without_a_look(made_once: Any) -> Any:
    return lambda call, make, find: made_once(call, make, lambda: None)


def _swallowed(call: Any) -> Any:
    def changed(*args: Any, **more: Any) -> Any:
        try:
            return call(*args, **more)
        except Fault:
            return None

    return changed


def _alert_before_record(record: Any) -> Any:
    def changed(self: Any, delivery: Any, transition: Any, copy: Any, details: Any) -> Any:
        of_it = delivery.upload, transition.status, delivery.owner, 1
        self._parts.alerts.publish(self._parts.records.item(*of_it, **details))
        return record(self, delivery, transition, copy, details)

    return changed


def _held_over(*statuses: Status) -> Callable[[Any], Any]:
    """A record of one of these gives way as HELD does."""

    def change(record_fate: Any) -> Any:
        def changed(self: Any, item: Any, **more: Any) -> Any:
            existing = record_fate(self, item, **more)
            if existing is not None and existing["status"] in statuses:
                self.put(item, "attribute_exists(object_key)")
                return None
            return existing

        return changed

    return change


def _always_rejects(_: Any) -> Any:
    return lambda pipeline, delivery, cause: pipeline.fates.reject(
        delivery, cause.code, cause.reason
    )


def _own_name(uploads: Any) -> Any:
    return lambda pipeline, records, owner, **more: uploads(
        pipeline, records, f"the rescuer of {owner}", **more
    )


def _removed_while_held(patch: pytest.MonkeyPatch) -> None:
    row = EXISTING[Status.HELD]
    patch.setitem(EXISTING, Status.HELD, Existing(*((Step.DROP_COPY, *steps) for steps in row)))
    patch.setattr(Records, "is_held", lambda self, upload: False)


def _taken_over(_: Any) -> Any:
    def changed(self: Any, held: Any, owner: str) -> None:
        self._update(
            held,
            "SET #attempt = #attempt + :one, #owner = :me",
            "#status = :held AND #owner <> :me",
            {":one": 1, ":me": owner, ":held": "HELD"},
        )

    return changed


def _forbidden_is_gone(patch: pytest.MonkeyPatch) -> None:
    known = handler.aws.errors._MISSING
    patch.setattr(
        handler.aws.errors, "_MISSING", known | {"403", "AccessDenied", "InvalidObjectState"}
    )


def _no_trouble_noted(_: Any) -> Any:
    return lambda self: aws_errors("S3 GetObject")


def _needs_no_proof(_: Any) -> Any:
    return lambda self, tries_in_hand: self.refusal


def _first_only(records_of: Any) -> Any:
    return lambda event: records_of(event)[:1]


def deaths_while_loading() -> Iterator[History]:
    """The function dies before the file is in anybody's hands, at every try."""
    for load in (Load.CRASH, Load.OUT_OF_MEMORY, Load.STUCK):
        yield History(loads=(load,) * 3)


def held_twice() -> Iterator[History]:
    """Two deliveries of an upload fail, their rescuers one after the other."""
    upload = Upload(answers=(Answer.AWS_FAIL,), told_after=(0.5, 1.0))
    return in_each_call(History((upload,)), CRUEL)


def _published_before_refusals_are_recorded(patch: pytest.MonkeyPatch) -> None:
    for key, row in TRANSITIONS.items():
        if Step.RECORD_REFUSALS in row.steps:
            others = (step for step in row.steps if step is not Step.RECORD_REFUSALS)
            patch.setitem(TRANSITIONS, key, row._replace(steps=(*others, Step.RECORD_REFUSALS)))


def _not_tolerated(_: Any) -> Any:
    def changed(self: Any, task: Any, bucket: str, version_id: str, fault: Fault) -> None:
        raise fault

    return changed


def _skipped(_: Any) -> Any:
    return lambda self, task: None


BUGS = [
    Bug("no condition on the put", instead(Records, "put", _no_condition), "replaced", one_upload),
    Bug(
        "delete before copy",
        instead(Fates, "reject", _delete_first),
        "was deleted while",
        one_upload,
    ),
    Bug(
        "delete before record",
        instead(Fates, "_record", _delete_before_recording),
        "was deleted while its record said None",
        one_upload,
    ),
    Bug(
        "version ignored on delete",
        instead(Copies, "delete", _without_version),
        "put in/a.csv into the input bucket",
        one_upload,
    ),
    Bug(
        "version ignored on copy",
        instead(Quarantine, "copy_of", _of_the_newest),
        "differs from it",
        two_uploads,
    ),
    Bug(
        "publish error swallowed",
        instead(Alerts, "_send", _swallowed),
        "nobody was told",
        one_upload,
    ),
    Bug(
        "alert before record",
        instead(Fates, "_record", _alert_before_record),
        "before it was recorded",
        one_upload,
    ),
    Bug(
        "second record of an event skipped",
        instead(s3_notification, "records_of", _first_only),
        "it has no fate",
        events_of_two,
    ),
    Bug(
        "processed file set aside by the rescuer",
        instead(Records, "record_fate", _held_over(Status.PROCESSED)),
        "replaced PROCESSED",
        one_upload,
    ),
    Bug(
        "HELD over QUARANTINED",
        instead(Records, "record_fate", _held_over(Status.QUARANTINED)),
        "replaced QUARANTINED",
        one_upload,
    ),
    Bug(
        "outage quarantined",
        instead(handler.rescuer, "decide", _always_rejects),
        "for nothing that it did",
        outages,
    ),
    Bug(
        "stray copy left",
        instead(Quarantine, "remove", lambda _: lambda *a: None),
        "stray copy",
        one_upload,
    ),
    Bug("copies repeated by botocore", _copied_with_retries, "stray copy", one_upload),
    Bug(
        "copies repeated without a look for the one before",
        instead(handler.aws.copies, "_made_once", _repeated_without_a_look),
        "stray copy",
        one_upload,
    ),
    Bug(
        "wrong owner in the rescuer",
        instead(handler.rescuer, "uploads", _own_name),
        "who never wrote it",
        outages,
    ),
    Bug("403 taken for gone", _forbidden_is_gone, "GONE while it was there", outages),
    Bug(
        "retried publish skipped for the same owner",
        instead(Steps, "_notify_again", _skipped),
        "nobody was told",
        one_upload,
    ),
    Bug(
        "copy removed while HELD gives way",
        _removed_while_held,
        "before the copy that its record names was there",
        scenes,
    ),
    Bug(
        "a duplicate takes over a held record",
        instead(Records, "count_hold", _taken_over),
        "['owner'] changed under the same fate",
        held_twice,
    ),
    Bug(
        "trouble while reading held against the file",
        instead(File, "_noting_trouble", _no_trouble_noted),
        "for nothing that it did",
        outages,
    ),
    Bug(
        "a file blamed for a death without proof",
        instead(Cause, "of", _needs_no_proof),
        "process had nothing to do with it",
        deaths_while_loading,
    ),
    Bug(
        "refusal of a delete stops what comes after it",
        instead(Steps, "_refused", _not_tolerated),
        "S3 refused to delete it, and its event was kept",
        refused_deletes,
    ),
    Bug(
        "refusal of a delete recorded nowhere",
        instead(Steps, "_record_refusals", _skipped),
        "still in the input bucket",
        refused_deletes,
    ),
    Bug(
        "published before the refusal of a delete is recorded",
        _published_before_refusals_are_recorded,
        "was published, and its record says",
        refused_deletes,
    ),
    Bug(
        "faults swallowed",
        instead(handler.processor, "deal_with_each", _swallowed),
        "it has no fate",
        one_upload,
    ),
]
