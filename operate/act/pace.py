"""A bounded rate: what is started at once by the thousand would fill queues, logs and mailboxes."""

import time
from collections.abc import Callable


class Pace:
    """Lets pass at most so many a second, evenly."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Until the next may start. Time that was lost is not made up for by a burst."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval
