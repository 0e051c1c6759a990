"""A third function that asks once a day whether every file is accounted for, and tells if not.

It may read everything, and write nothing but the days' figures, which lie in the table under a key
of their own. EventBridge Scheduler starts it: 30 calls a month, where 14 million are free.
"""

from dataclasses import dataclass

from pulumi import Input
from pulumi_aws import iam, lambda_, scheduler, sqs

from silent_scalper_arguments.settings import Settings

from .archive import checker_code
from .functions import EVENT_AGE_SECONDS, Function, Places, Spec, deploy, environment
from .iam import Statement, allow, render, scheduler_trust, use_key
from .scope import Scope

WHEN = "cron(0 4 * * ? *)"
WINDOW_MINUTES = 60
"""In UTC, within an hour, so that not every pipeline of an account checks at once."""

MEMORY_MB = 1769
"""A million files take 118 MB (`python -m benchmarks.reconcile_memory`); with this much a function
has a whole processor, which a million files need to be read in a quarter of an hour. Source:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""
TEMPORARY_STORAGE_MB = 2048
"""What is compared lies in /tmp: a million files take about 0.7 GB."""
TIMEOUT_SECONDS = 900

FIGURES_KEY = "scalper:figures, no file: a key of S3 has at most 1024 bytes ".ljust(1025, ".")
"""The partition of the days' figures; `operate/read/day_items.py` has the same."""


_OF_RULE = ["events:DescribeRule", "events:ListTargetsByRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is asked whether it is well."""

    places: Places
    processor: lambda_.Function
    rescuer: lambda_.Function
    kept_events: sqs.Queue


def daily_check(
    scope: Scope, settings: Settings, checked: Checked, *, account_id: Input[str]
) -> Function:
    """When it fails there is no second try that day: an alarm says so."""
    checker = deploy(
        scope,
        Spec(
            purpose="checker",
            entry="operate.audit.daily.handler",
            description="Checks every day that each file is accounted for",
            code=checker_code(),
            architecture=settings.architecture,
            environment={
                **environment(scope, settings, checked.places),
                "SCALPER_PROCESSOR": checked.processor.name,
                "SCALPER_RESCUER": checked.rescuer.name,
            },
            statements=[*_reads(checked), *use_key(settings.kms_key_arn)],
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            temporary_storage_mb=TEMPORARY_STORAGE_MB,
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
            permissions_boundary_arn=settings.permissions_boundary_arn,
        ),
    )
    lambda_.FunctionEventInvokeConfig(
        scope.child("checker-failures"),
        function_name=checker.function.name,
        maximum_retry_attempts=0,
        maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
        opts=scope.options(),
    )
    _every_day(scope, settings, checker.function, account_id=account_id)
    return checker


def _reads(checked: Checked) -> list[Statement]:
    """What `scalper reconcile` needs (docs/operating.md), and to tell of what it finds."""
    places, rule = checked.places, checked.places.event_rule
    buckets = [places.input_bucket.arn, places.quarantine_bucket.arn]
    return [
        allow("SeeHowItIsSetUp", ["lambda:GetFunctionConfiguration"], checked.processor.arn),
        allow("SeeWhereFailuresGo", ["lambda:GetFunctionEventInvokeConfig"], checked.rescuer.arn),
        allow("ListFiles", ["s3:ListBucketVersions", "s3:GetLifecycleConfiguration"], *buckets),
        allow("SeeWhoIsNotified", ["s3:GetBucketNotification"], places.input_bucket.arn),
        allow(
            "SeeWhatACopyIsOf",
            ["s3:GetObjectVersion"],
            places.quarantine_bucket.files,
        ),
        allow("ReadRecords", ["dynamodb:DescribeTable", "dynamodb:Scan"], places.table.arn),
        _write_figures(places.table.arn),
        allow(
            "LookIntoKeptEvents",
            [
                "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
            ],
            checked.kept_events.arn,
        ),
        allow("SeeWhoIsTold", ["sns:ListSubscriptionsByTopic"], places.topics.alerts.arn),
        # IAM knows no resource for it.
        allow("SeeWhetherAnAddressIsSuspended", ["sns:GetSubscriptionAttributes"], "*"),
        allow("TellPeople", ["sns:Publish"], places.topics.alerts.arn),
        *([allow("SeeWhoIsNotifiedByTheRule", _OF_RULE, rule.arn)] if rule else []),
    ]  # fmt: skip


def _write_figures(table_arn: Input[str]) -> Statement:
    """Items of one key alone. A PutItem always names one, so that this cannot hold for want of it.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    return {
        **allow("WriteFigures", ["dynamodb:PutItem"], table_arn),
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [FIGURES_KEY]}},
    }


def _every_day(
    scope: Scope, settings: Settings, checker: lambda_.Function, *, account_id: Input[str]
) -> None:
    role = iam.Role(
        scope.child("check-role"),
        description=f"{scope.pipeline}: starts the daily check",
        assume_role_policy=scheduler_trust(account_id),
        permissions_boundary=settings.permissions_boundary_arn,
        tags=scope.tags,
        opts=scope.options(),
    )
    policy = iam.RolePolicy(
        scope.child("check-policy"),
        role=role.name,
        policy=render([allow("StartTheCheck", ["lambda:InvokeFunction"], checker.arn)]),
        opts=scope.options(),
    )
    scheduler.Schedule(
        scope.child("daily-check"),
        description=f"{scope.pipeline}: is every file accounted for?",
        schedule_expression=WHEN,
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": WINDOW_MINUTES},
        target={"arn": checker.arn, "role_arn": role.arn, "input": "{}"},
        opts=scope.options(depends_on=[policy]),
    )
