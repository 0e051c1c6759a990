"""Lambda entry point: what the processor could not bring to an end comes here.

Lambda hands over the event with the last error. The cause decides: what `process` failed on
is set aside, everything else is held. The user's code is never imported here.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from dataclasses import dataclass
from typing import Any

from . import log
from .dispatch import deal_with_each, retry, uploads
from .model.delivery import Delivery, Outcome
from .model.errors import PROCESS_FAULTS, Code, Fault, code_and_reason
from .model.event import is_retry, is_test, quoted, records_of
from .pipeline import Pipeline, deployed

# `Runtime.HandlerError`, "Worker process died" and a throttle that looks like the function's own
# answer are the local emulator's.
_DIED_TYPES = frozenset({"Runtime.ExitError", "Runtime.OutOfMemory", "Runtime.HandlerError"})
_THROTTLED = "TooManyRequestsException"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the processor gave up on an event."""

    code: Code
    reason: str

    @property
    def is_the_file(self) -> bool:
        """True when `process` failed on the file at the last try."""
        return self.code in PROCESS_FAULTS


def handler(event: Any, context: Any) -> None:
    """Give every upload of a failure record its fate; raise a `Fault` if even that fails.

    Lambda then retries, and at last keeps the event in the queue of kept events, with an alarm.
    """
    request = _map_in(event, "requestContext")
    if not request or "requestPayload" not in event:
        raise Fault(Code.CONFIGURATION, f"not a failure record of Lambda: {quoted(event)}")
    payload = event["requestPayload"]
    # Only the emulator leaves out the id of the request that failed.
    owner = str(request.get("requestId") or context.aws_request_id)
    if is_test(payload):
        log.note("S3 test event: nothing to rescue")
        return
    pipeline = deployed()
    if is_retry(payload):
        files, finds = 1, iter(retry(pipeline, payload, owner, rescuing=True))
    else:
        records = records_of(payload)
        files, finds = len(records), uploads(pipeline, records, owner, rescuing=True)
    cause = diagnose(event, has_process=bool(pipeline.settings.process_entry), files=files)
    deal_with_each(pipeline, finds, context, lambda delivery: decide(pipeline, delivery, cause))


def decide(pipeline: Pipeline, delivery: Delivery, cause: Cause) -> Outcome:
    """Set aside what the file caused, hold what it did not or what cannot be moved."""
    fates = pipeline.fates
    if not cause.is_the_file:
        return fates.hold(delivery, cause.code, cause.reason)
    try:
        return fates.reject(delivery, cause.code, cause.reason)
    except Fault as fault:
        if not fault.lasting:
            raise
        reason = f"{fault.reason} It was to be set aside: {cause.code}: {cause.reason}"
        return fates.hold(delivery, fault.code, reason)


def diagnose(event: dict[str, Any], *, has_process: bool, files: int) -> Cause:
    """Tell from the last error who is to blame. Without proof against `process`, nobody is.

    A function that dies or is stopped says nothing about which of several `files` did it.
    """
    if _map_in(event, "requestContext").get("condition") == "EventAgeExceeded":
        return Cause(Code.EVENT_TOO_OLD, "It waited too long for its turn.")
    context, error = _map_in(event, "responseContext"), _map_in(event, "responsePayload")
    answered = context.get("functionError") and context.get("statusCode", 200) == 200
    if not answered or error.get("__type") == _THROTTLED:
        return Cause(
            Code.NOT_STARTED,
            "Lambda never started the function for it: its concurrency is used up or set to zero.",
        )
    message, kind = str(error.get("errorMessage", "")), str(error.get("errorType", ""))
    if known := code_and_reason(message):
        return Cause(*known)
    if has_process and files == 1 and (cause := _stopped_in_process(kind, message)):
        return cause
    if kind == "Sandbox.Timedout":
        return Cause(Code.OUT_OF_TIME, "The function was stopped at its time-out.")
    if kind.startswith("Runtime.") and kind not in _DIED_TYPES:
        return Cause(Code.CONFIGURATION, f"The function could not start: {kind}: {message}")
    return Cause(Code.INTERNAL_ERROR, f"{kind}: {message}")


def _map_in(event: Any, name: str) -> dict[str, Any]:
    """What a failure record holds under `name`; empty when that is no map."""
    value = event.get(name) if isinstance(event, dict) else None
    return value if isinstance(value, dict) else {}


def _stopped_in_process(kind: str, message: str) -> Cause | None:
    """The function was killed. Our own calls to AWS give up before that, so it was `process`."""
    if kind == "Sandbox.Timedout" or "Task timed out after" in message:
        return Cause(Code.PROCESS_TIMED_OUT, "process did not return in time and was stopped.")
    if kind in {"Runtime.ExitError", "Runtime.OutOfMemory"} or "Worker process died" in message:
        # Exit status 137 is how a shell says killed.
        if (
            kind == "Runtime.OutOfMemory"
            or "signal: killed" in message
            or "exit status 137" in message
        ):
            return Cause(Code.PROCESS_OUT_OF_MEMORY, "process was killed: out of memory.")
        return Cause(Code.PROCESS_CRASHED, f"process ended the function: {message}")
    return None
