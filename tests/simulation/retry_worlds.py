"""Small worlds in which files are tried again, tried out whole."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from .buckets import Lock
from .histories import (
    Act,
    Answer,
    Firing,
    History,
    Mishap,
    OperatorAct,
    Order,
    Outage,
    Sending,
    Upload,
    UserAct,
)
from .interleavings import Actor, Scene
from .small_worlds import CRUEL, KEPT
from .stage import ONE_CALL_BYTES
from .timeline import START
from .troubles import TROUBLES, Kind, Trouble
from .world import World

FAILED = (Answer.FAIL,) * 3
HELD = (Answer.AWS_FAIL,) * 3
"""What `process` does until Lambda's tries of one invocation are used up."""

DELAYS = (10, 120)
"""Minutes, as a deployment may have them."""

RETRIED = {
    "accepted from quarantine": Upload(answers=(*FAILED, Answer.READ_AND_ACCEPT)),
    "accepted in parts": Upload(size=ONE_CALL_BYTES + 500, answers=(*FAILED, Answer.ACCEPT)),
    "accepted where it is held": Upload(answers=(*HELD, Answer.ACCEPT)),
    "rejected at last": Upload(answers=(*FAILED, Answer.READ_AND_REJECT)),
    "rejected where it is held": Upload(answers=(*HELD, Answer.REJECT)),
    "failed, then held up, then accepted": Upload(answers=(*FAILED, *HELD, Answer.ACCEPT)),
    "held, then failed, then accepted": Upload(answers=(*HELD, *FAILED, Answer.ACCEPT)),
    "changing its mind": Upload(answers=(*FAILED, Answer.ACCEPT, Answer.REJECT, Answer.FAIL)),
    "held, and of two minds": Upload(
        answers=(*HELD, Answer.READ_AND_REJECT, Answer.ACCEPT, Answer.REJECT)
    ),
    "rejected by one try, accepted by the next": Upload(
        answers=(*FAILED, Answer.REJECT, Answer.ACCEPT)
    ),
    "parked": Upload(answers=FAILED),
    "parked where it is held": Upload(answers=HELD),
}

_FIRST_FAILURE_SECONDS = 181.0
"""About when Lambda's tries of the first delivery are over."""


def one_retried(*, thorough: bool = False) -> Iterator[History]:
    """What leaves the most behind, in every call of the retries; thorough: every trouble."""
    for upload in RETRIED.values():
        history = History((upload,), retry_delays=DELAYS[: 1 + thorough])
        yield from in_each_call_of_retries(history, TROUBLES if thorough else CRUEL)


def retried_twice(*, thorough: bool = False) -> Iterator[History]:
    """Scheduler, S3 and operators ask more than once, and at the same time."""
    alone = History(retry_delays=DELAYS[:1])
    for upload in RETRIED.values():
        for firing in Firing:
            yield from _troubled(alone.but(uploads=(upload,), firings=(firing,)), thorough)
        for told_after in ((0.0, 0.03), (0.0, 500.0), (0.05, 0.1, 90.0)):
            yield alone.but(uploads=(upload,), restored_told_after=told_after)
        for order, at in product(Order, _moments_of(upload, 6 if thorough else 3)):
            ordered = alone.but(uploads=(upload,), operator_acts=(OperatorAct(at, order, 0),))
            yield ordered
            yield ordered.but(retry_delays=())


def _troubled(history: History, thorough: bool) -> Iterator[History]:
    if thorough:
        yield from in_each_call_of_retries(history, CRUEL)
    else:
        yield history


def retried_late(*, thorough: bool = False) -> Iterator[History]:
    """The first delivery comes again: before a retry, in the midst of it, and after it."""
    for upload in RETRIED.values():
        for late in _moments_of(upload, 12 if thorough else 4):
            again = replace(upload, told_after=(0.5, late))
            yield History((again,), retry_delays=DELAYS)
            doubled = replace(upload, doubled_after=late)
            yield History((doubled,), retry_delays=DELAYS)


def schedule_refused_to_the_next_try() -> Iterator[History]:
    """A rescuer makes a schedule and fails; it is refused to the next try, which parks the file."""
    yield History(
        (Upload(answers=(Answer.READ_AND_ACCEPT,), lock=Lock.ARCHIVED),),
        mishaps=(
            Mishap(6, Trouble(Kind.SERVER_ERROR, False)),
            Mishap(0, Trouble(Kind.SERVER_ERROR, False)),
            Mishap(1, Trouble(Kind.DENIED, False)),
        ),
        retry_delays=(10,),
    )


