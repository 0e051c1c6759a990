"""Notices that time is nearly up while something can still be said about it.

Lambda kills a function at its time-out without a word, and then nobody knows whether the user's
`process` was slow or AWS was. An alarm shortly before tells the two apart.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

RESERVE_SECONDS = 0.5
"""Left after the alarm for Lambda to take our error; at most a quarter of what remains."""


class DeadlineReached(BaseException):
    """Not an Exception, so that `except Exception` in the user's code does not swallow it."""


@contextmanager
def deadline(context: Any) -> Iterator[None]:
    """Raise `DeadlineReached` in the block shortly before the invocation `context` times out."""
    if threading.current_thread() is not threading.main_thread():
        # Signals reach the main thread alone; Lambda calls handlers there.
        yield
        return
    remaining = context.get_remaining_time_in_millis() / 1000
    previous = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, max(remaining - RESERVE_SECONDS, remaining * 0.75, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _ring(*_: object) -> None:
    raise DeadlineReached
