"""The event that S3 never sent of an upload, or that got lost, made from what is in the bucket.

The pipeline then deals with the file as with any other. An event of the same version is always
the same: made up twice, it is one upload with one record.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote_plus

from handler.model.event import UPLOAD_ID_LENGTH
from handler.model.item import iso

from ..read.deployment import Deployment
from ..read.sources import NO_VERSION, Version
from .actions import Done, invoke, refuse_while_paused

MADE_UP = "000000"
"""How the sequencers begin that are made up. S3's own begin with the time, so they sort later."""
_TIME_DIGITS = 12


def sending(deployment: Deployment, *, dry_run: bool) -> Callable[[Version], Done]:
    """Hand the event of a version to the processor."""
    if not dry_run:
        refuse_while_paused(deployment)
    bucket = deployment.settings.input_bucket
    region = deployment.clients.s3.meta.region_name

    def act(version: Version) -> Done:
        event = event_of(version, bucket, region)
        upload_id = sequencer_of(version)
        if dry_run:
            return Done(version.key, upload_id, True, "would be given its event")
        invoke(deployment, event)
        return Done(version.key, upload_id, True, "is given its event")

    return act


def event_of(version: Version, bucket: str, region: str) -> dict[str, Any]:
    """As S3 would have sent it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    details: dict[str, Any] = {
        "key": quote_plus(version.key),
        "size": version.size_bytes,
        "eTag": version.etag,
        "sequencer": sequencer_of(version),
    }
    if version.version_id != NO_VERSION:
        details["versionId"] = version.version_id
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": iso(datetime.fromtimestamp(version.modified, UTC)),
        # Nobody knows how it was made. Of a copy the processor asks whether it was its own.
        "eventName": "ObjectCreated:Copy",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": details},
    }
    return {"Records": [record]}


def sequencer_of(version: Version) -> str:
    """By the time of the upload, then by its version: before any that S3 gave a key."""
    digits = UPLOAD_ID_LENGTH - len(MADE_UP) - _TIME_DIGITS
    milliseconds = round(version.modified * 1000)
    name = f"{version.key}\0{version.version_id}\0{version.etag}"
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{MADE_UP}{milliseconds:0{_TIME_DIGITS}X}{digest[:digits].upper()}"