def retried_beside_users(*, thorough: bool = False) -> Iterator[History]:
    """Before a retry, in the midst of it and after it, somebody is at work on the key."""
    for upload in RETRIED.values():
        for at in _moments_of(upload, 20 if thorough else 8):
            alone = History((upload,), retry_delays=DELAYS[:1])
            for act in Act:
                yield alone.but(user_acts=(UserAct(at, act, 0),))
            for number in (None, 1):
                newer = Upload(at=at, size=upload.size, same_as=number)
                yield alone.but(uploads=(upload, newer))
                refused = replace(newer, answers=(Answer.REJECT,))
                yield alone.but(uploads=(upload, refused))


def retried_in_an_outage(*, thorough: bool = False) -> Iterator[History]:
    """A service is out of order when the retry comes, or when it is to be scheduled."""
    troubles = (
        Trouble(Kind.THROTTLED, False),
        Trouble(Kind.DENIED, False),
        Trouble(Kind.NO_ANSWER, True),
    )
    for upload, trouble in product(RETRIED.values(), TROUBLES if thorough else troubles):
        for service in ("s3", "dynamodb", "sns", "scheduler", "all"):
            for at, seconds in ((_FIRST_FAILURE_SECONDS - 1, 300.0), (600.0, 600.0)):
                outage = Outage(service, at, seconds, trouble)
                yield History((upload,), retry_delays=DELAYS, outages=(outage,))
        for sending in Sending:
            yield History((upload,), retry_delays=DELAYS, sendings=(Sending.ONCE, sending))


def retried_where_deletes_are_refused(*, thorough: bool = False) -> Iterator[History]:
    """S3 refuses to delete for good, in either bucket or both, whatever else goes wrong."""
    for upload, kept in product(RETRIED.values(), KEPT):
        history = History((upload,), retry_delays=DELAYS[:1], kept=kept)
        yield history
        yield from in_each_call_of_retries(history, TROUBLES if thorough else CRUEL[2:])


def scenes_of_retries() -> Iterator[Scene]:
    """A retry beside another of its number, its own twin, its rescuer, or a late delivery."""
    for before in (_SET_ASIDE, _HELD):
        for answer in (Answer.ACCEPT, Answer.REJECT):
            retry = Actor("retry-1", answer, retries=0)
            for other in (
                *(Actor("retry-2", second, retries=0) for second in _VERDICTS),
                *(Actor("retry-1", second, retries=0) for second in _VERDICTS),
                Actor("retry-1", Answer.FAIL, rescues=True, retries=0),
                Actor("retry-2", Answer.ACCEPT),
                Actor("retry-2", Answer.REJECT),
                Actor("retry-2", Answer.FAIL, rescues=True),
            ):
                yield Scene((retry, other), (before,))


_SET_ASIDE = Actor("request-0", Answer.FAIL, rescues=True)
_HELD = Actor("request-0", Answer.AWS_FAIL, rescues=True)
_VERDICTS = (Answer.ACCEPT, Answer.REJECT)


def retry_worlds(*, thorough: bool = False) -> Iterator[History]:
    yield from one_retried(thorough=thorough)
    yield from retried_twice(thorough=thorough)
    yield from retried_late(thorough=thorough)
    yield from retried_beside_users(thorough=thorough)
    yield from retried_in_an_outage(thorough=thorough)
    yield from retried_where_deletes_are_refused(thorough=thorough)


def in_each_call_of_retries(history: History, troubles: tuple[Trouble, ...]) -> Iterator[History]:
    """The history with one of the troubles in one call, from the first schedule on."""
    without = World(history.but(retry_delays=(), operator_acts=(), user_acts=())).live()
    calls = World(history).live().wire.calls
    # Before that it is a history like any other, but for the alert of the first failure.
    first = without.wire.calls - 2
    for call, trouble in product(range(first, calls), troubles):
        yield history.but(mishaps=(Mishap(call, trouble),))


def _moments_of(upload: Upload, count: int) -> Iterator[float]:
    """Seconds from the start: between the first failure and the first retry, and in its midst."""
    begins = _first_retry_seconds(upload)
    yield begins - 100
    for step in range(count - 1):
        yield begins + 0.01 + step * 0.4 / count


def _first_retry_seconds(upload: Upload) -> float:
    world = World(History((upload,), retry_delays=DELAYS[:1])).live()
    return min(one.due for one in world.scheduler.made) - START
