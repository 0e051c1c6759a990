"""Schedules of EventBridge Scheduler."""

from collections.abc import Mapping
from typing import Any

from .base import Inputs, Parameters, Resource, State, pascal, present, reasons

DEFAULT_GROUP = "default"


class Schedule(Resource):
    token = "aws:scheduler/schedule:Schedule"
    named_by = "name"
    computed = ("arn",)
    without_effect = reasons(
        flexibleTimeWindow="the emulator is on time",
        kmsKeyArn="the emulator encrypts nothing at rest",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            Name=inputs.name(),
            GroupName=inputs.take("groupName", DEFAULT_GROUP),
            Description=inputs.take("description"),
            ScheduleExpression=inputs.require("scheduleExpression"),
            ScheduleExpressionTimezone=inputs.take("scheduleExpressionTimezone"),
            State=inputs.take("state"),
            FlexibleTimeWindow=pascal(inputs.require("flexibleTimeWindow")),
            Target=pascal(inputs.require("target")),
        )

    def create(self, parameters: Parameters) -> State:
        arn = self.cloud.scheduler.create_schedule(**parameters)["ScheduleArn"]
        return self._state(arn, parameters)

    def update(self, id: str, parameters: Parameters) -> State:
        arn = self.cloud.scheduler.update_schedule(**parameters)["ScheduleArn"]
        return self._state(arn, parameters)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        group, _, name = id.partition("/")
        self.cloud.scheduler.delete_schedule(GroupName=group, Name=name)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        group, _, name = id.partition("/")
        made = self.cloud.scheduler.get_schedule(GroupName=group, Name=name)
        return {"scheduleExpression": made["ScheduleExpression"]}

    def _state(self, arn: str, parameters: Parameters) -> State:
        # The provider's id names the group too: a schedule's name is one of its group.
        group, name = parameters["GroupName"], parameters["Name"]
        return State(f"{group}/{name}", {"name": name, "groupName": group, "arn": arn})


TYPES: tuple[type[Resource], ...] = (Schedule,)
