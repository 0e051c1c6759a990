"""What both entry points do with the records of an S3 event: each in turn, whatever befalls one."""

import time
from collections.abc import Callable
from typing import Any

from . import log
from .deadline import DeadlineReached, deadline
from .errors import PROCESS_FAULTS, Code, Fault, described
from .event import is_creation, parse
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
    """Bring the upload of every record to its fate with `decide`; then raise the worst fault.

    Lambda tries the whole event again, which is harmless for what is done already.
    """
    faults = []
    try:
        with deadline(context):
            for record in records:
                fault = _deal_with(pipeline, record, decide, owner, rescuing)
                if fault:
                    faults.append(fault)
    except DeadlineReached:
        late = Fault(Code.OUT_OF_TIME, "the time of the invocation was up; raise timeout_seconds")
        log.fault(None, late)
        faults.append(late)
    if faults:
        raise _worst(faults)


def _deal_with(
    pipeline: Pipeline, record: Any, decide: Decide, owner: str, rescuing: bool
) -> Fault | None:
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
    return fault


def _worst(faults: list[Fault]) -> Fault:
    """One that is not `process`'s, if there is any.

    The rescuer sets aside what an event leaves unfinished only when `process` alone is to blame.
    """
    return next((fault for fault in faults if fault.code not in PROCESS_FAULTS), faults[0])
