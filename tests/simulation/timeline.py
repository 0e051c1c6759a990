"""Virtual time: what happens next happens at once, whatever the clock says."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from itertools import count

from .turns import Task

START = datetime(2026, 3, 2, 9, 59, 50, tzinfo=UTC).timestamp()
"""Ten seconds before a full minute and hour, so that short histories cross both."""


class Timeline:
    """The events to come, in order; it moves the clock from one to the next."""

    def __init__(self) -> None:
        self.now = START
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` so many seconds from now; what was asked for first comes first."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), action))

    def run(self) -> None:
        """Until nothing more will happen."""
        while self._events:
            moment, _, action = heapq.heappop(self._events)
            self.now = max(self.now, moment)
            action()

    def wait(self, seconds: float) -> None:
        """Called by a task: it goes on so many seconds later, and others move meanwhile."""
        moment = self.now + seconds
        if not self._events or self._events[0][0] > moment:
            self.now = moment
            return
        task = Task.current
        assert task is not None, "only a task waits"
        self.after(seconds, task.resume)
        task.pause()

    # What the handler's modules ask of `time` and `datetime`.

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def datetime_now(self, zone: tzinfo = UTC) -> datetime:
        return datetime.fromtimestamp(self.now, zone)


def clock_text(moment: float) -> str:
    """For stories: hours, minutes, seconds, milliseconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S.%f")[:-3]
