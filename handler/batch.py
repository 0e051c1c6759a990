"""What both entry points do with the records of an S3 event: each in turn, whatever befalls one."""

import time
from collections.abc import Callable
from typing import Any

from . import log
from .deadline import DeadlineReached, deadline
from .errors import PROCESS_FAULTS, REASON_LENGTH, Code, Fault, described
from .event import Upload, is_creation, parse
from .fates import Delivery, Outcome
from .pipeline import Pipeline

Decide = Callable[[Delivery], Outcome]


def deal_with_each(
    pipeline: Pipeline,
    records: list[Any],
    context: Any,
    decide: Decide,
    *,
    owner: str,
    rescuing: bool = False,
) -> None:
    """Bring the upload of every record to its fate with `decide`; then raise what went wrong.

    Lambda tries the whole event again, which is harmless for what is done already.
    """
    faults: list[tuple[Upload | None, Fault]] = []
    try:
        with deadline(context):
            for record in records:
                if failed := _deal_with(pipeline, record, decide, owner, rescuing):
                    faults.append(failed)
    except DeadlineReached:
        late = Fault(Code.OUT_OF_TIME, "the time of the invocation was up; raise timeout_seconds")
        log.fault(None, late)
        faults.append((None, late))
    if faults:
        raise _one_for_all(faults)


def _deal_with(
    pipeline: Pipeline, record: Any, decide: Decide, owner: str, rescuing: bool
) -> tuple[Upload | None, Fault] | None:
    upload = None
    try:
        if not is_creation(record):
            log.note(f"passed over: S3 event {record['eventName']}")
            return None
        upload = parse(record, pipeline.settings.input_bucket)
        if pipeline.settings.rules.ignores(upload):
            log.ignored(upload)
            return None
        delivery = Delivery(upload, owner, time.monotonic(), rescuing)
        log.outcome(pipeline.settings.pipeline, delivery, decide(delivery))
        return None
    except Fault as known:
        fault = known
    except Exception as bug:  # noqa: BLE001
        # The other records of the event still get their turn; this one will be held.
        fault = Fault(Code.INTERNAL_ERROR, described(bug))
        fault.__cause__ = bug
    log.fault(upload, fault)
    return upload, fault


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
