"""Worlds so small that they can be tried out whole: every trouble in every call, every order."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, product
from typing import Any

from .buckets import Lock
from .coverage import Coverage
from .histories import Act, Answer, History, Limit, Mishap, Outage, Sending, Upload, UserAct
from .interleavings import Actor, Scene
from .judge import judge
from .troubles import TROUBLES, Kind, Trouble

UPLOADS = {
    "accepted": Upload(),
    "read": Upload(answers=(Answer.READ_AND_HIDE,)),
    "empty": Upload(size=0),
    "rejected": Upload(answers=(Answer.REJECT,)),
    "rejected, then accepted": Upload(answers=(Answer.REJECT, Answer.ACCEPT)),
    "large and rejected": Upload(size=1500, answers=(Answer.REJECT,)),
    "failed": Upload(answers=(Answer.FAIL,)),
    "held": Upload(answers=(Answer.AWS_FAIL,)),
    "archived": Upload(answers=(Answer.REJECT,), lock=Lock.ARCHIVED),
}
AGAIN: tuple[dict[str, Any], ...] = (
    {"told_after": (0.5, 0.5)},
    {"told_after": (0.5, 0.55)},
    {"told_after": (0.5, 30.0)},
    {"told_after": (0.5, 100.0)},
    {"doubled_after": 0.03},
)
"""How the event of one upload can come twice, with more or less in between."""

CRUEL = (Trouble(Kind.CRASH, False), Trouble(Kind.CRASH, True), Trouble(Kind.NO_ANSWER, True))
"""What leaves the most behind."""
QUIET = (Trouble(Kind.THROTTLED, False), Trouble(Kind.DENIED, False))


def in_each_call(history: History, troubles: tuple[Trouble, ...]) -> Iterator[History]:
    """The history with one of the troubles in one of the calls it has without."""
    coverage = Coverage()
    judge(history, coverage)
    for call, trouble in product(range(coverage.calls), troubles):
        yield history.but(mishaps=(Mishap(call, trouble),))


def one_upload(*, thorough: bool = False) -> Iterator[History]:
    """Every trouble in every call; and, told twice, what leaves the most behind."""
    for upload in UPLOADS.values():
        yield from in_each_call(History(uploads=(upload,)), TROUBLES)
        for again in AGAIN if thorough else AGAIN[::2]:
            twice = History(uploads=(replace(upload, **again),))
            yield from in_each_call(twice, TROUBLES if thorough else CRUEL[1:])


def two_uploads(*, thorough: bool = False) -> Iterator[History]:
    """Of one key, told in either order or both at once, one of them twice."""
    names = ("accepted", "rejected", "failed") if thorough else ("accepted", "rejected")
    for first, second in product(names, names):
        for told_after in ((0.5,), (0.56,), (2.0,), (0.5, 0.58), (0.56, 3.0)):
            uploads = (
                replace(UPLOADS[first], told_after=told_after),
                replace(UPLOADS[second], at=0.04),
            )
            yield from in_each_call(History(uploads=uploads), CRUEL if thorough else CRUEL[1:])


def events_of_two(*, thorough: bool = False) -> Iterator[History]:
    """Two uploads in one event: what one of them does must not fall back on the other."""
    firsts = [*UPLOADS.values(), *(Upload(answers=(answer,)) for answer in Answer)]
    seconds = firsts if thorough else firsts[:3]
    for first, second in product(firsts, seconds):
        together = (replace(first, told_with_next=True), second)
        yield from in_each_call(History(together), CRUEL[1:] if thorough else ())
        yield History(together)


def outages(*, thorough: bool = False) -> Iterator[History]:
    """One service, or all, out of order for a minute, for four, for a day; the emergency stop."""
    troubles = TROUBLES if thorough else (*QUIET, Trouble(Kind.HANG, False))
    for upload, trouble in product(UPLOADS.values(), troubles):
        for service, seconds in product(("s3", "dynamodb", "sns", "all"), (70, 250, 90000)):
            yield History((upload,), outages=(Outage(service, 0.0, seconds, trouble),))
    for upload, function, has_process in product(
        UPLOADS.values(), ("processor", "rescuer"), (True, False)
    ):
        for seconds, concurrency in ((100, 0), (100, 1), (30000, 0)):
            limit = Limit(function, 0, seconds, concurrency)
            history = History((replace(upload, **AGAIN[1]),), limits=(limit,))
            yield history.but(has_process=has_process)


def users(*, thorough: bool = False) -> Iterator[History]:
    """Somebody deletes the file, or another of its key, between any two calls."""
    for upload, act in product(UPLOADS.values(), (Act.DELETE, Act.DELETE_VERSION)):
        for step in range(14 if thorough else 8):
            at = 0.515 + step * 0.02
            yield History((upload,), user_acts=(UserAct(at, act, 0),))
            older = replace(upload, told_after=(0.5 + at,))
            yield History((upload, replace(older, at=0.01)), user_acts=(UserAct(at, act, 1),))


def destinations() -> Iterator[History]:
    """Failure records come late, twice or never."""
    stop = Limit("rescuer", 0, 30000, 0)
    for upload, sending in product(UPLOADS.values(), Sending):
        yield History((upload,), sendings=(sending,) * 2)
        yield History((upload,), sendings=(Sending.ONCE, sending), limits=(stop,))


KEPT = (("input",), ("quarantine",), ("input", "quarantine"))
"""Where S3 refuses to delete."""


def refused_deletes(*, thorough: bool = False) -> Iterator[History]:
    """S3 refuses to delete for good, in either bucket or both, whatever else goes wrong."""
    for upload, kept in product(UPLOADS.values(), KEPT):
        history = History((upload,), kept=kept)
        yield history
        yield from in_each_call(history, TROUBLES if thorough else CRUEL)
        for again in AGAIN:
            yield History((replace(upload, **again),), kept=kept)


def worlds(*, thorough: bool = False) -> Iterator[History]:
    yield from one_upload(thorough=thorough)
    yield from two_uploads(thorough=thorough)
    yield from events_of_two(thorough=thorough)
    yield from outages(thorough=thorough)
    yield from users(thorough=thorough)
    yield from destinations()
    yield from refused_deletes(thorough=thorough)


def scenes(*, troubles: tuple[Trouble, ...] = ()) -> Iterator[Scene]:
    """Any two invocations for an upload, of one delivery or of two, also when it is held before."""
    for cast in _casts(_ROLES):
        for before in ((), (_HELD,)):
            yield Scene(cast, before, troubles=troubles)


def scenes_with_a_deletion() -> Iterator[Scene]:
    """The same, and processes that read, while a user deletes the file."""
    for cast in _casts((*_ROLES, (Answer.READ_AND_ACCEPT, False))):
        for before in ((), (_HELD,), (_HELD._replace(owner="request-1"),)):
            yield Scene(cast, before, is_deleted=True)


def scenes_of_three(*, thorough: bool = False) -> Iterator[Scene]:
    """Three deliveries of one upload, whatever has become of each; three that copy take minutes."""
    for roles in combinations_with_replacement(_ROLES, 3):
        copying = sum(answer in (Answer.REJECT, Answer.FAIL) for answer, _ in roles)
        if copying == 3 and not thorough:
            continue
        yield Scene(tuple(Actor(f"request-{n}", *role) for n, role in enumerate(roles, 1)))


_HELD = Actor("request-0", Answer.AWS_FAIL, rescues=True)
_ROLES = (
    (Answer.ACCEPT, False),
    (Answer.REJECT, False),
    (Answer.FAIL, True),
    (Answer.AWS_FAIL, True),
)


def _casts(roles: tuple[tuple[Answer, bool], ...]) -> Iterator[tuple[Actor, Actor]]:
    for one, other in combinations_with_replacement(roles, 2):
        for owner in ("request-1", "request-2"):
            yield Actor("request-1", *one), Actor(owner, *other)
