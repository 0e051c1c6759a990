"""S3 calls the processor for every new object."""

from collections.abc import Sequence

import pulumi
from pulumi import Input
from pulumi_aws import lambda_, s3

from silent_scalper_arguments.settings import Settings

from .scope import Scope


def invoke_on_upload(
    scope: Scope,
    settings: Settings,
    bucket: s3.Bucket,
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
