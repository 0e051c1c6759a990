"""What a failure record of Lambda says about who is to blame.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from dataclasses import dataclass
from typing import Any

from .model.errors import PROCESS_FAULTS, UNFINISHED, Code, code_and_reason

# `Runtime.HandlerError`, "Worker process died" and a throttle that looks like the function's own
# answer are the local emulator's.
_DIED_TYPES = frozenset({"Runtime.ExitError", "Runtime.OutOfMemory", "Runtime.HandlerError"})
_THROTTLED = "TooManyRequestsException"
# What Lambda raises for a stopped loop; an asynchronous event then goes to the destination.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
# Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
_LOOP = "Recursive"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the processor gave up on an event."""

    code: Code
    reason: str
    refusal: tuple[str, str] | None = None
    """Code and reason with which the file is set aside, if it is."""
    tries: int = 0
    """So many tries must have had the file in hand; more than 0 where the function died."""

    def of(self, tries_in_hand: int) -> tuple[str, str] | None:
        """The refusal of a file that was in hand at so many tries; None when it is not proven."""
        return self.refusal if tries_in_hand >= self.tries else None


def diagnose(event: dict[str, Any], *, has_process: bool, files: int) -> Cause:
    """Tell from the last error who is to blame. Without proof against `process`, nobody is.

    A function that dies or is stopped says nothing about which of several `files` did it.
    """
    if cause := _never_started(event):
        return cause
    error = map_in(event, "responsePayload")
    message, kind = str(error.get("errorMessage", "")), str(error.get("errorType", ""))
    if known := code_and_reason(message):
        return _said(*known)
    if ended := _ended(kind, message):
        return _died(event, *ended, may_be_the_file=has_process and files == 1)
    if kind.startswith("Runtime.") and kind not in _DIED_TYPES:
        return Cause(Code.CONFIGURATION, f"The function could not start: {kind}: {message}")
    return Cause(Code.INTERNAL_ERROR, f"{kind}: {message}")


def _never_started(event: dict[str, Any]) -> Cause | None:
    request, context = map_in(event, "requestContext"), map_in(event, "responseContext")
    error = map_in(event, "responsePayload")
    if request.get("condition") == "EventAgeExceeded":
        return Cause(Code.EVENT_TOO_OLD, "It waited too long for its turn.")
    answered = context.get("functionError") and context.get("statusCode", 200) == 200
    if answered and error.get("__type") != _THROTTLED:
        return None
    if _LOOP in json.dumps([request, context, error]) or _wrote_it(event):
        return Cause(
            Code.LOOP_STOPPED,
            "Lambda stopped a loop: process writes to the input bucket, and so causes its own next "
            "event. It is not tried again by itself.",
        )
    return Cause(
        Code.NOT_STARTED,
        "Lambda never started the function for it: its concurrency is used up or set to zero.",
    )


def _died(
    event: dict[str, Any], code: Code, what: str, blame: Code, *, may_be_the_file: bool
) -> Cause:
    """The claim of a retry counts the tries that had the file in hand; a first attempt has none."""
    if not may_be_the_file:
        return Cause(code, what)
    unproven = f"{what} Whether process had this file in hand is not known; a retry will tell."
    tries = map_in(event, "requestContext").get("approximateInvokeCount")
    if not isinstance(tries, int) or tries < 1:
        return Cause(code, unproven)
    return Cause(code, unproven, (str(blame), _BLAMES[blame]), tries)


def map_in(event: Any, name: str) -> dict[str, Any]:
    """What a failure record holds under `name`; empty when that is no map."""
    value = event.get(name) if isinstance(event, dict) else None
    return value if isinstance(value, dict) else {}


def _said(code: Code, reason: str) -> Cause:
    """What the handler itself found out."""
    refusal = (str(code), reason) if code in PROCESS_FAULTS else None
    if code is Code.OUT_OF_TIME and reason.startswith(UNFINISHED):
        its_code, _, its_reason = reason.removeprefix(UNFINISHED).partition(": ")
        refusal = its_code, its_reason
    return Cause(code, reason, refusal)


_BLAMES = {
    Code.PROCESS_TIMED_OUT: "process did not return in time and was stopped.",
    Code.PROCESS_OUT_OF_MEMORY: "process was killed: out of memory.",
    Code.PROCESS_CRASHED: "process ended the function.",
}


def _ended(kind: str, message: str) -> tuple[Code, str, Code] | None:
    """How a function ended without an answer: as nobody's fault, in words, and as `process`'s."""
    if kind == "Sandbox.Timedout" or "Task timed out after" in message:
        return (
            Code.OUT_OF_TIME,
            "The function was stopped at its time-out.",
            Code.PROCESS_TIMED_OUT,
        )
    if kind not in {"Runtime.ExitError", "Runtime.OutOfMemory"} and (
        "Worker process died" not in message
    ):
        return None
    # Exit status 137 is how a shell says killed.
    words = ("signal: killed", "exit status 137")
    if kind == "Runtime.OutOfMemory" or any(word in message for word in words):
        what = "The function was killed, out of memory as a rule."
        return Code.FUNCTION_DIED, what, Code.PROCESS_OUT_OF_MEMORY
    return Code.FUNCTION_DIED, f"The function ended: {message}.", Code.PROCESS_CRASHED


def _wrote_it(event: dict[str, Any]) -> bool:
    """True when the function itself uploaded the file, which it then was not started for.

    S3 names the role session that made an object, and Lambda names its session after the function.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """
    name = str(map_in(event, "requestContext").get("functionArn", "")).split(":")[6:7]
    records = map_in(event, "requestPayload").get("Records")
    first = records[0] if isinstance(records, list) and records else None
    principal = map_in(first, "userIdentity").get("principalId", "")
    return bool(name) and str(principal).endswith(f":{name[0]}")
