"""The alarm rings while Lambda still takes an answer, and leaves nothing behind."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from handler.deadline import DeadlineReached, deadline

from .world import Context


@pytest.fixture
def own_alarm() -> Iterator[Any]:
    """A handler of somebody else's, which must be back afterwards."""

    def ring(*_: object) -> None:
        raise AssertionError("nobody set this alarm")

    before = signal.signal(signal.SIGALRM, ring)
    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("remaining_ms", "seconds"),
    [(900_000, 899.5), (60_000, 59.5), (4_000, 3.5), (2_000, 1.5), (1_000, 0.75), (500, 0.375)],
)
def test_half_a_second_is_left_for_the_answer_or_a_quarter_of_less_than_two(
    monkeypatch: pytest.MonkeyPatch, remaining_ms: int, seconds: float
) -> None:
    set_to: list[float] = []
    monkeypatch.setattr("signal.setitimer", lambda which, after: set_to.append(after))
    with deadline(Context("request-1", remaining_ms)):
        assert set_to == [seconds]
    assert set_to == [seconds, 0]


def test_the_alarm_of_somebody_else_is_back_afterwards(own_alarm: Any) -> None:
    with deadline(Context("request-1", 60_000)):
        assert signal.getsignal(signal.SIGALRM) is not own_alarm
    assert signal.getsignal(signal.SIGALRM) is own_alarm
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_after_a_deadline_too_nothing_is_left_behind(own_alarm: Any) -> None:
    with pytest.raises(DeadlineReached), deadline(Context("request-1", 60_000)):
        raise DeadlineReached
    assert signal.getsignal(signal.SIGALRM) is own_alarm
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
