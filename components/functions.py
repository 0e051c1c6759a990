"""The processor and the rescuer, each with its own role, log group and failure destination."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi import Input
from pulumi_aws import cloudwatch, dynamodb, iam, lambda_

from silent_scalper_arguments.settings import EmailOn, Settings

from .archive import HANDLER, handler_code
from .buckets import Bucket
from .iam import (
    Statement,
    lambda_trust,
    reach_a_vpc,
    render,
    restore_files,
    settle_files,
    use_key,
    write_logs,
)
from .retries import Retries
from .scope import Scope
from .topic import Topics

RETRIES = 2
"""What Lambda allows at most, after one and two minutes."""
EVENT_AGE_SECONDS = 6 * 60 * 60
"""What Lambda allows at most: a storm may queue for hours before a file is looked at."""

RESCUER_TIMEOUT_SECONDS = 900
"""Time to copy the largest file, after whatever made the processor fail."""
RESCUER_MEMORY_MB = 512


@dataclass(frozen=True, slots=True)
class Places:
    """Where both functions find files, keep records and tell people."""

    input_bucket: Bucket
    quarantine_bucket: Bucket
    table: dynamodb.Table
    topics: Topics
    event_rule: cloudwatch.EventRule | None = None
    """What brings the uploads, where S3 does not do so itself."""

    def statements(self, settings: Settings) -> list[Statement]:
        """Leave to settle files in these places."""
        return [
            *settle_files(
                input_bucket=self.input_bucket,
                quarantine_bucket=self.quarantine_bucket,
                table_arn=self.table.arn,
                topic_arns=self.topics.arns,
            ),
            *use_key(settings.kms_key_arn),
        ]


@dataclass(frozen=True, slots=True)
class Function:
    """A deployed function."""

    function: lambda_.Function
    role: iam.Role
    logs: cloudwatch.LogGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """How one function differs from another."""

    purpose: str
    entry: str
    description: str
    code: Input[pulumi.Archive]
    architecture: str
    environment: Mapping[str, Input[str]]
    statements: Sequence[Statement]
    memory_mb: int
    timeout_seconds: int
    log_retention_days: int
    kms_key_arn: Input[str] | None
    permissions_boundary_arn: Input[str] | None
    """Who is told of an event when its last try has failed."""
    runtime: str = "python3.12"
    temporary_storage_mb: int = 512
    reserved_concurrency: int | None = None
    layers: Sequence[Input[str]] = field(default_factory=list)
    subnet_ids: Sequence[Input[str]] = field(default_factory=list)
    security_group_ids: Sequence[Input[str]] = field(default_factory=list)


def processor(scope: Scope, settings: Settings, places: Places) -> Function:
    """Decides about each uploaded file, with the user's code if there is any."""
    return deploy(
        scope,
        Spec(
            purpose="processor",
            entry=f"{HANDLER}.processor.handler",
            description="Accepts or rejects each uploaded file",
            code=_processor_code(scope, settings),
            runtime=settings.process_runtime,
            architecture=settings.architecture,
            environment={
                **settings.process_environment,
                **environment(scope, settings, places),
            },
            statements=[
                *places.statements(settings),
                *restore_files(
                    input_bucket=places.input_bucket,
                    quarantine_bucket=places.quarantine_bucket,
                ),
                *(reach_a_vpc() if settings.subnet_ids else []),
            ],
            memory_mb=settings.memory_mb,
            timeout_seconds=settings.timeout_seconds,
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
            permissions_boundary_arn=settings.permissions_boundary_arn,
            temporary_storage_mb=settings.temporary_storage_mb,
            reserved_concurrency=settings.reserved_concurrency,
            layers=settings.process_layers,
            subnet_ids=settings.subnet_ids,
            security_group_ids=settings.security_group_ids,
        ),
    )


def _processor_code(scope: Scope, settings: Settings) -> Input[pulumi.Archive]:
    if settings.process_code is None:
        return handler_code()
    from .user_code import code_with_handler  # noqa: PLC0415 - without code not needed

    return code_with_handler(settings, scope.parent)


