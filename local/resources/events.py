"""Rules of EventBridge, and whom they call."""

import json
from collections.abc import Mapping
from typing import Any

from .base import (
    Inputs,
    Parameters,
    Resource,
    State,
    as_dict,
    gone,
    pascal,
    present,
    reasons,
    tag_changes,
)

DEFAULT_BUS = "default"
TARGET_ID = "processor"
"""The real provider makes one up; of one target, any will do."""


class EventRule(Resource):
    token = "aws:cloudwatch/eventRule:EventRule"
    named_by = "name"
    computed = ("arn",)
    without_effect = reasons(forceDestroy="no rule here is managed by a service")

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            Name=inputs.name(),
            EventBusName=inputs.take("eventBusName", DEFAULT_BUS),
            EventPattern=inputs.require("eventPattern"),
            Description=inputs.take("description"),
            State=inputs.take("state"),
            Tags=inputs.tag_list(),
        )

    def create(self, parameters: Parameters) -> State:
        arn = self.cloud.events.put_rule(**parameters)["RuleArn"]
        return State(parameters["Name"], {"name": parameters["Name"], "arn": arn})

    def update(self, id: str, parameters: Parameters) -> State:
        events, wanted = self.cloud.events, parameters.pop("Tags")
        state = self.create(parameters)
        arn = state.outputs["arn"]
        old = as_dict(events.list_tags_for_resource(ResourceARN=arn)["Tags"])
        _, dropped = tag_changes(old, as_dict(wanted))
        if dropped:
            events.untag_resource(ResourceARN=arn, TagKeys=dropped)
        if wanted:
            events.tag_resource(ResourceARN=arn, Tags=wanted)
        return state

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.events.delete_rule(Name=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        pattern = self.cloud.events.describe_rule(Name=id)["EventPattern"]
        same = json.loads(pattern) == json.loads(inputs["eventPattern"])
        return {} if same else {"eventPattern": pattern}


class EventTarget(Resource):
    token = "aws:cloudwatch/eventTarget:EventTarget"
    without_effect = reasons(
        forceDestroy="no rule here is managed by a service",
        deadLetterConfig="what the emulator cannot deliver, it drops",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        target = present(
            Id=inputs.take("targetId", TARGET_ID),
            Arn=inputs.require("arn"),
            DeadLetterConfig=pascal(inputs.take("deadLetterConfig")),
        )
        bus = inputs.take("eventBusName", DEFAULT_BUS)
        return {"Rule": inputs.require("rule"), "EventBusName": bus, "Targets": [target]}

    def create(self, parameters: Parameters) -> State:
        self.cloud.events.put_targets(**parameters)
        rule, target = parameters["Rule"], parameters["Targets"][0]["Id"]
        return State(f"{rule}-{target}", {"targetId": target})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        target = inputs.get("targetId", TARGET_ID)
        self.cloud.events.remove_targets(Rule=inputs["rule"], Ids=[target])

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        targets = self.cloud.events.list_targets_by_rule(Rule=inputs["rule"])["Targets"]
        if not targets:
            raise gone("ListTargetsByRule", id)
        return {"arn": targets[0]["Arn"]}


TYPES: tuple[type[Resource], ...] = (EventRule, EventTarget)
