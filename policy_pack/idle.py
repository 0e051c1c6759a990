"""Nothing that bills while idle: what is not known to be free while nothing happens is refused."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_policy import (
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from .resources import TABLE, of_type

FREE = {
    "aws:cloudwatch": {"LogGroup", "MetricAlarm", "QueryDefinition", "LogMetricFilter"},
    "aws:dynamodb": {"Table"},
    "aws:iam": {
        "OpenIdConnectProvider", "Policy", "Role", "RolePolicy", "RolePolicyAttachment",
    },
    "aws:lambda": {
        "Alias", "Function", "FunctionEventInvokeConfig", "LayerVersion", "Permission",
    },
    "aws:s3": {
        "Bucket", "BucketLifecycleConfiguration", "BucketNotification",
        "BucketOwnershipControls", "BucketPolicy", "BucketPublicAccessBlock",
        "BucketServerSideEncryptionConfiguration", "BucketVersioning",
    },
    # Billed by the call, and 14 million calls a month are free.
    "aws:scheduler": {"Schedule", "ScheduleGroup"},
    "aws:sns": {"Topic", "TopicPolicy", "TopicSubscription"},
    "aws:sqs": {"Queue", "QueuePolicy"},
}  # fmt: skip
"""Costs nothing while nothing arrives, but for the gigabytes that are stored."""

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FREE_ALARM_METRICS = 10
"""An account's, each month; each further one is billed by the hour."""


def _on_demand(props: Mapping[str, Any]) -> str | None:
    if props.get("billingMode") == "PAY_PER_REQUEST":
        return None
    return "Provisioned capacity is billed by the hour. Set billing_mode to PAY_PER_REQUEST."


def _logs_expire(props: Mapping[str, Any]) -> str | None:
    if props.get("retentionInDays"):
        return None
    return "Logs are kept, and billed, for ever. Set retention_in_days."


def _no_snapshot(props: Mapping[str, Any]) -> str | None:
    if (props.get("snapStart") or {}).get("applyOn") != "PublishedVersions":
        return None
    return "A SnapStart snapshot is billed by the hour. Remove snap_start."


CONDITIONS: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    TABLE: _on_demand,
    "aws:cloudwatch/logGroup:LogGroup": _logs_expire,
    "aws:lambda/function:Function": _no_snapshot,
}
"""Free on a condition; each says what is wrong when it is not met."""


def _free_while_idle(args: ResourceValidationArgs, report: ReportViolation) -> None:
    kind = args.resource_type
    if not kind.startswith("aws:") or kind in args.get_config().get("also_allowed", []):
        return
    module, _, name = kind.rpartition(":")
    if name not in FREE.get(module.partition("/")[0], set()):
        report(
            f"{kind} bills while idle, or is not known not to. If that is meant, list it in "
            "also_allowed of this policy's configuration.",
            None,
        )
    elif kind in CONDITIONS and (problem := CONDITIONS[kind](args.props)):
        report(problem, None)


def _few_alarms(args: StackValidationArgs, report: ReportViolation) -> None:
    watched = sum(
        len([one for one in alarm.props.get("metricQueries") or [] if one.get("metric")]) or 1
        for alarm in of_type(args.resources, ALARM)
    )
    limit = args.get_config().get("at_most", FREE_ALARM_METRICS)
    if watched > limit:
        report(
            f"The alarms of this stack watch {watched} metrics; {limit:g} are allowed, and an "
            f"account has {FREE_ALARM_METRICS} free. Watch fewer, or raise at_most.",
            None,
        )


FREE_WHILE_IDLE = ResourceValidationPolicy(
    name="nothing-bills-while-idle",
    description="Nothing is billed by the hour.",
    config_schema=PolicyConfigSchema(
        properties={
            "also_allowed": {"type": "array", "items": {"type": "string"}, "default": []},
        }
    ),
    validate=_free_while_idle,
)
FEW_ALARMS = StackValidationPolicy(
    name="few-alarms",
    description="Alarms are billed for each metric they watch.",
    config_schema=PolicyConfigSchema(
        properties={"at_most": {"type": "integer", "default": FREE_ALARM_METRICS}}
    ),
    validate=_few_alarms,
)