def rescuer(scope: Scope, settings: Settings, places: Places, retries: Retries | None) -> Function:
    """Takes over what the processor has failed on for good; never runs the user's code."""
    return deploy(
        scope,
        Spec(
            purpose="rescuer",
            entry=f"{HANDLER}.rescuer.handler",
            description="Quarantines or holds what the processor has failed on for good",
            code=handler_code(),
            architecture=settings.architecture,
            environment={
                **environment(scope, settings, places),
                **(retries.environment if retries else {}),
            },
            statements=[
                *places.statements(settings),
                *(retries.statements if retries else []),
            ],
            memory_mb=RESCUER_MEMORY_MB,
            timeout_seconds=RESCUER_TIMEOUT_SECONDS,
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
            permissions_boundary_arn=settings.permissions_boundary_arn,
        ),
    )


def hand_over(
    scope: Scope, purpose: str, giving_up: Function, leave: Statement
) -> Sequence[pulumi.Resource]:
    """What a function gives up on goes to the one resource that `leave` names; returns what must
    be in place before the first event reaches the function.

    With a policy of its own, because the processor fails to the rescuer, whose retries need the
    processor.
    """
    (destination_arn,) = leave["Resource"]
    policy = iam.RolePolicy(
        scope.child(f"{purpose}-failures-policy"),
        role=giving_up.role.name,
        policy=render([leave]),
        opts=scope.options(),
    )
    failures = lambda_.FunctionEventInvokeConfig(
        scope.child(f"{purpose}-failures"),
        function_name=giving_up.function.name,
        maximum_retry_attempts=RETRIES,
        maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
        destination_config={"on_failure": {"destination": destination_arn}},
        # Lambda refuses a destination that the role may not reach.
        opts=scope.options(depends_on=[policy]),
    )
    return [giving_up.function, policy, failures]


def environment(scope: Scope, settings: Settings, places: Places) -> dict[str, Input[str]]:
    """What `handler/model/settings.py` reads."""
    told = settings.email_on if settings.alert_emails else EmailOn.NONE
    variables: dict[str, Input[str]] = {
        "SCALPER_PIPELINE": scope.pipeline,
        "SCALPER_STACK": scope.stack,
        "SCALPER_INPUT_BUCKET": places.input_bucket.name,
        "SCALPER_QUARANTINE_BUCKET": places.quarantine_bucket.name,
        "SCALPER_TABLE": places.table.name,
        "SCALPER_TOPIC_ARN": places.topics.alerts.arn,
        "SCALPER_QUIET_TOPIC_ARN": places.topics.quiet.arn,
        "SCALPER_EMAIL_ON": told.value,
        "SCALPER_RULES": json.dumps(settings.rules, separators=(",", ":")),
    }
    if places.event_rule is not None:
        variables["SCALPER_EVENT_RULE"] = places.event_rule.name
    if settings.record_retention_days is not None:
        variables["SCALPER_RECORD_RETENTION_DAYS"] = str(settings.record_retention_days)
    if settings.process_code is not None:
        variables["SCALPER_PROCESS_ENTRY"] = settings.process_entry
    return variables


def deploy(scope: Scope, spec: Spec) -> Function:
    """With a role, a log group and a policy of its own."""
    logs = cloudwatch.LogGroup(
        scope.child(f"{spec.purpose}-logs"),
        retention_in_days=spec.log_retention_days,
        kms_key_id=spec.kms_key_arn,
        tags=scope.tags,
        opts=scope.options(),
    )
    role = iam.Role(
        scope.child(f"{spec.purpose}-role"),
        description=f"{scope.pipeline}: {spec.description}",
        assume_role_policy=lambda_trust(),
        permissions_boundary=spec.permissions_boundary_arn,
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
    return Function(function, role, logs)


def _vpc_config(spec: Spec) -> lambda_.FunctionVpcConfigArgs | None:
    if not spec.subnet_ids:
        return None
    return lambda_.FunctionVpcConfigArgs(
        subnet_ids=list(spec.subnet_ids), security_group_ids=list(spec.security_group_ids)
    )


def _function(
    scope: Scope,
    spec: Spec,
    role: iam.Role,
    logs: cloudwatch.LogGroup,
    policy: iam.RolePolicy,
) -> lambda_.Function:
    return lambda_.Function(
        scope.child(spec.purpose),
        description=spec.description,
        runtime=spec.runtime,
        architectures=[spec.architecture],
        handler=spec.entry,
        code=spec.code,
        role=role.arn,
        memory_size=spec.memory_mb,
        timeout=spec.timeout_seconds,
        ephemeral_storage={"size": spec.temporary_storage_mb},
        reserved_concurrent_executions=spec.reserved_concurrency,
        layers=list(spec.layers) or None,
        vpc_config=_vpc_config(spec),
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
