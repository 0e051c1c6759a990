"""One try of one event in one sandbox of Lambda: its time, its calls, and how it ended."""

import io
import json
from collections.abc import Callable
from enum import StrEnum
from math import inf
from typing import Any

from .timeline import Timeline


class Death(StrEnum):
    """How a sandbox ends without an answer of the handler's."""

    CRASH = "crash"
    OUT_OF_MEMORY = "out of memory"
    HOST_LOST = "host lost"
    STOPPED = "time-out"


class Died(BaseException):
    """Unwinds the thread of a dead invocation; nothing it still does has any effect."""


class Invocation:
    """What the world knows of a try while it lasts, and afterwards."""

    def __init__(
        self,
        timeline: Timeline,
        function: str,
        *,
        request_id: str,
        owner: str,
        number: int,
        timeout_seconds: float,
        is_retry: bool = False,
    ) -> None:
        self.function = function
        self.role = f"{function} of a retry" if is_retry else function
        self.request_id = request_id
        self.owner = owner
        """The request id under which this work is recorded: the rescuer works in another's name."""
        self.number = number
        """In the order of starts, over all functions."""
        self.calls = 0
        self.met_trouble = False
        self.death: Death | None = None
        self.error: BaseException | None = None
        self.output = io.StringIO()
        self._timeline = timeline
        self._stopped_at = timeline.now + timeout_seconds
        self._alarm_at = inf
        self._ring: Callable[[], object] = lambda: None

    @property
    def name(self) -> str:
        return f"{self.function} {self.number}"

    @property
    def failed(self) -> bool:
        return self.death is not None or self.error is not None

    def wait(self, seconds: float) -> None:
        """Let time pass; the alarm rings in here, and so does the end."""
        self.check_alive()
        end = self._timeline.now + seconds
        while self._timeline.now < end:
            stop = min(end, self._alarm_at, self._stopped_at)
            self._timeline.wait(stop - self._timeline.now)
            if stop == self._stopped_at:
                self.die(Death.STOPPED)
            if stop == self._alarm_at:
                self._alarm_at = inf
                self.met_trouble = True
                self._ring()

    def hang(self) -> None:
        """Wait for what never comes."""
        self.wait(inf)

    def sleep_through_the_alarm(self) -> None:
        """What native code does: signals reach Python only when it returns."""
        self._alarm_at = inf
        self.hang()

    def die(self, death: Death) -> None:
        self.death, self.met_trouble = death, True
        raise Died

    def check_alive(self) -> None:
        if self.death is not None:
            raise Died

    def set_alarm(self, seconds: float, ring: Callable[[], object]) -> None:
        """As `signal.setitimer`: 0 switches it off."""
        self._alarm_at = self._timeline.now + seconds if seconds else inf
        self._ring = ring

    def log_lines(self) -> list[dict[str, Any]]:
        """What the handler logged, line by line."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    # Lambda's context object.

    @property
    def aws_request_id(self) -> str:
        return self.request_id

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._stopped_at - self._timeline.now) * 1000))
