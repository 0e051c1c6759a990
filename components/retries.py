"""Files are tried again by themselves: a group of one-off schedules, which call the processor.

A group without schedules costs nothing, and a schedule removes itself once it is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input
from pulumi_aws import iam, lambda_, scheduler, sqs

from silent_scalper_arguments.settings import Settings

from .iam import Statement, allow, render, use_key
from .scope import Scope


@dataclass(frozen=True, slots=True)
class Retries:
    """What the rescuer needs to schedule a retry."""

    group: scheduler.ScheduleGroup
    role: iam.Role
    processor: lambda_.Function
    kept_events: sqs.Queue
    delays_minutes: Sequence[int]
    kms_key_arn: Input[str] | None
    settled: Sequence[pulumi.Resource]

    @property
    def environment(self) -> dict[str, Input[str]]:
        """What `handler/model/settings.py` reads, in the rescuer alone."""
        variables: dict[str, Input[str]] = {
            "SCALPER_RETRY_DELAYS_MINUTES": ",".join(map(str, self.delays_minutes)),
            "SCALPER_RETRY_GROUP": self.group.name,
            "SCALPER_RETRY_ROLE_ARN": self.role.arn,
            "SCALPER_PROCESSOR_ARN": self.processor.arn,
            "SCALPER_KEPT_EVENTS_ARN": self.kept_events.arn,
        }
        if self.kms_key_arn is not None:
            variables["SCALPER_RETRY_KMS_KEY_ARN"] = self.kms_key_arn
        return variables

    @property
    def statements(self) -> list[Statement]:
        """Leave to make schedules in the group, which can do nothing but call the processor.

        Or keep the event, where that cannot be done.
        """
        schedules = self.group.arn.apply(
            lambda arn: arn.replace(":schedule-group/", ":schedule/") + "/*"
        )
        to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        statements: list[Statement] = [
            allow("ScheduleRetries", ["scheduler:CreateSchedule"], schedules),
            {
                **allow("GiveSchedulesTheirRole", ["iam:PassRole"], self.role.arn),
                "Condition": to_scheduler,
            },
        ]
        if self.kms_key_arn is not None:
            statements.append(allow("EncryptSchedules", ["kms:DescribeKey"], self.kms_key_arn))
        return statements


def retries(
    scope: Scope,
    settings: Settings,
    processor: lambda_.Function,
    kept_events: sqs.Queue,
    *,
    account_id: Input[str],
) -> Retries | None:
    """None where files are not tried again by themselves: then nothing of it exists."""
    if not settings.retry_delays_minutes:
        return None
    group = scheduler.ScheduleGroup(scope.child("retries"), tags=scope.tags, opts=scope.options())
    role = iam.Role(
        scope.child("retries-role"),
        description=f"{scope.pipeline}: Schedules try files again",
        assume_role_policy=_trust(group, account_id),
        permissions_boundary=settings.permissions_boundary_arn,
        tags=scope.tags,
        opts=scope.options(),
    )
    may = [
        allow("CallTheProcessor", ["lambda:InvokeFunction"], processor.arn),
        allow("KeepWhatCannotBeDelivered", ["sqs:SendMessage"], kept_events.arn),
        # It reads the schedules and writes into the queue.
        *use_key(settings.kms_key_arn),
    ]
    policy = iam.RolePolicy(
        scope.child("retries-policy"), role=role.name, policy=render(may), opts=scope.options()
    )
    return Retries(
        group,
        role,
        processor,
        kept_events,
        settings.retry_delays_minutes,
        settings.kms_key_arn,
        [group, role, policy],
    )


def _trust(group: scheduler.ScheduleGroup, account_id: Input[str]) -> pulumi.Output[str]:
    """Only schedules of this group take the role.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    statement: Statement = {
        "Sid": "SchedulesOfThisGroupTakeTheRole",
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account_id, "aws:SourceArn": group.arn}
        },
    }
    return render([statement])
