"""What must be true of the retries of an upload once all is over, whatever happened."""

from collections.abc import Iterator

from .buckets import Version
from .changes import is_being_retried, retries
from .fact import Fact, PlainItem
from .scheduler import Schedule
from .world import World

_WAITING = ("QUARANTINED", "HELD")
TRIED_AGAIN = {
    "PROCESS_FAILED",
    "PROCESS_TIMED_OUT",
    "PROCESS_CRASHED",
    "PROCESS_OUT_OF_MEMORY",
    "HELD_BY_PROCESS",
    "SYSTEM_ERROR",
    "UNRECORDABLE_RESULT",
    "AWS_ERROR",
    "OUT_OF_TIME",
    "EVENT_TOO_OLD",
    "NOT_STARTED",
    "FUNCTION_DIED",
    "CONFIGURATION",
    "INTERNAL_ERROR",
}
"""Written out, as the handler's own list is what is judged."""


def violations(world: World, fact: Fact) -> Iterator[str]:
    """Of one upload."""
    yield from counted(world, fact)
    if fact.record is not None and not fact.loose_ends:
        yield from announced(world, fact, fact.record)
    yield from restored(world, fact)


def counted(world: World, fact: Fact) -> Iterator[str]:
    """Every retry is, and so there is an end to them."""
    record = fact.record
    if record and retries(record) != len(fact.claims):
        yield f"its record says {retries(record)} retries, it was claimed by {fact.claims}"
    by_themselves = [owner for owner in fact.claims if owner in world.scheduler.requests]
    delays = world.history.retry_delays
    if len(by_themselves) > len(delays):
        yield f"it was retried by itself {len(by_themselves)} times, with the delays {delays}"
    made = [one.payload["Retry"]["retries"] for one in _schedules(world, fact)]
    if any(number >= len(delays) for number in made):
        yield f"retries {made} were scheduled, with the delays {delays}"


def announced(world: World, fact: Fact, record: PlainItem) -> Iterator[str]:
    """What waits is said to be retried, and is; or is said to be parked."""
    if record["status"] not in _WAITING:
        for name in ("retry_at", "parked"):
            if name in record:
                yield f"it is {record['status']}, and says {name}"
        return
    if is_being_retried(record):
        yield f"a retry of {record['retry_owner']} was begun and never concluded"
    if record["reason_code"] == "LOOP_STOPPED" and record.keys() & {"retry_at", "parked"}:
        yield "a loop that Lambda stopped was to be retried by itself"
    if "retry_at" in record:
        yield f"the retry announced for {record['retry_at']} never came"
    elif (
        world.history.retry_delays
        and record["reason_code"] in TRIED_AGAIN
        and not record.get("parked")
    ):
        yield "nothing will try it again, and it is not called parked"
    parked_early = record.get("parked") and retries(record) < len(world.history.retry_delays)
    if parked_early and "create_schedule" not in world.wire.refused:
        yield f"it is parked after {retries(record)} retries, and could have been scheduled"


def restored(world: World, fact: Fact) -> Iterator[str]:
    """What came back is the one that its record names, and lies on no newer upload."""
    record = fact.record
    named = record["version_id"] if record and "restored_from" in record else None
    there = {version.version_id for version, _ in fact.restored if _is_there(world, version)}
    gone = {version.version_id for version in fact.removed_by_user}
    if named and named not in there | gone:
        yield f"the restored version {named}, which its record names, is not there"
    if not fact.loose_ends:
        there = {one for one in there if one == named or not world.refused_to_delete(one)}
        if strays := there - {named}:
            yield f"a retry left {sorted(strays)} in the input bucket"
        for version, _ in fact.restored:
            if version.version_id in there:
                yield from _hides(world, fact, version)
    if record and record["status"] == "PROCESSED" and fact.was_set_aside and not named:
        yield from _left_aside(world, fact, record)


def _hides(world: World, fact: Fact, version: Version) -> Iterator[str]:
    order = [one.version_id for one in world.input.versions_of(version.key)]
    below = order[order.index(version.version_id) :]
    for other in world.watch.facts:
        is_newer = other.version.last_modified > fact.version.last_modified
        if is_newer and other.event.key == fact.event.key and other.version.version_id in below:
            yield f"its restored {version.version_id} hides {other}"


def _left_aside(world: World, fact: Fact, record: PlainItem) -> Iterator[str]:
    """Accepted, and not brought back: only for the sake of a newer upload."""
    if "location_version_id" not in record:
        if fact.removed_by is not None:
            yield "it was set aside and accepted, and its record does not say where it is"
        return
    second = fact.version.last_modified.replace(microsecond=0)
    newer = [
        other
        for other in world.watch.facts
        if other is not fact
        and other.event.key == fact.event.key
        and other.version.last_modified >= second
    ]
    if not newer:
        yield "it was accepted and left in quarantine, and there was no newer upload"


def _schedules(world: World, fact: Fact) -> list[Schedule]:
    return [
        one
        for one in world.scheduler.made
        if one.payload["Retry"]["upload_id"] == fact.event.upload_id
        and one.payload["Retry"]["object_key"] == fact.event.key
    ]


def _is_there(world: World, version: Version) -> bool:
    return world.input.find(version.key, version.version_id) is not None
