"""The alarm rings while Lambda still takes an answer, and leaves nothing behind."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from handler.deadline import deadline, deadline_of_user_code
from handler.model.errors import DeadlineReached

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


# While the user's code runs.

NEVER = 30
"""Seconds that no test waits for: the deadline ends it."""


def catches_everything() -> None:
    """Three times: who does so for ever is killed by Lambda."""
    for _ in range(3):
        with suppress(BaseException):
            time.sleep(NEVER)


def catches_once_and_returns() -> None:
    with suppress(BaseException):
        time.sleep(NEVER)


def catches_once_and_raises() -> None:
    try:
        time.sleep(NEVER)
    except BaseException:  # noqa: BLE001
        raise ValueError from None


def has_a_time_limit_of_its_own() -> None:
    """As every decorator with a time limit does it."""
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.alarm(1)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(NEVER)


def waits_for_a_thread() -> None:
    thread = threading.Thread(target=time.sleep, args=(NEVER,), daemon=True)
    thread.start()
    thread.join()


def waits_for_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=NEVER)


def runs_a_loop_of_events() -> None:
    async def work() -> None:
        with suppress(Exception):
            await asyncio.sleep(NEVER)

    asyncio.run(work())


def spins() -> None:
    end = time.monotonic() + NEVER
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize(
    "work",
    [
        catches_everything,
        catches_once_and_returns,
        catches_once_and_raises,
        has_a_time_limit_of_its_own,
        waits_for_a_thread,
        waits_for_a_lock,
        runs_a_loop_of_events,
        spins,
    ],
)
def test_whatever_the_users_code_does_the_deadline_stops_it(work: Callable[[], None]) -> None:
    began = time.monotonic()
    with (
        pytest.raises(DeadlineReached),
        deadline(Context("request-1", 400)),
        deadline_of_user_code(),
    ):
        work()
    assert time.monotonic() - began < NEVER


def sets_an_alarm_and_leaves_it() -> None:
    signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.01)


def switches_the_alarm_off() -> None:
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def blocks_all_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def leave(*_: object) -> None:
    raise AssertionError("this alarm was left behind")


@pytest.mark.parametrize(
    "work", [sets_an_alarm_and_leaves_it, switches_the_alarm_off, blocks_all_signals]
)
def test_after_the_users_code_the_deadline_is_ours_again(work: Callable[[], None]) -> None:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(DeadlineReached), deadline(Context("request-1", 400)):
        _run_and_hang(work)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _run_and_hang(work: Callable[[], None]) -> None:
    """As a call of AWS hangs that follows `work`."""
    with deadline_of_user_code():
        work()
    time.sleep(NEVER)


def test_the_users_code_finds_the_alarm_as_it_was_and_our_own_does_not_ring_in_it(
    own_alarm: Any,
) -> None:
    with deadline(Context("request-1", 60_000)):
        with deadline_of_user_code():
            assert signal.getsignal(signal.SIGALRM) is own_alarm
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert signal.getsignal(signal.SIGALRM) is not own_alarm
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 50
    assert signal.getsignal(signal.SIGALRM) is own_alarm


def test_one_thread_keeps_the_time_of_all_files() -> None:
    def keepers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "deadline"]

    for remaining_ms in (60_000, 900_000, 400):
        with suppress(DeadlineReached), deadline(Context("request-1", remaining_ms)):
            with deadline_of_user_code():
                pass
            if remaining_ms == 400:
                with deadline_of_user_code():
                    time.sleep(NEVER)
    assert len(keepers()) == 1


def test_of_a_file_that_is_done_in_time_nothing_rings_later() -> None:
    with deadline(Context("request-1", 200)), deadline_of_user_code():
        pass
    time.sleep(0.3)


def test_what_the_users_code_raises_in_time_comes_out_as_it_is() -> None:
    with (
        pytest.raises(ZeroDivisionError),
        deadline(Context("request-1", 60_000)),
        deadline_of_user_code(),
    ):
        raise ZeroDivisionError
