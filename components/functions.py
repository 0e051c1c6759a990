"""The two Lambda functions, each with its own role, log group and failure destination."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi import Input
from pulumi_aws import cloudwatch, iam, lambda_, s3

from .args import EmailOn, Settings
from .iam import Statement, lambda_trust, render, write_logs
from .scope import Scope

RETRIES = 2
"""What Lambda allows at most, after one and two minutes."""
EVENT_AGE_SECONDS = 6 * 60 * 60
"""What Lambda allows at most: a storm may queue for hours before a file is looked at."""


@dataclass(frozen=True, slots=True)
class Function:
    """A deployed function, and what must be in place before the first event reaches it."""

    function: lambda_.Function
    role: iam.Role
    settled: Sequence[pulumi.Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """How one of the two functions differs from the other."""

    purpose: str
    description: str
    entry: str
    code: Input[pulumi.Archive]
    environment: Mapping[str, Input[str]]
    statements: Sequence[Statement]
    on_failure_arn: Input[str]
    memory_mb: int
    timeout_seconds: int
    log_retention_days: int
    temporary_storage_mb: int = 512
    reserved_concurrency: int | None = None
    layers: Sequence[Input[str]] = field(default_factory=list)


def deploy(scope: Scope, spec: FunctionSpec) -> Function:
    """The function once it may do its work, and its failures have somewhere to go."""
    logs = cloudwatch.LogGroup(
        scope.child(f"{spec.purpose}-logs"),
        retention_in_days=spec.log_retention_days,
        tags=scope.tags,
        opts=scope.options(),
    )
    role = iam.Role(
        scope.child(f"{spec.purpose}-role"),
        description=f"{scope.pipeline}: {spec.description}",
        assume_role_policy=lambda_trust(),
        tags=scope.tags,
        opts=scope.options(),
    )
    policy = iam.RolePolicy(
        scope.child(f"{spec.purpose}-policy"),
        role=role.name,
        policy=render([write_logs(logs.arn), *spec.statements]),
        opts=scope.options(),
    )
    function = _function(scope, spec, role, logs, policy)
    failures = lambda_.FunctionEventInvokeConfig(
        scope.child(f"{spec.purpose}-failures"),
        function_name=function.name,
        maximum_retry_attempts=RETRIES,
        maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
        destination_config={"on_failure": {"destination": spec.on_failure_arn}},
        opts=scope.options(),
    )
    return Function(function, role, [function, failures])


def _function(
    scope: Scope,
    spec: FunctionSpec,
    role: iam.Role,
    logs: cloudwatch.LogGroup,
    policy: iam.RolePolicy,
) -> lambda_.Function:
    return lambda_.Function(
        scope.child(spec.purpose),
        description=spec.description,
        runtime="python3.12",
        architectures=["arm64"],
        handler=spec.entry,
        code=spec.code,
        role=role.arn,
        memory_size=spec.memory_mb,
        timeout=spec.timeout_seconds,
        ephemeral_storage={"size": spec.temporary_storage_mb},
        reserved_concurrent_executions=spec.reserved_concurrency,
        layers=list(spec.layers) or None,
        environment={"variables": spec.environment},
        logging_config={
            "log_format": "JSON",
            "log_group": logs.name,
            "application_log_level": "INFO",
            # Lambda's own START and REPORT lines would double what a file costs in logs.
            "system_log_level": "WARN",
        },
        tags=scope.tags,
        # A function that runs without its log group has Lambda make one that nobody owns.
        opts=scope.options(depends_on=[logs, policy]),
    )


def environment(
    scope: Scope,
    settings: Settings,
    *,
    input_bucket: Input[str],
    quarantine_bucket: Input[str],
    table: Input[str],
    topic_arn: Input[str],
) -> dict[str, Input[str]]:
    """What `handler/settings.py` reads."""
    told = settings.email_on if settings.alert_emails else EmailOn.NONE
    variables: dict[str, Input[str]] = {
        "SCALPER_PIPELINE": scope.pipeline,
        "SCALPER_INPUT_BUCKET": input_bucket,
        "SCALPER_QUARANTINE_BUCKET": quarantine_bucket,
        "SCALPER_TABLE": table,
        "SCALPER_TOPIC_ARN": topic_arn,
        "SCALPER_EMAIL_ON": told.value,
        "SCALPER_RULES": json.dumps(settings.rules, separators=(",", ":")),
    }
    if settings.record_retention_days is not None:
        variables["SCALPER_RECORD_RETENTION_DAYS"] = str(settings.record_retention_days)
    if settings.process_code is not None:
        variables["SCALPER_PROCESS_ENTRY"] = settings.process_entry
    return variables


def invoke_on_upload(
    scope: Scope,
    bucket: s3.Bucket,
    processor: lambda_.Function,
    *,
    account_id: Input[str],
    settings: Settings,
    after: Sequence[pulumi.Resource],
) -> None:
    """Have S3 call the processor for every new object, once everything else is in place."""
    permission = lambda_.Permission(
        scope.child("processor-permission"),
        function=processor.name,
        action="lambda:InvokeFunction",
        principal="s3.amazonaws.com",
        # The account too: a bucket's name can be taken by another account once it is deleted.
        source_arn=bucket.arn,
        source_account=account_id,
        opts=scope.options(),
    )
    s3.BucketNotification(
        scope.child("input-notification"),
        bucket=bucket.bucket,
        lambda_functions=[
            {
                "lambda_function_arn": processor.arn,
                "events": ["s3:ObjectCreated:*"],
                "filter_prefix": settings.prefix or None,
                "filter_suffix": settings.suffix or None,
            }
        ],
        opts=scope.options(depends_on=[permission, *after]),
    )
