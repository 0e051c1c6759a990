"""Where a user's code keeps its secrets: Parameter Store and Secrets Manager."""

from collections.abc import Mapping
from typing import Any

from .base import Inputs, Parameters, Resource, State, present, reasons

VALUE = reasons(
    keyId="the emulator encrypts nothing",
    kmsKeyId="the emulator encrypts nothing",
    recoveryWindowInDays="all is gone when the emulator ends",
)


class Parameter(Resource):
    token = "aws:ssm/parameter:Parameter"
    named_by = "name"
    computed = ("arn", "version")
    without_effect = VALUE

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            Name=inputs.name(),
            Type=str(inputs.require("type")),
            Value=inputs.require("value"),
            Description=inputs.take("description"),
            Tags=inputs.tag_list() or None,
        )

    def create(self, parameters: Parameters) -> State:
        self.cloud.ssm.put_parameter(**parameters)
        return self._state(parameters["Name"])

    def update(self, id: str, parameters: Parameters) -> State:
        """Tags cannot be given with a new value."""
        changed = {name: it for name, it in parameters.items() if name != "Tags"}
        self.cloud.ssm.put_parameter(**changed, Overwrite=True)
        if tags := parameters.get("Tags"):
            self.cloud.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=id, Tags=tags)
        return self._state(id)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.ssm.delete_parameter(Name=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.ssm.get_parameter(Name=id)
        return {}

    def _state(self, name: str) -> State:
        made = self.cloud.ssm.get_parameter(Name=name)["Parameter"]
        return State(name, {"arn": made["ARN"], "name": name, "version": made["Version"]})


class Secret(Resource):
    """Its value is put by hand: `aws secretsmanager put-secret-value`."""

    token = "aws:secretsmanager/secret:Secret"
    named_by = "name"
    computed = ("arn",)
    without_effect = VALUE

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            Name=inputs.name(),
            Description=inputs.take("description"),
            Tags=inputs.tag_list() or None,
        )

    def create(self, parameters: Parameters) -> State:
        arn = self.cloud.secretsmanager.create_secret(**parameters)["ARN"]
        return State(arn, {"arn": arn, "name": parameters["Name"]})

    def update(self, id: str, parameters: Parameters) -> State:
        manager = self.cloud.secretsmanager
        manager.update_secret(SecretId=id, Description=parameters.get("Description", ""))
        if tags := parameters.get("Tags"):
            manager.tag_resource(SecretId=id, Tags=tags)
        return State(id, {"arn": id, "name": parameters["Name"]})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.secretsmanager.delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.secretsmanager.describe_secret(SecretId=id)
        return {}


TYPES = [Parameter, Secret]
