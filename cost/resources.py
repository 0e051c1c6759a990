"""A pipeline, read from the resources that its program registers.

A resource that nothing here knows the price of is an error: a bill must not be silent about it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handler.model.errors import Fault
from handler.model.settings import Settings

from .errors import CostError
from .pipeline import Function, Pipeline
from .prices import Item

COMPUTE = {("arm64",): Item.LAMBDA_COMPUTE, ("x86_64",): Item.LAMBDA_COMPUTE_X86}
"""What a function's time is billed as, by its processor."""

COMPONENT = "silent-scalper:index:SilentScalperPipeline"

FREE = frozenset(
    {
        # AWS services' own events, and delivering them, are free: https://aws.amazon.com/eventbridge/pricing/
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/queryDefinition:QueryDefinition",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "aws:lambda/permission:Permission",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketNotification:BucketNotification",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:scheduler/scheduleGroup:ScheduleGroup",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
"""Costs nothing itself; what files do with it is in `usage`."""


class UnpricedError(CostError):
    """A resource that the bill would be silent about."""

    def __init__(self, resource: "Resource", why: str) -> None:
        super().__init__(
            f"{resource.name} ({resource.type}) cannot be priced: {why}. Teach cost/resources.py: "
            "list its type in FREE if it costs nothing, else read it in READERS, count it in "
            "cost/usage.py and give cost/prices.toml its price."
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as the program registered it; inputs have the names of Pulumi's schema."""

    type: str
    name: str
    inputs: Mapping[str, Any]


def read_pipeline(resources: Iterable[Resource]) -> Pipeline:
    """Raise an `UnpricedError` that names the first resource which is not known."""
    found = _Found()
    for resource in resources:
        if resource.type in FREE:
            continue
        reader = READERS.get(resource.type)
        if reader is None:
            raise UnpricedError(resource, "its type is not known")
        reader(found, resource)
    return found.pipeline()


@dataclass(slots=True)
class _Found:
    """What has been read so far."""

    pipelines: int = 0
    functions: dict[str, Function] = field(default_factory=dict)
    listed_attributes: frozenset[str] | None = None
    recovery: bool = False
    stored_days: dict[str, int | None] = field(default_factory=dict)
    log_days: set[int | None] = field(default_factory=set)
    addresses: int = 0
    alarm_metrics: int = 0
    dashboards: int = 0
    own_keys: int = 0
    given_keys: set[str] = field(default_factory=set)

    def pipeline(self) -> Pipeline:
        if self.pipelines != 1:
            raise CostError(
                f"The program registers {self.pipelines} SilentScalperPipeline; a bill is for one. "
                "Run it in the folder of a program with one."
            )
        parts = {
            "processor and rescuer": self.functions.keys() >= {"processor", "rescuer"},
            "table": self.listed_attributes,
            "lifecycle of both buckets": self.stored_days.keys() == {"input", "quarantine"},
            "log group": self.log_days,
        }
        if missing := [part for part, found in parts.items() if not found]:
            raise CostError(
                f"The pipeline is not as this version knows it: no {', no '.join(missing)}. "
                "Teach cost/resources.py."
            )
        processor, rescuer = self.functions["processor"], self.functions["rescuer"]
        try:
            settings = Settings.from_environment(processor.environment)
        except Fault as fault:
            raise CostError(f"The processor cannot read its environment: {fault}") from fault
        delays = rescuer.environment.get("SCALPER_RETRY_DELAYS_MINUTES", "")
        return Pipeline(
            settings=settings,
            processor=processor,
            rescuer=rescuer,
            checker=self.functions.get("daily"),
            scheduled_retries=len(delays.split(",")) if delays else 0,
            addresses=self.addresses,
            listed_attributes=self.listed_attributes or frozenset(),
            recovery=self.recovery,
            input_days=self.stored_days["input"],
            quarantine_days=self.stored_days["quarantine"],
            log_days=None if None in self.log_days else max(d for d in self.log_days if d),
            alarm_metrics=self.alarm_metrics,
            dashboards=self.dashboards,
            # Pulumi makes the pipeline's own key an output, which says nothing of who made it.
            keys=max(self.own_keys, len(self.given_keys)),
        )

    def use_key(self, key: str | None) -> None:
        """Everything of a pipeline is encrypted with one key, whether it is its own or given."""
        if key:
            self.given_keys.add(key)


def _component(found: _Found, resource: Resource) -> None:
    found.pipelines += 1


def _function(found: _Found, resource: Resource) -> None:
    inputs = resource.inputs
    purpose = str(inputs.get("handler", "")).split(".")[-2:-1]
    if purpose not in (["processor"], ["rescuer"], ["daily"]) or purpose[0] in found.functions:
        raise UnpricedError(
            resource, "it is neither the processor nor the rescuer nor the daily check"
        )
    compute = COMPUTE.get(tuple(inputs.get("architectures") or ()))
    others = {function.compute for function in found.functions.values()}
    if compute is None or others - {compute}:
        raise UnpricedError(resource, "the functions of a pipeline are all arm64 or all x86_64")
    if inputs.get("snapStart"):
        raise UnpricedError(resource, "a SnapStart snapshot is billed by the hour")
    found.functions[purpose[0]] = Function(
        memory_mb=inputs.get("memorySize", 128),
        temporary_storage_mb=(inputs.get("ephemeralStorage") or {}).get("size", 512),
        environment=(inputs.get("environment") or {}).get("variables", {}),
        compute=compute,
    )


def _table(found: _Found, resource: Resource) -> None:
    inputs = resource.inputs
    if found.listed_attributes is not None:
        raise UnpricedError(resource, "it is not the pipeline's own table")
    if inputs.get("billingMode") != "PAY_PER_REQUEST":
        raise UnpricedError(resource, "provisioned capacity is billed by the hour")
    for name in ("replicas", "streamEnabled", "tableClass"):
        if inputs.get(name):
            raise UnpricedError(resource, f"{name} has a price of its own")
    indexes = inputs.get("globalSecondaryIndexes") or []
    if len(indexes) != 1 or indexes[0]["projectionType"] != "INCLUDE":
        raise UnpricedError(resource, "the one index of the pipeline holds some of the attributes")
    keys = [key["attributeName"] for key in indexes[0]["keySchemas"]]
    keys += [inputs["hashKey"], inputs["rangeKey"]]
    found.listed_attributes = frozenset([*keys, *indexes[0]["nonKeyAttributes"]])
    found.recovery = bool((inputs.get("pointInTimeRecovery") or {}).get("enabled"))
    found.use_key((inputs.get("serverSideEncryption") or {}).get("kmsKeyArn"))


def _lifecycle(found: _Found, resource: Resource) -> None:
    purpose = resource.name.removesuffix("-lifecycle").rpartition("-")[2]
    days: int | None = None
    for rule in resource.inputs.get("rules") or []:
        if rule.get("transitions") or rule.get("noncurrentVersionTransitions"):
            raise UnpricedError(resource, "other storage classes have prices of their own")
        if rule.get("expiration"):
            # Hidden after so many days, removed so many later; stored, and billed, until then.
            hidden = rule["noncurrentVersionExpiration"]["noncurrentDays"]
            days = rule["expiration"]["days"] + hidden
    found.stored_days[purpose] = days


def _encryption(found: _Found, resource: Resource) -> None:
    for rule in resource.inputs["rules"]:
        found.use_key(rule["applyServerSideEncryptionByDefault"].get("kmsMasterKeyId"))


def _topic(found: _Found, resource: Resource) -> None:
    if resource.inputs.get("fifoTopic"):
        raise UnpricedError(resource, "FIFO topics have prices of their own")
    found.use_key(resource.inputs.get("kmsMasterKeyId"))


def _subscription(found: _Found, resource: Resource) -> None:
    if resource.inputs.get("protocol") != "email":
        raise UnpricedError(resource, "only deliveries by e-mail are counted")
    found.addresses += 1


def _queue(found: _Found, resource: Resource) -> None:
    """Free while nothing is in it and nobody polls it; a send costs $0.40 for a million."""
    found.use_key(resource.inputs.get("kmsMasterKeyId"))


def _log_group(found: _Found, resource: Resource) -> None:
    if resource.inputs.get("logGroupClass") not in (None, "STANDARD"):
        raise UnpricedError(resource, "the price is that of the class STANDARD")
    found.log_days.add(resource.inputs.get("retentionInDays") or None)
    found.use_key(resource.inputs.get("kmsKeyId"))


def _alarm(found: _Found, resource: Resource) -> None:
    queries = resource.inputs.get("metricQueries") or []
    periods = [resource.inputs.get("period"), *(q.get("metric", {}).get("period") for q in queries)]
    if any(period is not None and period < 60 for period in periods):
        raise UnpricedError(resource, "alarms of high resolution have a price of their own")
    # Metric maths is billed for each metric that it is made of.
    found.alarm_metrics += sum(1 for query in queries if query.get("metric")) or 1


def _dashboard(found: _Found, resource: Resource) -> None:
    found.dashboards += 1


def _schedule(found: _Found, resource: Resource) -> None:
    """The daily check's own; those of retries are made while the pipeline works."""
    target = resource.inputs.get("target") or {}
    if resource.inputs.get("kmsKeyArn") or target.get("deadLetterConfig"):
        raise UnpricedError(resource, "it uses more than Scheduler")
    if not str(resource.inputs.get("scheduleExpression")).startswith("cron(0 4 * * ?"):
        raise UnpricedError(resource, "it is not the one that starts the daily check")


def _key(found: _Found, resource: Resource) -> None:
    found.own_keys += 1


READERS: Mapping[str, Callable[[_Found, Resource], None]] = {
    COMPONENT: _component,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:dynamodb/table:Table": _table,
    "aws:kms/key:Key": _key,
    "aws:lambda/function:Function": _function,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:scheduler/schedule:Schedule": _schedule,
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
    "aws:sqs/queue:Queue": _queue,
}
"""What each type adds to the bill."""
