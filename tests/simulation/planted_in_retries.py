"""Bugs that somebody could write into the retries one day, each to be found by the simulation."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

import handler.aws.claims
import handler.aws.schedules
import handler.log
from handler.aws.alerts import Alerts
from handler.aws.claims import Claims
from handler.aws.copies import RESTORED_BY, Copies
from handler.aws.records import Records
from handler.aws.restore import Restorer
from handler.aws.schedules import Schedules
from handler.model.errors import Fault
from handler.outcomes.fates import Fates
from handler.outcomes.reattempt import Reattempts
from handler.outcomes.steps import Steps
from handler.outcomes.table import TRANSITIONS, Step

from .histories import Firing, History, OperatorAct, Order
from .planted import Bug, instead
from .retry_worlds import (
    DELAYS,
    RETRIED,
    one_retried,
    retried_beside_users,
    retried_in_an_outage,
    retried_late,
    retried_where_deletes_are_refused,
    schedule_refused_to_the_next_try,
)


def _unconditional_claim(change: Any) -> Any:
    return lambda self, key, update, condition, values: change(
        self, key, update, "attribute_exists(object_key)", values
    )


def _uncounted(change: Any) -> Any:
    return lambda self, key, update, condition, values: change(
        self, key, update, condition, {**values, ":now": values[":now"] - 1}
    )


def _beside_another(change: Any) -> Any:
    return lambda self, key, update, condition, values: change(
        self,
        key,
        update,
        condition.partition(" AND ( attribute_not_exists(retry_owner)")[0],
        values,
    )


def _whoever_announced_it(claim: Any) -> Any:
    return lambda self, retry, owner, **more: claim(
        self, replace(retry, announced=None), owner, **more
    )


def _in_its_own_name(claim: Any) -> Any:
    def changed(self: Any, event: Any, owner: str, *, rescuing: bool, **more: Any) -> Any:
        owner = f"rescuer of {owner}" if rescuing else owner
        return claim(self, event, owner, rescuing=rescuing, **more)

    return changed


def _never_newer(_: Any) -> Any:
    return lambda self, version, upload, owner: False


def _unconditional_copy(make: Any) -> Any:
    return lambda self, source, bucket, ours, find, **_: make(self, source, bucket, ours, find)


def _removed_before_recorded(record: Any) -> Any:
    def changed(self: Any, delivery: Any, transition: Any, copy: Any, details: Any) -> Any:
        if "restored_from" in details:
            self._parts.quarantine.remove(delivery.upload, details["restored_from"])
        return record(self, delivery, transition, copy, details)

    return changed


def _published_before_scheduled(patch: pytest.MonkeyPatch) -> None:
    for key, row in TRANSITIONS.items():
        if Step.SCHEDULE in row.steps:
            steps = (*(step for step in row.steps if step is not Step.SCHEDULE), Step.SCHEDULE)
            patch.setitem(TRANSITIONS, key, row._replace(steps=steps))
    schedule = Steps._schedule

    def changed(self: Any, *args: Any) -> None:
        with suppress(Fault):
            schedule(self, *args)

    patch.setattr(Steps, "_schedule", changed)


def _by_the_processor_too(schedule: Any) -> Any:
    return lambda self, task: schedule(
        self, replace(task, delivery=replace(task.delivery, rescuing=True))
    )


def _nothing_was_restored(_: Any) -> Any:
    return lambda self, upload: False


def _only_once_recorded(has_restored: Any) -> Any:
    """Not while the retry that made the copy is still at work."""

    def changed(self: Any, key: str, upload_id: str, _: str, version_id: str, *more: Any) -> bool:
        found = {"object_key": key, "upload_id": upload_id}
        return bool(self._records.matches(found, "version_id", version_id))

    return changed


def _by_its_metadata(_: Any) -> Any:
    return lambda self, key, version_id, metadata, made_at: RESTORED_BY in metadata


def _left_there(_: Any) -> Any:
    return lambda self, upload, owner, since, keep=None: []


def _parks_in_silence(publish: Any) -> Any:
    return lambda self, item, **more: None if "parked" in item else publish(self, item, **more)


def _never_parks(plans: Any) -> Any:
    return lambda self, code, retries: plans(
        self, code, min(retries, len(self._plan.delays_minutes) - 1)
    )


def _not_looked_at(conclude: Any) -> Any:
    def changed(self: Any, item: Any, claimed: Any) -> None:
        conclude(self, item, claimed)

    return changed


def _forgotten(_: Any) -> Any:
    return lambda existing: []


def _named_after_the_key(_: Any) -> Any:
    return lambda retry: f"{retry.object_key.encode().hex()}-{retry.retries}"


def _uncounted_by_metrics(_: Any) -> Any:
    return lambda pipeline, upload, recorded: handler.log.note("finished a retry")


def refired() -> Iterator[History]:
    for upload in RETRIED.values():
        for firing in Firing:
            yield History((upload,), retry_delays=DELAYS, firings=(firing,))


def told_at_once() -> Iterator[History]:
    for upload in RETRIED.values():
        yield History((upload,), retry_delays=DELAYS, restored_told_after=(0.0, 0.03))


def asked_beside_another() -> Iterator[History]:
    """Twice, for one retry beside another is still known for what it is."""
    for step in range(20):
        acts = tuple(
            OperatorAct(780.0 + step / 50 + later, Order.RETRY_REGARDLESS, 0)
            for later in (0.0, 0.05)
        )
        history = History((RETRIED["accepted from quarantine"],), operator_acts=acts)
        yield history.but(retry_delays=DELAYS, restored_told_after=(0.0, 0.1))


def two_of_a_key() -> Iterator[History]:
    upload = RETRIED["accepted from quarantine"]
    yield History((upload, replace(upload, at=1.0)), retry_delays=DELAYS)


def _forgotten_leftovers(_: Any) -> Any:
    return lambda self, task: None


BUGS_IN_RETRIES = [
    Bug(
        "no condition on the claim",
        instead(Records, "change", _unconditional_claim),
        "changed under the same fate",
        refired,
    ),
    Bug(
        "retry not counted",
        instead(Records, "change", _uncounted),
        "changed under the same fate",
        refired,
    ),
    Bug(
        "retry begun beside another",
        instead(Records, "change", _beside_another),
        "a record was written for no upload",
        asked_beside_another,
    ),
    Bug(
        "rescuer of a retry in its own name",
        instead(Reattempts, "claim", _in_its_own_name),
        "was begun and never concluded",
        one_retried,
    ),
    Bug(
        "restored without a look for a newer upload",
        instead(Restorer, "_is_newer", _never_newer),
        "hides upload 2",
        retried_beside_users,
    ),
    Bug(
        "unconditional copy",
        instead(Copies, "make", _unconditional_copy),
        "hides upload 2",
        retried_beside_users,
    ),
    Bug(
        "copy in quarantine deleted before the record",
        instead(Fates, "_record", _removed_before_recorded),
        "names was removed",
        one_retried,
    ),
    Bug(
        "schedule made after publishing, its failure swallowed",
        _published_before_scheduled,
        "never came",
        retried_in_an_outage,
    ),
    Bug(
        "retry called off by a late duplicate",
        instead(Steps, "_schedule", _by_the_processor_too),
        "could have been scheduled",
        retried_late,
    ),
    Bug(
        "retry that no record announces any more",
        instead(Claims, "claim", _whoever_announced_it),
        "said to be parked, and was retried by itself",
        schedule_refused_to_the_next_try,
    ),
    Bug(
        "event of a restored copy processed",
        instead(Restorer, "made", _nothing_was_restored),
        "a record was written for no upload",
        one_retried,
    ),
    Bug(
        "event of a restored copy known only once it is recorded",
        instead(Claims, "has_restored", _only_once_recorded),
        "which nobody uploaded",
        told_at_once,
    ),
    Bug(
        "whatever has our metadata passed over",
        instead(Restorer, "_is_of_a_retry", _by_its_metadata),
        "it has no fate",
        retried_beside_users,
    ),
    Bug(
        "restored copy left when the next try rejects",
        instead(Restorer, "remove", _left_there),
        "in the input bucket",
        one_retried,
    ),
    Bug(
        "what S3 refused to delete forgotten when a retry is accepted",
        instead(Steps, "_drop_leftovers", _forgotten_leftovers),
        "what was uploaded is still in the input bucket too",
        retried_where_deletes_are_refused,
    ),
    Bug(
        "parked without an alert",
        instead(Alerts, "publish", _parks_in_silence),
        "nobody was told",
        one_retried,
    ),
    Bug(
        "retried for ever",
        instead(Schedules, "plans", _never_parks),
        "it was retried by itself",
        one_retried,
    ),
    Bug(
        "what a retry finds recorded not looked at",
        instead(Claims, "conclude", _not_looked_at),
        "was deleted while its record said PROCESSED",
        retried_late,
    ),
    Bug(
        "history forgotten",
        instead(handler.aws.claims, "history_with", _forgotten),
        "its history",
        one_retried,
    ),
    Bug(
        "one schedule for two files of a key",
        instead(handler.aws.schedules, "_name", _named_after_the_key),
        "never came",
        two_of_a_key,
    ),
    Bug(
        "finished retry not counted by the metric",
        instead(handler.log, "retry_finished", _uncounted_by_metrics),
        "was never counted",
        one_retried,
    ),
]
