"""An input bucket that exists: used, and never changed in what there is only one of per bucket.

Its policy, notification, versioning, lifecycle and encryption belong to whoever made it. What it
lacks is said by the preview, and by `scalper status` with the command that mends it.
"""

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output

from .buckets import Bucket
from .scope import Scope


def existing_bucket(scope: Scope, name: Input[str], prefix: str) -> Bucket:
    """Nothing of it is made, protected, tagged or deleted by us.

    The functions may touch the objects below `prefix` alone, so that pipelines which share a bucket
    keep out of each other's.
    """
    asked = pulumi.InvokeOutputOptions(parent=scope.parent)
    found = aws.s3.get_bucket_output(bucket=name, opts=asked)
    own_region = aws.get_region_output(opts=asked).region
    arn = Output.all(found, own_region).apply(lambda both: _in_region(*both).arn)
    named = Output.all(name, arn).apply(lambda both: str(both[0]))
    named.apply(lambda known: pulumi.log.info(_needs(known), scope.parent))
    return Bucket(named, arn, Output.concat(arn, f"/{prefix}*"), settled=())


def _in_region(found: aws.s3.GetBucketResult, own_region: str) -> aws.s3.GetBucketResult:
    """EventBridge brings the events of a bucket to the bucket's own region."""
    if found.bucket_region != own_region:
        raise ValueError(
            f"input_bucket_name: the bucket {found.bucket!r} is in {found.bucket_region}, and its "
            f"events stay there; deploy the pipeline to that region (this is {own_region})"
        )
    return found


def _needs(name: str) -> str:
    return (
        f"The bucket {name} stays as it is. It has to send its events to EventBridge, and to be "
        "versioned, or files that are refused are held where they are. After the deployment, "
        "`scalper status` says what is missing, with the command that mends it."
    )
