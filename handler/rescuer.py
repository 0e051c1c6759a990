"""Lambda entry point: what the processor could not bring to an end comes here.

Lambda hands over the event with the last error. The cause decides: what `process` failed on
is set aside, everything else is held. The user's code is never imported here.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from typing import Any

from . import log
from .diagnosis import Cause, diagnose, map_in
from .dispatch import deal_with_each, retry, uploads
from .model.delivery import Delivery, Outcome
from .model.errors import Code, Fault, Rejection
from .model.event import is_retry, is_test, quoted
from .pipeline import Pipeline, deployed


def handler(event: Any, context: Any) -> None:
    """Give every upload of a failure record its fate; raise a `Fault` if even that fails.

    Lambda then retries, and at last keeps the event in the queue of kept events, with an alarm.
    """
    request = map_in(event, "requestContext")
    if not request or "requestPayload" not in event:
        raise Fault(Code.CONFIGURATION, f"not a failure record of Lambda: {quoted(event)}")
    payload = event["requestPayload"]
    # Only the emulator leaves out the id of the request that failed.
    owner = str(request.get("requestId") or context.aws_request_id)
    if is_test(payload):
        log.note("S3 test event: nothing to rescue")
        return
    pipeline = deployed()
    finds = (retry if is_retry(payload) else uploads)(pipeline, payload, owner, rescuing=True)
    cause = diagnose(event, has_process=bool(pipeline.settings.process_entry), files=len(finds))
    deal_with_each(pipeline, finds, context, lambda delivery: decide(pipeline, delivery, cause))


def decide(pipeline: Pipeline, delivery: Delivery, cause: Cause) -> Outcome:
    """Set aside what the file caused, hold what it did not or what cannot be moved."""
    fates = pipeline.fates
    tries_in_hand = (delivery.claimed or {}).get("tries_in_hand", 0)
    refusal = cause.of(tries_in_hand) or _refused_by_rule(pipeline, delivery, cause)
    if refusal is None:
        return fates.hold(delivery, cause.code, cause.reason)
    try:
        return fates.reject(delivery, *refusal)
    except Fault as fault:
        if not fault.lasting:
            raise
        reason = f"{fault.reason} It was to be set aside: {': '.join(refusal)}"
        return fates.hold(delivery, fault.code, reason)


def _refused_by_rule(
    pipeline: Pipeline, delivery: Delivery, cause: Cause
) -> tuple[str, str] | None:
    """Of a file that the processor had no time to move."""
    if cause.code is Code.OUT_OF_TIME:
        try:
            pipeline.settings.rules.check(delivery.upload)
        except Rejection as rejection:
            return rejection.code, rejection.reason
    return None
