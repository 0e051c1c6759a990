"""EventBridge Scheduler: one-off schedules that invoke their target at least once, and then go.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from .coverage import Coverage
from .histories import Firing
from .refusals import refusal
from .story import Story
from .timeline import Timeline

NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
MOST_WINDOW_MINUTES = 1440
DOUBLED_AFTER_SECONDS = 0.03
MOST_FIRINGS = 100
"""So that a history ends in which files are retried for ever, and is found out."""

Invoke = Callable[[str, Any, float | None], str]
"""Hands an event to the function with that ARN and answers with the request id. Lambda's queue
delivers it once more, so many seconds later, where a number is given."""

_OFFSETS: dict[Firing, Callable[[float], tuple[float, ...]]] = {
    Firing.ON_TIME: lambda window: (0.0,),
    Firing.LATE: lambda window: (window,),
    Firing.TWICE: lambda window: (0.0, 0.0),
    Firing.AGAIN: lambda window: (0.0, window + 30.0),
    # The target refuses or throttles the call, which Scheduler repeats for up to a day.
    Firing.DOUBLED: lambda window: (0.0,),
    Firing.REFUSED: lambda window: (window + 3600.0,),
}
"""When the target is invoked, in seconds after the schedule's time."""


@dataclass(eq=False, slots=True)
class Schedule:
    """One that was made."""

    name: str
    due: float
    window_seconds: float
    payload: Any


class Scheduler:
    """One group of schedules; each method is one call of botocore's client."""

    def __init__(
        self,
        timeline: Timeline,
        story: Story,
        coverage: Coverage,
        *,
        group: str,
        invoke: Invoke,
        next_firing: Callable[[], Firing],
    ) -> None:
        self.made: list[Schedule] = []
        """All that there ever were."""
        self.requests: set[str] = set()
        """The ids of the invocations that schedules have brought about."""
        self._standing: dict[str, Schedule] = {}
        self._timeline = timeline
        self._story = story
        self._coverage = coverage
        self._group = group
        self._invoke = invoke
        self._next_firing = next_firing

    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        name, group = request["Name"], request["GroupName"]
        if not NAME.fullmatch(name):
            raise refusal("create_schedule", "ValidationException", 400, f"Name {name}")
        if group != self._group:
            raise refusal("create_schedule", "ResourceNotFoundException", 404, group)
        if name in self._standing:
            raise refusal("create_schedule", "ConflictException", 409, f"{name} already exists")
        schedule = Schedule(
            name, _due(request), _window_seconds(request), json.loads(request["Target"]["Input"])
        )
        self.made.append(schedule)
        self._standing[name] = schedule
        # What is due already when it is made is never carried out.
        if schedule.due > self._timeline.now:
            self._plan(schedule, request["Target"]["Arn"])
        return {"ScheduleArn": f"arn:aws:scheduler:::schedule/{group}/{name}"}

    def _plan(self, schedule: Schedule, target: str) -> None:
        firing = self._next_firing()
        self._coverage.schedules[firing] += 1
        offsets = _OFFSETS[firing](schedule.window_seconds)
        for offset in offsets:
            seconds = schedule.due + offset - self._timeline.now
            self._timeline.after(seconds, partial(self._fire, schedule, target, firing))

    def _fire(self, schedule: Schedule, target: str, firing: Firing) -> None:
        self._standing.pop(schedule.name, None)
        if len(self.requests) >= MOST_FIRINGS:
            return
        request = self._invoke(
            target, schedule.payload, DOUBLED_AFTER_SECONDS if firing is Firing.DOUBLED else None
        )
        self.requests.add(request)
        self._story.tell("Scheduler", f"{schedule.name[:8]}…{schedule.name[-2:]} fires: {request}")


def _due(request: dict[str, Any]) -> float:
    expression = request["ScheduleExpression"]
    try:
        at = datetime.strptime(f"{expression} +0000", "at(%Y-%m-%dT%H:%M:%S) %z")
    except ValueError:
        raise refusal(
            "create_schedule", "ValidationException", 400, f"Invalid {expression}"
        ) from None
    return at.timestamp()


def _window_seconds(request: dict[str, Any]) -> float:
    window = request["FlexibleTimeWindow"]
    if window["Mode"] == "OFF":
        return 0.0
    minutes = window["MaximumWindowInMinutes"]
    if not 1 <= minutes <= MOST_WINDOW_MINUTES:
        raise refusal("create_schedule", "ValidationException", 400, f"{minutes} minutes")
    return float(minutes * 60)
