"""Deploys a program against mocks and answers questions about what it registered.

What this does not prove: that AWS takes the inputs. It proves what the component asks for.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_pulumi_func

PROJECT, STACK = "silent-scalper", "test"
ACCOUNT, REGION = "123456789012", "eu-north-1"
SUFFIX = "1a2b3c4"
"""Stands for the seven hex digits with which Pulumi makes a physical name."""

COMPONENT = "silent-scalper:index:SilentScalperPipeline"

Outputs = dict[str, Any]


def _arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    # A partition that no code would guess: a written-out `arn:aws:` differs from it.
    return f"arn:aws-mock:{service}:{region}:{account}:{resource}"


def _bucket(name: str) -> Outputs:
    return {"bucket": name.lower(), "arn": _arn("s3", name.lower(), region="", account="")}


def _named(service: str, kind: str = "", **where: str) -> Callable[[str], Outputs]:
    return lambda name: {"name": name, "arn": _arn(service, kind + name, **where)}


def _queue(name: str) -> Outputs:
    url = f"https://sqs.mock.invalid/{ACCOUNT}/{name}"
    return {"name": name, "arn": _arn("sqs", name), "url": url, "id": url}


def _nothing(name: str) -> Outputs:
    return {}


COMPUTED: dict[str, Callable[[str], Outputs]] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _nothing,
    "aws:s3/bucketNotification:BucketNotification": _nothing,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _nothing,
    "aws:s3/bucketPolicy:BucketPolicy": _nothing,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _nothing,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _nothing
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _nothing,
    "aws:dynamodb/table:Table": _named("dynamodb", "table/"),
    "aws:sns/topic:Topic": _named("sns"),
    "aws:sns/topicPolicy:TopicPolicy": _nothing,
    "aws:sns/topicSubscription:TopicSubscription": lambda name: {"arn": _arn("sns", name)},
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _nothing,
    "aws:iam/role:Role": _named("iam", "role/", region=""),
    "aws:iam/rolePolicy:RolePolicy": _named("iam"),
    "aws:cloudwatch/logGroup:LogGroup": _named("logs", "log-group:"),
    "aws:cloudwatch/dashboard:Dashboard": _nothing,
    "aws:cloudwatch/queryDefinition:QueryDefinition": _nothing,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": _named("scheduler", "schedule-group/"),
    "aws:cloudwatch/eventRule:EventRule": _named("events", "rule/"),
    "aws:cloudwatch/eventTarget:EventTarget": _nothing,
    "aws:lambda/function:Function": _named("lambda", "function:"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _nothing,
    "aws:lambda/permission:Permission": _nothing,
    "aws:scheduler/schedule:Schedule": lambda name: {
        "arn": _arn("scheduler", f"schedule/default/{name}")
    },
}
"""What each resource type adds to its inputs. A type that is not here is refused."""


@dataclass(frozen=True)
class Registered:
    """One resource as the engine would have seen it."""

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    protect: bool | None
    depends_on: frozenset[str]
    provider: str
    aliases: int
    ignores: frozenset[str]

    @property
    def kind(self) -> str:
        """The last part of the type: `Bucket` for `aws:s3/bucket:Bucket`."""
        return self.type.rpartition(":")[2]


@dataclass
class Deployment:
    """What a program registered, exported and asked AWS for."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    invokes: list[tuple[str, str]] = field(default_factory=list)
    """Token and provider of each call."""
    component_outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def component(self) -> Registered:
        return next(r for r in self.resources if r.type == COMPONENT)

    @property
    def children(self) -> list[Registered]:
        return [r for r in self.resources if r.type in COMPUTED]

    def of(self, kind: str) -> list[Registered]:
        return [r for r in self.resources if r.kind == kind]

    def named(self, name: str) -> Registered:
        """The resource whose logical name ends in `-{name}`, whatever the component is called."""
        found = [r for r in self.children if r.name.partition("-")[2] == name]
        if len(found) != 1:
            known = ", ".join(sorted(r.name for r in self.children))
            raise LookupError(f"{len(found)} resources end in -{name}; there are: {known}")
        return found[0]

    def policy(self, name: str) -> list[dict[str, Any]]:
        """The statements of the policy that the resource of that name holds."""
        inputs = self.named(name).inputs
        document = json.loads(inputs.get("policy") or inputs["assumeRolePolicy"])
        statements: list[dict[str, Any]] = document["Statement"]
        return statements

    def arn(self, name: str) -> str:
        found: str = self.named(name).outputs["arn"]
        return found

    def urns(self) -> list[str]:
        return sorted(r.urn for r in self.resources)


