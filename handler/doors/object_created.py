"""EventBridge's `Object Created`: of a bucket whose notification is not ours to change.

It names the object as S3's notification does, with the same sequencer, but not the key's encoding,
the principal or the milliseconds. Source:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from typing import Any

from ..model.event import Made, Upload, malformed, named_in, upload_of

CREATED = "Object Created"
SOURCE = "aws.s3"

_MADE = {"CopyObject": Made.BY_COPY, "CompleteMultipartUpload": Made.IN_PARTS}


def records_of(event: Any) -> list[Any]:
    """EventBridge tells of one object at a time."""
    return [event]


def other_event(event: Any) -> str | None:
    """S3's other events (`Object Deleted` …), which only a rule that was changed by hand sends."""
    name = event["detail-type"]
    if event.get("source") == SOURCE and isinstance(name, str) and name != CREATED:
        return name
    return None


def parse(event: Any, bucket: str) -> Upload:
    """Read one event, or raise a `Fault` that says what is wrong with it."""
    try:
        if event["source"] != SOURCE or event["detail-type"] != CREATED:
            raise malformed("it is no Object Created of S3", event)
        detail, details = event["detail"], event["detail"]["object"]
        if detail["bucket"]["name"] != bucket:
            raise malformed(f"it is not of the bucket {bucket}", event)
        return upload_of(
            event,
            bucket=bucket,
            # Here keys are as they are: to decode one would name another object.
            key=details["key"],
            version_id=details.get("version-id"),
            etag=details.get("etag", ""),
            size_bytes=details["size"],
            sequencer=details["sequencer"],
            time=event["time"],
            made=_MADE.get(detail.get("reason"), Made.WHOLE),
            sender=named_in(detail, "requester"),
            sender_address=named_in(detail, "source-ip-address"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise malformed(f"{type(error).__name__}: {error}", event) from error
