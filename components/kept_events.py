"""The queue of last resort: events that even the rescuer could not record, and retries that no
schedule could deliver."""

from pulumi_aws import cloudwatch, sqs

from silent_scalper_arguments.settings import Settings

from .iam import Statement, deny_plain_http, render
from .scope import Scope

KEPT_DAYS = 14
"""What SQS allows at most."""


def kept_events_queue(
    scope: Scope, settings: Settings, rule: cloudwatch.EventRule | None
) -> sqs.Queue:
    """Nothing polls it, so it costs nothing; an alarm says when something is in it.

    Only the `rule` that brings uploads, where there is one, writes into it with no role of its own.
    """
    queue = sqs.Queue(
        scope.child("kept-events"),
        message_retention_seconds=KEPT_DAYS * 24 * 60 * 60,
        # SQS takes one kind of key or the other.
        sqs_managed_sse_enabled=None if settings.kms_key_arn else True,
        kms_master_key_id=settings.kms_key_arn,
        tags=scope.tags,
        opts=scope.options(),
    )
    sqs.QueuePolicy(
        scope.child("kept-events-policy"),
        queue_url=queue.url,
        policy=render([deny_plain_http("sqs", queue.arn), *_from_rule(queue, rule)]),
        opts=scope.options(),
    )
    return queue


def _from_rule(queue: sqs.Queue, rule: cloudwatch.EventRule | None) -> list[Statement]:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    if rule is None:
        return []
    return [
        {
            "Sid": "KeepWhatTheRuleCannotDeliver",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sqs:SendMessage"],
            "Resource": [queue.arn],
            "Condition": {"ArnEquals": {"aws:SourceArn": rule.arn}},
        }
    ]
