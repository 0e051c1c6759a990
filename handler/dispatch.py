"""What both entry points do with what an event brings: each in turn, whatever befalls one."""

from collections.abc import Callable, Iterable
from typing import Any

from . import clock, log
from .deadline import deadline
from .doors.arrivals import Door, door_of
from .model.delivery import Delivery, Outcome
from .model.errors import (
    PROCESS_FAULTS,
    REASON_LENGTH,
    Code,
    DeadlineReached,
    Fault,
    ObjectMissing,
    described,
)
from .model.event import Made, Upload
from .pipeline import Pipeline

Find = Callable[[], Delivery | None]
"""Finds the upload that is to be dealt with; None when it is to be passed over."""
Decide = Callable[[Delivery], Outcome]


def deal_with_each(pipeline: Pipeline, finds: Iterable[Find], context: Any, decide: Decide) -> None:
    """Bring each upload that is found to its fate with `decide`; then raise what went wrong.

    Lambda tries the whole event again, which is harmless for what is done already.
    """
    faults: list[tuple[Upload | None, Fault]] = []
    try:
        with deadline(context):
            all_finds = list(finds)
            for number, find in enumerate(all_finds, 1):
                if failed := _deal_with(pipeline, find, decide):
                    faults.append(failed)
                    time_is_up = isinstance(failed[1].__cause__, DeadlineReached)
                    if time_is_up and number < len(all_finds):
                        raise DeadlineReached
    except DeadlineReached:
        late = Fault(Code.OUT_OF_TIME, "the time of the invocation was up; raise timeout_seconds")
        log.fault(None, late)
        faults.append((None, late))
    if faults:
        raise _one_for_all(faults)


def uploads(pipeline: Pipeline, event: Any, owner: str, *, rescuing: bool = False) -> list[Find]:
    """The uploads that an event tells of, whichever door it came through."""
    door = door_of(event)

    def find_in(record: Any) -> Find:
        return lambda: _arrived(pipeline, door, record, owner, rescuing=rescuing)

    return [find_in(record) for record in door.records_of(event)]


def retry(pipeline: Pipeline, event: Any, owner: str, *, rescuing: bool = False) -> list[Find]:
    """The upload that a retry is about, once it is claimed.

    The user's code is loaded before that: so a claim proves that the file was in its hands.
    """

    def find() -> Delivery | None:
        in_hand = not rescuing and pipeline.process is not None
        return pipeline.reattempts.claim(event, owner, rescuing=rescuing, in_hand=in_hand)

    return [find]


def _arrived(
    pipeline: Pipeline, door: Door, record: Any, owner: str, *, rescuing: bool
) -> Delivery | None:
    if (name := door.other_event(record)) is not None:
        log.note(f"passed over: S3 event {name}")
        return None
    upload = door.parse(record, pipeline.settings.input_bucket)
    if pipeline.settings.rules.ignores(upload):
        log.ignored(upload)
        return None
    delivery = Delivery(upload, owner, clock.monotonic(), rescuing)
    return _looked_at(pipeline, delivery) if _may_be_restored(upload) else delivery


def _looked_at(pipeline: Pipeline, delivery: Delivery) -> Delivery | None:
    """None for what a retry restored, and for what is no longer there to be told from it."""
    try:
        if not pipeline.restorer.made(delivery.upload):
            return delivery
    except ObjectMissing:
        log.outcome(pipeline.settings.pipeline, delivery, pipeline.fates.mark_gone(delivery))
        return None
    except Fault:
        if not delivery.rescuing:
            raise
        # It gets its fate all the same, as a file that needs no look.
        return delivery
    log.restored(delivery.upload)
    return None


def _may_be_restored(upload: Upload) -> bool:
    """Made as a retry makes a file that it restores. Nothing else pays for a look at it."""
    if upload.made is Made.IN_PARTS:
        from .aws import copies  # noqa: PLC0415 - few files need it

        return upload.size_bytes > copies.ONE_CALL_BYTES
    return upload.made is Made.BY_COPY


def _deal_with(
    pipeline: Pipeline, find: Find, decide: Decide
) -> tuple[Upload | None, Fault] | None:
    delivery = None
    try:
        delivery = find()
        if delivery is None:
            return None
        log.outcome(pipeline.settings.pipeline, delivery, decide(delivery))
        return None
    except Fault as known:
        fault = known
    except Exception as bug:  # noqa: BLE001
        # The other records of the event still get their turn; this one will be held.
        fault = Fault(Code.INTERNAL_ERROR, described(bug))
        fault.__cause__ = bug
        fault.traceback = _traceback_of(bug)
    upload = delivery.upload if delivery else None
    log.fault(upload, fault)
    return upload, fault


def _traceback_of(bug: Exception) -> str:
    from .tracebacks import traceback_of  # noqa: PLC0415 - for what should never happen

    return traceback_of(bug)


def _one_for_all(faults: list[tuple[Upload | None, Fault]]) -> Fault:
    """What the rescuer is told of all files that an event leaves unfinished: one text.

    Its code is one that is not `process`'s, if there is any: they are set aside only when `process`
    alone is to blame. Where reasons differ, it says which is whose.
    """
    worst = next((fault for _, fault in faults if fault.code not in PROCESS_FAULTS), faults[0][1])
    if len({str(fault) for _, fault in faults}) == 1:
        return worst
    room = REASON_LENGTH // len(faults) - len("; ")
    each = [f"{_name(upload)}: {fault}"[:room] for upload, fault in faults]
    together = Fault(worst.code, "; ".join(each))
    together.__cause__ = worst
    return together


def _name(upload: Upload | None) -> str:
    """The end of a key tells more than its begin."""
    return upload.key[-100:] if upload else "the rest"
