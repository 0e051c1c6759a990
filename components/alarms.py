"""Metrics that mean a file may be late, held, lost, or set aside in numbers, or that nobody looks.

Alarms are billed for each metric they watch, so there are no more of them. Each description is
what a person reads at night: what it means, what to do, and what to type; docs/operating.md has a
heading for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pulumi import Input
from pulumi_aws import cloudwatch, lambda_, sns, sqs

from .functions import EVENT_AGE_SECONDS
from .kept_events import KEPT_DAYS
from .scope import Scope

NAMESPACE = "SilentScalper"
"""Of the metrics the handler writes into its log lines."""
PERIOD_SECONDS = 300
LATE_MINUTES = 15
MANY_FILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One metric, and the sentence for whoever is woken by it."""

    name: str
    namespace: str
    metric: str
    dimensions: Mapping[str, Input[str]]
    means: str
    do: str
    type_next: str
    """The operator's command to begin with; the stack is added."""
    statistic: Literal["Sum", "Maximum"] = "Sum"
    threshold: float = 1


def watch(
    scope: Scope,
    topic: sns.Topic,
    processor: lambda_.Function,
    rescuer: lambda_.Function,
    *,
    kept_events: sqs.Queue,
    checker: lambda_.Function | None,
) -> list[cloudwatch.MetricAlarm]:
    """Every alarm tells the topic; a metric that says nothing is good news."""
    return [
        cloudwatch.MetricAlarm(
            scope.child(alarm.name),
            alarm_description=(
                f"{alarm.means} What to do: {alarm.do} "
                f"Type next: {alarm.type_next} --stack {scope.stack}"
            ),
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=alarm.statistic,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=alarm.threshold,
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            tags=scope.tags,
            opts=scope.options(),
        )
        for alarm in [
            *_alarms(scope.pipeline, processor, rescuer, kept_events),
            *([_check_failed(checker)] if checker else []),
        ]
    ]


def _alarms(
    pipeline: str, processor: lambda_.Function, rescuer: lambda_.Function, kept_events: sqs.Queue
) -> list[Alarm]:
    this_pipeline = {"Pipeline": pipeline}
    return [
        Alarm(
            name="files-held",
            namespace=NAMESPACE,
            metric="FilesHeld",
            dimensions=this_pipeline,
            means="Files could not be dealt with although nothing is known to be wrong with them: "
            "AWS, the deployment or its code failed. They wait untouched in the input bucket.",
            do="see for which reasons they wait and mend the cause. Those that are tried again by "
            "themselves need nobody; the others are tried again by `scalper release`.",
            type_next="scalper list --status held",
        ),
        Alarm(
            name="files-quarantined",
            namespace=NAMESPACE,
            metric="FilesQuarantined",
            dimensions=this_pipeline,
            threshold=MANY_FILES,
            means=f"{MANY_FILES} or more files were set aside within {PERIOD_SECONDS // 60} "
            "minutes: a sender has changed something, or a rule or `process` is too strict.",
            do="compare their reasons and senders. One sender: tell them. All senders: look at the "
            "last deployment, mend it, then try the files again with `scalper release`.",
            type_next="scalper list --status quarantined --since 1h",
        ),
        Alarm(
            name="files-late",
            namespace="AWS/Lambda",
            metric="AsyncEventAge",
            dimensions={"FunctionName": processor.name},
            statistic="Maximum",
            threshold=LATE_MINUTES * 60 * 1000,
            means=f"A file has waited more than {LATE_MINUTES} minutes for the processor. After "
            f"{EVENT_AGE_SECONDS // 3600} hours of waiting it will be held.",
            do="see how many events wait and are throttled. Raise the account's concurrency quota "
            "or reserved_concurrency, or shorten what `process` does; if it was stopped, start it.",
            type_next="scalper status",
        ),
        Alarm(
            name="events-kept",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": kept_events.name},
            statistic="Maximum",
            means="The rescuer failed too, so a file has no record of its fate; or a schedule "
            f"could not reach the processor. The event is kept for {KEPT_DAYS} days in the "
            "kept-events queue, the file where it is.",
            do="read the rescuer's log and mend the cause, then have the events dealt with by "
            "`scalper release --kept-events`.",
            type_next="scalper status",
        ),
        Alarm(
            name="rescue-undelivered",
            namespace="AWS/Lambda",
            metric="DestinationDeliveryFailures",
            dimensions={"FunctionName": processor.name},
            means="Lambda could not hand a failed event to the rescuer: a file has no record of "
            "its fate.",
            do="check that the processor's role may invoke the rescuer and that the rescuer "
            "exists, run `pulumi up --refresh`, then find the files without a record; with "
            "--repair they get the event that was lost.",
            type_next="scalper reconcile",
        ),
        Alarm(
            name="keep-undelivered",
            namespace="AWS/Lambda",
            metric="DestinationDeliveryFailures",
            dimensions={"FunctionName": rescuer.name},
            means="Lambda could not keep an event that the rescuer failed on: a file has no "
            "record of its fate.",
            do="check that the rescuer's role may send to the kept-events queue and that the "
            "queue exists, run `pulumi up --refresh`, then find the files without a record; with "
            "--repair they get the event that was lost.",
            type_next="scalper reconcile",
        ),
    ]


def _check_failed(checker: lambda_.Function) -> Alarm:
    return Alarm(
        name="check-failed",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions={"FunctionName": checker.name},
        means="The daily check could not tell whether every file is accounted for, or no e-mail "
        "address is confirmed, so that nobody is told of anything.",
        do="have each address confirmed that `scalper status` names, and run `scalper reconcile` "
        "in place of the check. The log of the checker says why it failed.",
        type_next="scalper status",
    )
