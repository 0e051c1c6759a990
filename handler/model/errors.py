"""Two kinds of trouble, and the one place that tells which an AWS error is.

A `Rejection` is the file's fault: it is set aside now and never retried. A `Fault` is everything
else: it is raised out of the handler, Lambda retries, and the rescuer has the last word.
"""

import re
from enum import StrEnum
from typing import Any

REASON_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
UNFINISHED = "time ran out while the file was moved to quarantine: "
"""Begins the reason of an OUT_OF_TIME; the code and the reason of a rejection follow."""
REASON_LENGTH = 1_000
"""Characters of a reason that are kept: enough for a person, far below every limit of AWS."""


class Code(StrEnum):
    """Why a file has its fate. Stable: people filter, alert and script on these words."""

    # Rejected by a rule.
    EMPTY_FILE = "EMPTY_FILE"
    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    WRONG_TYPE = "WRONG_TYPE"
    # `process` did not cope with the file, every time it was tried.
    PROCESS_FAILED = "PROCESS_FAILED"
    PROCESS_TIMED_OUT = "PROCESS_TIMED_OUT"
    PROCESS_CRASHED = "PROCESS_CRASHED"
    PROCESS_OUT_OF_MEMORY = "PROCESS_OUT_OF_MEMORY"
    # Not the file's fault.
    HELD_BY_PROCESS = "HELD_BY_PROCESS"
    SYSTEM_ERROR = "SYSTEM_ERROR"
    UNRECORDABLE_RESULT = "UNRECORDABLE_RESULT"
    AWS_ERROR = "AWS_ERROR"
    OUT_OF_TIME = "OUT_OF_TIME"
    EVENT_TOO_OLD = "EVENT_TOO_OLD"
    NOT_STARTED = "NOT_STARTED"
    FUNCTION_DIED = "FUNCTION_DIED"
    LOOP_STOPPED = "LOOP_STOPPED"
    CONFIGURATION = "CONFIGURATION"
    CANNOT_BE_MOVED = "CANNOT_BE_MOVED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    # Nobody's fault.
    DELETED_BY_SOMEONE = "DELETED_BY_SOMEONE"
    # An operator's word: `scalper discard`.
    DISCARDED = "DISCARDED"


PROCESS_FAULTS = frozenset(
    {
        Code.PROCESS_FAILED,
        Code.PROCESS_TIMED_OUT,
        Code.PROCESS_CRASHED,
        Code.PROCESS_OUT_OF_MEMORY,
    }
)
"""The faults that, when they last, set a file aside rather than hold it."""


WORTH_RETRYING = PROCESS_FAULTS | {
    Code.HELD_BY_PROCESS,
    Code.SYSTEM_ERROR,
    Code.UNRECORDABLE_RESULT,
    Code.AWS_ERROR,
    Code.OUT_OF_TIME,
    Code.EVENT_TOO_OLD,
    Code.NOT_STARTED,
    Code.FUNCTION_DIED,
    Code.CONFIGURATION,
    Code.INTERNAL_ERROR,
}
"""What another day, or a mended deployment, can change. A rejection is about the file itself."""


class Rejection(Exception):
    """Raised, also by `process`, to refuse a file.

    `code` is a stable word for machines (A-Z, 0-9 and _, at most 64 characters, first a letter);
    `reason` is a sentence for the person who sent the file.
    """

    def __init__(self, code: str, reason: str) -> None:
        if not isinstance(code, str) or not REASON_CODE.fullmatch(code):
            raise ValueError(
                f"a rejection's code must be 1 to 64 of A-Z, 0-9 and _, first a letter "
                f"(got {code!r}); for example 'BAD_HEADER'"
            )
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = shorten(str(reason))


class HoldFile(Exception):
    """Raised by `process` when it cannot deal with a file, and the file is not at fault.

    The file is tried again, and is HELD when that does not help. `reason` is a sentence for the
    operator: what is missing or down.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = shorten(str(reason))


class Fault(Exception):
    """Not the file's fault, or not yet known to be.

    The text starts with the code, because the text is all that every failure record carries to
    the rescuer; `code_and_reason` reads it back.
    """

    traceback: str | None = None
    """What a person debugs it with; for the log alone."""

    def __init__(
        self, code: Code, reason: str, *, lasting: bool = False, throttled: bool = False
    ) -> None:
        super().__init__(f"{code}: {shorten(reason)}")
        self.code = code
        self.reason = shorten(reason)
        self.lasting = lasting
        """True when trying the same call again cannot help (refused, invalid, archived)."""
        self.throttled = throttled
        """True when AWS asks for fewer calls."""


class Conflict(Fault):
    """AWS refused a call because something else is there: that name, or a newer object."""


class DeadlineReached(BaseException):
    """The invocation's time is nearly up. Not an Exception, so that `except Exception` in the
    user's code does not swallow it."""


class ObjectMissing(Exception):
    """S3 says 404 for this key and version: somebody deleted it. A 403 never means this."""


class ConditionFailed(Exception):
    """A conditional write found another item, which DynamoDB returned as `item` (typed JSON)."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__("the record has changed")
        self.item = item


def code_and_reason(text: str) -> tuple[Code, str] | None:
    """Read the code and the reason back from a `Fault`'s text; None when it is no fault of ours."""
    code, _, reason = text.partition(": ")
    return (Code(code), reason) if code in Code.__members__ else None


def described(error: BaseException) -> str:
    """The class and the text of an error, whatever its author made of `__str__`."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001
        return type(error).__name__


def shorten(text: str) -> str:
    """Cut a text to `REASON_LENGTH` and drop what UTF-8 cannot carry (lone surrogates)."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= REASON_LENGTH else f"{text[: REASON_LENGTH - 1]}…"
