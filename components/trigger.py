"""What calls the processor for every new object: S3 itself, or a rule of EventBridge."""

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws import lambda_, s3

from silent_scalper_arguments.settings import EventsFrom, Settings

from .buckets import Bucket
from .scope import Scope


def invoke_on_upload(
    scope: Scope,
    settings: Settings,
    bucket: Bucket,
    processor: lambda_.Function,
    *,
    account_id: Input[str],
    after: Sequence[pulumi.Resource],
) -> None:
    """Last of all: a file that comes before the rest is in place would have no fate."""
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
    function: s3.BucketNotificationLambdaFunctionArgsDict = {
        "lambda_function_arn": processor.arn,
        "events": ["s3:ObjectCreated:*"],
        "filter_prefix": settings.prefix or None,
        "filter_suffix": settings.suffix or None,
    }
    _notification(scope, settings, bucket, [function], [permission, *after])


def tell_eventbridge(
    scope: Scope, settings: Settings, bucket: Bucket, *, after: Sequence[pulumi.Resource]
) -> None:
    """A bucket of our own sends its events there, and calls no function itself."""
    _notification(scope, settings, bucket, None, after)


def _notification(
    scope: Scope,
    settings: Settings,
    bucket: Bucket,
    functions: list[s3.BucketNotificationLambdaFunctionArgsDict] | None,
    after: Sequence[pulumi.Resource],
) -> None:
    """A bucket has only one, in which somebody else may have switched EventBridge on."""
    switch = settings.eventbridge or settings.door is EventsFrom.EVENTBRIDGE
    s3.BucketNotification(
        scope.child("input-notification"),
        bucket=bucket.name,
        lambda_functions=functions,
        eventbridge=True if switch else None,
        opts=scope.options(depends_on=after, ignore_changes=() if switch else ("eventbridge",)),
    )
