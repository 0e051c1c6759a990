"""Lambda functions, who may call them, and what becomes of their failures."""

from ..errors import UnsupportedError
from .archives import zipped
from .base import Inputs, Parameters, Resource, State, pascal, present, reasons

NOT_ASKED = "kept, and never evaluated: the emulator calls a function without asking"


class Function(Resource):
    token = "aws:lambda/function:Function"
    without_effect = reasons(
        architectures="runs on this machine's processor",
        memorySize="only told to the function: nothing ends one that takes more",
        ephemeralStorage="the function writes to this machine's disk",
        loggingConfig="the group is used; the format and the levels are kept and change nothing",
        runtime="runs on the interpreter that started the emulator",
        sourceCodeHash="there is no earlier code to compare with",
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
        made = lambda_.create_function(**parameters["function"])
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        # The provider writes "no reservation" as -1.
        if (reserved := parameters["reserved_concurrency"]) is not None and reserved >= 0:
            lambda_.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=reserved
            )
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


def _environment(environment: Parameters | None) -> Parameters | None:
    """The user's variable names are data: they keep their case."""
    return {"Variables": environment.get("variables") or {}} if environment else None


TYPES: tuple[type[Resource], ...] = (Function, Permission, FunctionEventInvokeConfig)
