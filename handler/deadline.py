"""Notices that time is nearly up while something can still be said about it.

Lambda kills a function at its time-out without a word, and then nobody knows whether the user's
`process` was slow or AWS was. An alarm shortly before tells the two apart. While the user's code
runs, SIGALRM and its timer are its own, as in any function, and a thread keeps the time instead.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import clock
from .model.errors import DeadlineReached

RESERVE_SECONDS = 0.5
"""Left after the alarm for Lambda to take our error; at most a quarter of what remains."""
AGAIN_SECONDS = 0.05
"""Until the user's code is stopped once more, should it have caught the first time."""
STOP = getattr(signal, "SIGRTMAX", signal.SIGUSR2)
"""A signal that nobody else sets: time limits and servers use those that have names."""


@contextmanager
def deadline(context: Any) -> Iterator[None]:
    """Raise `DeadlineReached` in the block shortly before the invocation `context` times out."""
    if threading.current_thread() is not threading.main_thread():
        # Signals reach the main thread alone; Lambda calls handlers there.
        yield
        return
    remaining = context.get_remaining_time_in_millis() / 1000
    previous = _current.previous = signal.signal(signal.SIGALRM, _ring)
    seconds = max(remaining - RESERVE_SECONDS, remaining * 0.75, 0.001)
    _current.at = clock.monotonic() + seconds
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        _current.at = None


@contextmanager
def deadline_of_user_code() -> Iterator[None]:
    """Raise `DeadlineReached` in the block at the deadline around it, whatever the block does.

    It may set alarms and handlers of its own, block signals and catch everything: it is stopped
    again and again, and where it comes to an end all the same, the error is raised here.
    """
    at = _current.at
    if at is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, _current.previous)
    signal.signal(STOP, _stop)
    _watch.begin(at)
    try:
        yield
    finally:
        try:
            _watch.end()
        except DeadlineReached:
            _watch.end()
        # What it has left behind must not end in the middle of our own calls.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM, STOP})
        signal.signal(signal.SIGALRM, _ring)
        if (left := at - clock.monotonic()) <= 0:
            raise DeadlineReached
        signal.setitimer(signal.ITIMER_REAL, left)


class _Current:
    at: float | None = None
    """When the alarm of the running invocation rings, on `time.monotonic`'s clock."""
    previous: Any = signal.SIG_DFL
    """The handler that stood before."""


class _Watch:
    """A thread, begun with the first file, that sends `STOP` to the main thread from a time on.

    It sleeps through most files: it wakes when the time of an earlier one has come.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._at: float | None = None
        self._waits_until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._at is not None

    def begin(self, at: float) -> None:
        with self._changed:
            self._at = at
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadline", daemon=True)
                self._thread.start()
            elif self._waits_until is None or at < self._waits_until:
                self._changed.notify()

    def end(self) -> None:
        """From here on a signal that is under way raises nothing. Takes no lock: one may be."""
        self._at = None

    def _run(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        with self._changed:
            while True:
                at = self._at
                if at is None:
                    # Not asked again until there is a file whose time is to be kept.
                    self._waits_until = None
                    self._changed.wait()
                    continue
                left = at - clock.monotonic()
                if left <= 0:
                    signal.pthread_kill(main, STOP)
                    left = AGAIN_SECONDS
                self._waits_until = clock.monotonic() + left
                self._changed.wait(left)


_current = _Current()
_watch = _Watch()


def _ring(*_: object) -> None:
    raise DeadlineReached


def _stop(*_: object) -> None:
    if _watch.is_on:
        raise DeadlineReached
