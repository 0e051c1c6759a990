"""A rule of EventBridge for the uploads of one bucket, for which others may have rules too."""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws import cloudwatch, lambda_, sqs

from silent_scalper_arguments.settings import Settings

from .scope import Scope


def event_rule(scope: Scope, settings: Settings, bucket_name: Input[str]) -> cloudwatch.EventRule:
    """Made before the functions, which are told its name so that `scalper` finds it."""
    return cloudwatch.EventRule(
        scope.child("input-events"),
        description=f"{scope.pipeline}: uploads to its input bucket",
        event_pattern=Output.json_dumps(pattern(bucket_name, settings.prefix, settings.suffix)),
        tags=scope.tags,
        opts=scope.options(),
    )


def pattern(bucket_name: Input[str], prefix: str, suffix: str) -> dict[str, Any]:
    """The uploads to a bucket whose keys begin and end so.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    detail: dict[str, Any] = {"bucket": {"name": [bucket_name]}}
    if keys := _keys(prefix, suffix):
        detail["object"] = {"key": keys}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}


def _keys(prefix: str, suffix: str) -> list[Any]:
    if not (prefix and suffix):
        return [{kind: it} for kind, it in (("prefix", prefix), ("suffix", suffix)) if it]
    # Alternatives are joined by "or"; a wildcard alone says "and". Neither end can hold a `*`.
    # In a short key the two ends may overlap, which S3's own filter takes too.
    shared = range(1, min(len(prefix), len(suffix)) + 1)
    overlapping = [prefix + suffix[n:] for n in shared if prefix.endswith(suffix[:n])]
    return [{"wildcard": f"{prefix}*{suffix}"}, *overlapping]


def invoke_by_rule(
    scope: Scope,
    rule: cloudwatch.EventRule,
    processor: lambda_.Function,
    kept_events: sqs.Queue,
    *,
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """What cannot be delivered within a day is kept in the queue, whose alarm then goes off."""
    permission = lambda_.Permission(
        scope.child("input-events-permission"),
        function=processor.name,
        action="lambda:InvokeFunction",
        principal="events.amazonaws.com",
        # It names the account too.
        source_arn=rule.arn,
        opts=scope.options(),
    )
    target = cloudwatch.EventTarget(
        scope.child("input-events-target"),
        rule=rule.name,
        arn=processor.arn,
        dead_letter_config={"arn": kept_events.arn},
        opts=scope.options(depends_on=[permission, *after]),
    )
    return [permission, target]
