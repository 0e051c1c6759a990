"""What an input bucket lacks that is not the pipeline's own, and the command that mends it.

There is only one of its versioning and its notification, and both belong to whoever made it:
nothing here changes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from handler.model.text import shell_word

from . import notified
from .deployment import Deployment
from .errors import told_plainly


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that has to be set up."""

    kind: str
    what: str
    command: str = ""
    """What somebody who may change the bucket types; empty where there is none."""


def lacks_of(deployment: Deployment) -> list[Lack]:
    """Nothing where S3 itself tells of uploads: then the bucket is the pipeline's own."""
    return list(_lacks(deployment)) if deployment.settings.event_rule else []


def _lacks(deployment: Deployment) -> Iterator[Lack]:
    bucket, account = deployment.settings.input_bucket, deployment.account
    s3, name = deployment.clients.s3, shell_word(bucket)
    try:
        versioning: Any = s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        yield _unreachable(bucket, account, error)
        return
    if versioning.get("Status") != "Enabled":
        yield Lack(
            "input-unversioned",
            f"The bucket {bucket} is not versioned: files that are refused cannot be moved, and "
            "are HELD where they are.",
            f"aws s3api put-bucket-versioning --bucket {name} "
            "--versioning-configuration Status=Enabled",
        )
    if not notified.sends_to_eventbridge(notified.notification(deployment)):
        yield Lack(
            "eventbridge-off",
            f"The bucket {bucket} does not send its events to EventBridge: every upload goes "
            "unnoticed. Its one notification is replaced as a whole; the command keeps what is in "
            "it.",
            f"aws s3api get-bucket-notification-configuration --bucket {name} "
            "| jq -n '[inputs][0] // {} | .EventBridgeConfiguration = {}' > notification.json "
            f"&& aws s3api put-bucket-notification-configuration --bucket {name} "
            "--notification-configuration file://notification.json",
        )


def _unreachable(bucket: str, account: str, error: ClientError) -> Lack:
    """Raises what says nothing of the bucket itself, such as an outage."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 404:
        return Lack("input-missing", f"There is no bucket {bucket} any more.")
    if status == 403:
        return Lack(
            "input-forbidden",
            f"The bucket {bucket} may not be looked at: it is not of the account {account}, or a "
            "policy denies it. Its events reach EventBridge in its own account alone.",
        )
    with told_plainly(f"look at the bucket {bucket}"):
        raise error
