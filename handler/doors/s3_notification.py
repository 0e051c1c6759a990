"""S3's own notification, which calls the function directly; made-up events have this shape too.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from typing import Any
from urllib.parse import unquote_plus

from ..model.event import Made, Upload, malformed, named_in, upload_of

_MADE = {
    "ObjectCreated:Copy": Made.BY_COPY,
    "ObjectCreated:CompleteMultipartUpload": Made.IN_PARTS,
}


def records_of(event: Any) -> list[Any]:
    """The records of an S3 event; anything else is a `Fault`, so that the event is kept."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise malformed("it has no list of Records", event)
    return records


def other_event(record: Any) -> str | None:
    """S3's other events (removed, restored …) bring no new file."""
    name = record.get("eventName") if isinstance(record, dict) else None
    return name if isinstance(name, str) and not name.startswith("ObjectCreated:") else None


def parse(record: Any, bucket: str) -> Upload:
    """Read one record, or raise a `Fault` that says what is wrong with it."""
    try:
        if record["eventSource"] != "aws:s3":
            raise malformed("it does not come from S3", record)
        s3, details = record["s3"], record["s3"]["object"]
        if s3["bucket"]["name"] != bucket:
            raise malformed(f"it is not of the bucket {bucket}", record)
        return upload_of(
            record,
            bucket=bucket,
            # Keys arrive form-encoded; decoding leniently would name another object.
            key=unquote_plus(details["key"], errors="strict"),
            version_id=details.get("versionId"),
            etag=details.get("eTag", ""),
            size_bytes=details["size"],
            sequencer=details["sequencer"],
            time=record["eventTime"],
            made=_MADE.get(record.get("eventName"), Made.WHOLE),
            sender=named_in(record, "userIdentity", "principalId"),
            sender_address=named_in(record, "requestParameters", "sourceIPAddress"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise malformed(f"{type(error).__name__}: {error}", record) from error
