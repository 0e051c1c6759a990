"""Lambda functions, who may call them, and what becomes of their failures."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..errors import UnsupportedError
from .archives import zipped
from .base import Inputs, Parameters, Resource, State, gone, pascal, present, reasons, tag_changes

NOT_ASKED = "kept, and never evaluated: the emulator calls a function without asking"


class Function(Resource):
    token = "aws:lambda/function:Function"
    named_by = "name"
    computed = (
        "arn",
        "version",
        "qualifiedArn",
        "lastModified",
        "codeSha256",
        "sourceCodeSize",
    )
    without_effect = reasons(
        architectures="runs on this machine's processor",
        memorySize="only told to the function: nothing ends one that takes more",
        ephemeralStorage="the function writes to this machine's disk",
        loggingConfig="the group is used; the format and the levels are kept and change nothing",
        vpcConfig="runs in this machine's own network",
        runtime="runs on the interpreter that started the emulator",
        sourceCodeHash="the code itself is compared",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        function = present(
            FunctionName=inputs.name(),
            Role=inputs.require("role"),
            Runtime=inputs.require("runtime"),
            Handler=inputs.require("handler"),
            Code={"ZipFile": zipped(inputs.require("code"))},
            Description=inputs.take("description"),
            Timeout=inputs.take("timeout"),
            MemorySize=inputs.take("memorySize"),
            EphemeralStorage=pascal(inputs.take("ephemeralStorage")),
            Architectures=inputs.take("architectures"),
            Environment=_environment(inputs.take("environment")),
            Layers=inputs.take("layers"),
            LoggingConfig=pascal(inputs.take("loggingConfig")),
            TracingConfig=pascal(inputs.take("tracingConfig")),
            Tags=inputs.tags() or None,
        )
        return {
            "function": function,
            "reserved_concurrency": inputs.take("reservedConcurrentExecutions"),
        }

    def create(self, parameters: Parameters) -> State:
        lambda_, name = self.cloud.lambda_, parameters["function"]["FunctionName"]
        lambda_.create_function(**parameters["function"])
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        # The provider writes "no reservation" as -1.
        if (reserved := parameters["reserved_concurrency"]) is not None and reserved >= 0:
            lambda_.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=reserved
            )
        return self._state(name)

    def update(self, id: str, parameters: Parameters) -> State:
        lambda_, function = self.cloud.lambda_, dict(parameters["function"])
        del function["FunctionName"]
        tags, code = function.pop("Tags", {}), function.pop("Code")["ZipFile"]
        # An update takes the processor's kind with the code.
        architectures = function.pop("Architectures", ["x86_64"])
        state = self._state(id)
        if state.outputs["codeSha256"] != _sha256(code):
            lambda_.update_function_code(FunctionName=id, ZipFile=code, Architectures=architectures)
            self._settled(id)
        # What is left out of an update stays as it is: no layers and no variables must be said.
        whole = {"Layers": [], "Environment": {"Variables": {}}, **function}
        lambda_.update_function_configuration(FunctionName=id, **whole)
        self._settled(id)
        if (reserved := parameters["reserved_concurrency"]) is not None and reserved >= 0:
            lambda_.put_function_concurrency(FunctionName=id, ReservedConcurrentExecutions=reserved)
        else:
            lambda_.delete_function_concurrency(FunctionName=id)
        self._retag(state.outputs["arn"], tags)
        return self._state(id)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.lambda_.delete_function(FunctionName=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        made = self.cloud.lambda_.get_function_configuration(FunctionName=id)
        return {"memorySize": made["MemorySize"], "timeout": made["Timeout"]}

    def _settled(self, name: str) -> None:
        waiter = self.cloud.lambda_.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=name, WaiterConfig={"Delay": 1})

    def _retag(self, arn: str, tags: Mapping[str, str]) -> None:
        new, dropped = tag_changes(self.cloud.lambda_.list_tags(Resource=arn)["Tags"], tags)
        if dropped:
            self.cloud.lambda_.untag_resource(Resource=arn, TagKeys=dropped)
        if new:
            self.cloud.lambda_.tag_resource(Resource=arn, Tags=new)

    def _state(self, name: str) -> State:
        made = self.cloud.lambda_.get_function_configuration(FunctionName=name)
        outputs = {
            "name": name,
            "arn": made["FunctionArn"],
            "version": made["Version"],
            "qualifiedArn": f"{made['FunctionArn']}:{made['Version']}",
            "lastModified": made["LastModified"],
            "codeSha256": made["CodeSha256"],
            "sourceCodeSize": made["CodeSize"],
        }
        return State(name, outputs)


class Permission(Resource):
    token = "aws:lambda/permission:Permission"
    named_by = "statementId"
    without_effect = reasons(
        action=NOT_ASKED, principal=NOT_ASKED, sourceAccount=NOT_ASKED, sourceArn=NOT_ASKED
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            FunctionName=inputs.require("function"),
            StatementId=inputs.name("statementId"),
            Action=inputs.require("action"),
            Principal=inputs.require("principal"),
            SourceArn=inputs.take("sourceArn"),
            SourceAccount=inputs.take("sourceAccount"),
            Qualifier=inputs.take("qualifier"),
        )

    def create(self, parameters: Parameters) -> State:
        self.cloud.lambda_.add_permission(**parameters)
        return State(parameters["StatementId"], {"statementId": parameters["StatementId"]})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.lambda_.remove_permission(FunctionName=inputs["function"], StatementId=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        policy = self.cloud.lambda_.get_policy(FunctionName=inputs["function"])["Policy"]
        if id not in [statement["Sid"] for statement in json.loads(policy)["Statement"]]:
            raise gone("GetPolicy", id)
        return {}


class FunctionEventInvokeConfig(Resource):
    token = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"

    def parameters(self, inputs: Inputs) -> Parameters:
        destinations = pascal(inputs.take("destinationConfig") or {})
        if "OnSuccess" in destinations:
            raise UnsupportedError(
                f"{inputs.logical_name}: the emulator drops onSuccess destinations."
            )
        return present(
            FunctionName=inputs.require("functionName"),
            Qualifier=inputs.take("qualifier"),
            MaximumRetryAttempts=inputs.take("maximumRetryAttempts"),
            MaximumEventAgeInSeconds=inputs.take("maximumEventAgeInSeconds"),
            DestinationConfig=destinations,
        )

    def create(self, parameters: Parameters) -> State:
        self.cloud.lambda_.put_function_event_invoke_config(**parameters)
        return State(parameters["FunctionName"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.lambda_.delete_function_event_invoke_config(FunctionName=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.lambda_.get_function_event_invoke_config(FunctionName=id)
        return {}


class LayerVersion(Resource):
    """A layer of the user's: each change makes a version, as on AWS."""

    token = "aws:lambda/layerVersion:LayerVersion"
    computed = ("arn", "layerArn", "version")

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            LayerName=inputs.require("layerName"),
            Content={"ZipFile": zipped(inputs.require("code"))},
            Description=inputs.take("description"),
            CompatibleRuntimes=inputs.take("compatibleRuntimes"),
            CompatibleArchitectures=inputs.take("compatibleArchitectures"),
            LicenseInfo=inputs.take("licenseInfo"),
        )

    def create(self, parameters: Parameters) -> State:
        made = self.cloud.lambda_.publish_layer_version(**parameters)
        arn = made["LayerVersionArn"]
        outputs = {"arn": arn, "layerArn": made["LayerArn"], "version": str(made["Version"])}
        return State(arn, outputs)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        layer, _, version = id.rpartition(":")
        self.cloud.lambda_.delete_layer_version(LayerName=layer, VersionNumber=int(version))

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.lambda_.get_layer_version_by_arn(Arn=id)
        return {}


def _environment(environment: Parameters | None) -> Parameters | None:
    """The user's variable names are data: they keep their case."""
    return {"Variables": environment.get("variables") or {}} if environment else None


def _sha256(code: bytes) -> str:
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


TYPES: tuple[type[Resource], ...] = (
    Function,
    Permission,
    FunctionEventInvokeConfig,
    LayerVersion,
)
