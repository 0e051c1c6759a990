"""The next automatic retry of a file: a one-off schedule of EventBridge Scheduler.

It invokes the processor once and removes itself, so a pipeline in which nothing waits has none.
What it cannot deliver within a day it sends to the queue of kept events.
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time
Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..model.errors import WORTH_RETRYING, Code, Conflict, Fault
from ..model.item import Item, iso
from ..model.retry_event import Retry
from ..model.settings import Settings
from .errors import aws_errors

SPREAD = 4
"""A retry comes within the quarter of its delay that follows its time: a spike of failures shall
not come back as a spike."""
MOST_SPREAD_MINUTES = 60
EARLIEST_SECONDS = 60
"""A schedule for the past would never be carried out."""


class Schedules:
    """Says whether a file will be tried again by itself, and sees to it that it is."""

    def __init__(self, scheduler: Callable[[], Any], settings: Settings) -> None:
        self._scheduler = scheduler
        self._plan = settings.retry_plan

    def plans(self, reason_code: str | None, retries: int) -> dict[str, Any]:
        """What the record of a file says that was tried again `retries` times, last in vain.

        `retry_at` where another retry comes, `parked` where there were some and none comes any
        more, nothing where no retry can help or files are not tried again by themselves.
        """
        if self._plan is None or reason_code not in WORTH_RETRYING:
            return {}
        if retries >= len(self._plan.delays_minutes):
            return {"parked": True}
        delay = timedelta(minutes=self._plan.delays_minutes[retries])
        return {"retry_at": iso(clock.now() + delay)}

    def make(self, item: Item) -> None:
        """Schedule the retry that `item` announces; harmless when there is a schedule already."""
        if self._plan is None:
            raise Fault(Code.CONFIGURATION, "retries have been switched off", lasting=True)
        retry = Retry.announced_by(item)
        # After the last delay the plan may have become shorter than it was.
        delay = self._plan.delays_minutes[min(retry.retries, len(self._plan.delays_minutes) - 1)]
        due = datetime.fromisoformat(item["retry_at"])
        at = max(due, clock.now() + timedelta(seconds=EARLIEST_SECONDS))
        try:
            with aws_errors("EventBridge Scheduler CreateSchedule"):
                self._scheduler().create_schedule(
                    Name=_name(retry),
                    GroupName=self._plan.group,
                    ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
                    ScheduleExpressionTimezone="UTC",
                    FlexibleTimeWindow={
                        "Mode": "FLEXIBLE",
                        "MaximumWindowInMinutes": max(1, min(delay // SPREAD, MOST_SPREAD_MINUTES)),
                    },
                    ActionAfterCompletion="DELETE",
                    **({"KmsKeyArn": key} if (key := self._plan.kms_key_arn) else {}),
                    Target={
                        "Arn": self._plan.processor_arn,
                        "RoleArn": self._plan.role_arn,
                        "Input": _literal(retry.event),
                        "DeadLetterConfig": {"Arn": self._plan.kept_events_arn},
                    },
                )
        except Conflict:
            # A try before this one made it: its name says which retry of which upload it is.
            return


def _literal(event: dict[str, Any]) -> str:
    """`event` as JSON in which the Scheduler finds no `<aws.scheduler.…>` to fill in.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    return json.dumps(event).replace("<", "\\u003c")


def _name(retry: Retry) -> str:
    """At most 64 of letters, digits and `-_.`, whatever the file is called."""
    upload = hashlib.sha256(f"{retry.object_key}\0{retry.upload_id}".encode()).hexdigest()
    return f"{upload[:48]}-{retry.retries}"