class _Mocks(mocks.Mocks):
    """Answers as AWS would; in preview nothing is known that AWS makes."""

    def __init__(self, preview: bool) -> None:
        self.preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Outputs]:
        if args.typ == COMPONENT or args.typ.startswith("pulumi:providers:"):
            return "" if args.typ == COMPONENT else "provider-id", args.inputs
        if args.typ not in COMPUTED:
            raise NotImplementedError(f"the mocks know no {args.typ} ({args.name})")
        if self.preview:
            return "", args.inputs
        computed = COMPUTED[args.typ](f"{args.name}-{SUFFIX}")
        return computed.get("id", f"{args.name}-{SUFFIX}"), {**args.inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[Outputs, list[tuple[str, str]]]:
        match args.token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                me = {"accountId": ACCOUNT, "arn": _arn("sts", "me"), "id": ACCOUNT}
                return {**me, "userId": "me"}, []
            case "aws:index/getRegion:getRegion":
                return {"region": REGION, "id": REGION, "name": REGION, "description": ""}, []
            case "aws:s3/getBucket:getBucket":
                return self.bucket(args.args["bucket"]), []
        raise NotImplementedError(f"the mocks know no call of {args.token}")

    def bucket(self, name: str) -> Outputs:
        """As the provider finds one that exists; its name may say that it is elsewhere."""
        region = name.removeprefix("in-") if name.startswith("in-") else REGION
        return {**_bucket(name), "id": name, "bucketRegion": region, "region": REGION}


class _Monitor(mocks.MockMonitor):
    """Mocks see inputs alone; options pass by here."""

    def __init__(self, preview: bool, deployment: Deployment) -> None:
        super().__init__(_Mocks(preview))
        self.deployment = deployment
        self.errors: list[BaseException] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - named by the engine
        try:
            response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        except BaseException as error:
            self.errors.append(error)
            raise
        if request.type != "pulumi:pulumi:Stack":
            protect = request.protect if request.HasField("protect") else None
            self.deployment.resources.append(
                Registered(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
                    outputs=self.resources[response.urn].state,
                    protect=protect,
                    depends_on=frozenset(request.dependencies),
                    provider=request.provider,
                    aliases=len(request.aliases),
                    ignores=frozenset(request.ignoreChanges),
                )
            )
        return response

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - named by the engine
        self.deployment.invokes.append((request.tok, request.provider))
        return super().Invoke(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - named by the engine
        if COMPONENT in request.urn:
            self.deployment.component_outputs = rpc.deserialize_properties(
                request.outputs, keep_unknowns=True
            )
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def deploy(
    program: Callable[[], object], *, preview: bool = False, config: Mapping[str, str] | None = None
) -> Deployment:
    """Run a Pulumi program to its end and hand back what it registered."""
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
    deployment = Deployment()
    monitor = _Monitor(preview, deployment)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # What a deployment before this one left belongs to a loop that is closed.
    settings.SETTINGS.rpc_manager.clear()
    settings.SETTINGS.outputs.clear()
    settings.set_root_resource(None)  # type: ignore[arg-type]
    pulumi.runtime.set_all_config(dict(config or {}))
    mocks.set_mocks(monitor.mocks, project=PROJECT, stack=STACK, preview=preview, monitor=monitor)

    def run() -> None:
        program()

    try:
        loop.run_until_complete(asyncio.wait_for(run_pulumi_func(run), timeout=30))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    if monitor.errors:
        raise monitor.errors[0]
    stack = settings.get_root_resource()
    deployment.exports = dict(getattr(stack, "outputs", {}))
    return deployment
