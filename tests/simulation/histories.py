"""A history: everything that is going to happen to a pipeline, as plain data.

It holds no behaviour of the handler's, only the world's: so it can be drawn at random, shrunk,
printed, and played again.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from .buckets import Lock
from .troubles import Trouble


class Answer(StrEnum):
    """What the user's `process` does with a file on one try."""

    ACCEPT = "accepts"
    READ_AND_ACCEPT = "reads and accepts"
    REJECT = "rejects"
    READ_AND_REJECT = "reads and rejects"
    FAIL = "raises an error"
    READ_AND_HIDE = "reads and accepts, but calls any trouble its own"
    AWS_FAIL = "raises what an AWS call of its own answered"
    SLOW = "is still running when its time is up"
    STUCK = "does not even hear that its time is up"
    CRASH = "ends the function"
    OUT_OF_MEMORY = "takes all memory"


BLAMES_THE_FILE = frozenset(Answer) - {
    Answer.ACCEPT,
    Answer.READ_AND_ACCEPT,
    Answer.READ_AND_HIDE,
    Answer.AWS_FAIL,
}


class Load(StrEnum):
    """How the user's code is loaded in a new instance of the processor."""

    WELL = "is loaded"
    RAISES = "cannot be loaded"
    CRASH = "ends the function while it is loaded"
    OUT_OF_MEMORY = "takes all memory while it is loaded"
    STUCK = "is still being loaded when the function is stopped"


class Sending(StrEnum):
    """How Lambda delivers one failure record to its destination."""

    ONCE = "once"
    LATE = "an hour late"
    TWICE = "twice"
    NEVER = "never"


class Firing(StrEnum):
    """How EventBridge Scheduler carries out one schedule."""

    ON_TIME = "at its time"
    LATE = "at the end of its window"
    TWICE = "twice at once"
    AGAIN = "once more when its window is over"
    DOUBLED = "at its time, and Lambda's queue delivers it twice"
    REFUSED = "an hour late, for its target refused until then"


class Act(StrEnum):
    """What users do to a key besides uploading it."""

    DELETE = "deletes the key"
    """Without naming a version: a marker hides the object, which is still there."""
    DELETE_VERSION = "deletes that version for good"
    DELETE_COPY = "deletes its copy in quarantine for good"
    DELETE_RESTORED = "deletes what retries of it restored for good"
    COPY_ONTO_ITSELF = "copies what the key shows onto itself, with its metadata"
    COPY_ELSEWHERE = "copies what the key shows to another key, with its metadata"


class Order(StrEnum):
    """What operators do with a file that waits for somebody."""

    RETRY = "retries it"
    RETRY_TOGETHER = "retries it, as another does at the same time"
    RETRY_AS_BEFORE = "retries it with the number of the retry before"
    RETRY_REGARDLESS = "retries it, even while it is being retried"
    DISCARD = "discards it"


@dataclass(frozen=True, slots=True)
class Upload:
    """A user uploads a file, and S3 tells of it at least once."""

    key: str = "in/a.csv"
    at: float = 0
    """Seconds from the start; all times here are."""
    size: int = 12
    """0 is rejected by the rules; more than `ONE_CALL_BYTES` is copied in parts."""
    answers: tuple[Answer, ...] = (Answer.ACCEPT,)
    """Of `process`, one a try; the last one is repeated. Ignored where there is no `process`."""
    told_after: tuple[float, ...] = (0.5,)
    """When S3 tells of it, in seconds after the upload; the second and later are duplicates."""
    told_with_next: bool = False
    """The first notification also holds that of the next upload."""
    doubled_after: float | None = None
    """Lambda's queue delivers the first event twice, under one request id, this much later."""
    lock: Lock | None = None
    same_as: int | None = None
    """The number of the upload whose content, and so whose ETag, it has; None for one of its own.
    """


@dataclass(frozen=True, slots=True)
class UserAct:
    at: float
    act: Act
    upload: int


@dataclass(frozen=True, slots=True)
class OperatorAct:
    at: float
    order: Order
    upload: int


@dataclass(frozen=True, slots=True)
class Mishap:
    """Trouble in one call, so many calls (of all invocations) after the mishap before it."""

    after_calls: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Outage:
    """Trouble in every call of one service, or of all, for a while."""

    service: str
    """s3, dynamodb, sns, scheduler or all."""
    at: float
    seconds: float
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Limit:
    """How many invocations of a function may run at a time, for a while; 0 is the stop."""

    function: str
    at: float
    seconds: float
    concurrency: int


@dataclass(frozen=True, slots=True)
class History:
    """One run of the world."""

    uploads: tuple[Upload, ...] = (Upload(),)
    user_acts: tuple[UserAct, ...] = ()
    operator_acts: tuple[OperatorAct, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
    outages: tuple[Outage, ...] = ()
    limits: tuple[Limit, ...] = ()
    sendings: tuple[Sending, ...] = ()
    """One for each failure record in turn; after these, once."""
    paces: tuple[tuple[float, ...], ...] = ()
    """Seconds that each call of each invocation takes, in the order of their starts."""
    has_process: bool = True
    loads: tuple[Load, ...] = ()
    """One for each instance of the processor that loads `process`, in turn; after these, well."""
    retry_delays: tuple[int, ...] = ()
    """Minutes before each automatic retry; none where files are not tried again by themselves."""
    firings: tuple[Firing, ...] = ()
    """One for each schedule in turn; after these, at its time."""
    kept: tuple[str, ...] = ()
    """`input`, `quarantine`, or both: where S3 refuses to delete any version for good, as under
    Object Lock or a policy of the organisation. Not in the calm that follows."""
    loops: tuple[bool, ...] = ()
    """For each event of S3's in turn, whether Lambda stops it as a part of a loop; then none."""
    restored_told_after: tuple[float, ...] = (0.5,)
    """When S3 tells of an object that a retry restored; the second and later are duplicates."""

    def but(self, **changes: object) -> "History":
        """The same history with these fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
