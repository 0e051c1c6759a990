"""Schedules of EventBridge Scheduler, and groups of them."""

from collections.abc import Mapping
from typing import Any

from .base import (
    Inputs,
    Parameters,
    Resource,
    State,
    as_dict,
    pascal,
    present,
    reasons,
    tag_changes,
)

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


class ScheduleGroup(Resource):
    """The emulator carries out a one-off schedule within ten seconds of its time, without regard to
    its flexible window, and asks nobody whether its role may call the function.
    """

    token = "aws:scheduler/scheduleGroup:ScheduleGroup"
    named_by = "name"
    computed = ("arn",)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"Name": inputs.name(), "Tags": inputs.tag_list()}

    def create(self, parameters: Parameters) -> State:
        arn = self.cloud.scheduler.create_schedule_group(**parameters)["ScheduleGroupArn"]
        return State(parameters["Name"], {"name": parameters["Name"], "arn": arn})

    def update(self, id: str, parameters: Parameters) -> State:
        scheduler = self.cloud.scheduler
        arn = scheduler.get_schedule_group(Name=id)["Arn"]
        old = as_dict(scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"])
        _, dropped = tag_changes(old, as_dict(parameters["Tags"]))
        if dropped:
            scheduler.untag_resource(ResourceArn=arn, TagKeys=dropped)
        if parameters["Tags"]:
            scheduler.tag_resource(ResourceArn=arn, Tags=parameters["Tags"])
        return State(id, {"name": id, "arn": arn})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.scheduler.delete_schedule_group(Name=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.scheduler.get_schedule_group(Name=id)
        return {}


TYPES: tuple[type[Resource], ...] = (Schedule, ScheduleGroup)
