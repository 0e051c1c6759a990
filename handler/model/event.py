"""What S3 says about an upload.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

import re
import reprlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from .errors import Code, Fault

UPLOAD_ID_LENGTH = 32
"""S3's sequencers are hex strings of differing length; padded on the right they sort by age."""

KEY_BYTES = 1024
"""What S3 takes for a key, as UTF-8; the table takes no longer one either."""

_HEX = re.compile(r"[0-9A-Fa-f]+")

# Bounded in depth too: `repr` of what is nested deeply enough ends in a RecursionError.
_QUOTED = reprlib.Repr()
_QUOTED.maxlevel, _QUOTED.maxstring, _QUOTED.maxother = 8, 200, 200
_QUOTED.maxdict = _QUOTED.maxlist = 20
QUOTED_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Upload:
    """One object that was created: everything we record comes from here, without a HeadObject."""

    bucket: str
    key: str
    version_id: str | None
    """None when the bucket was not versioned: then it can be accepted, but never moved."""
    etag: str
    size_bytes: int
    upload_id: str
    """The event's sequencer, padded: names this upload among all uploads of the key."""
    uploaded_at: datetime
    record: dict[str, Any]
    """The event record as S3 sent it, kept when the upload is held."""

    @property
    def file_name(self) -> str:
        """The last part of the key, or the whole key where that part is empty."""
        return self.key.rstrip("/").rpartition("/")[2] or self.key

    @property
    def file_type(self) -> str:
        """The extension in lower case without its dot; `none` where there is none."""
        stem, dot, extension = self.file_name.rpartition(".")
        return extension.lower() if dot and stem and extension else "none"

    @property
    def is_folder_marker(self) -> bool:
        """Consoles and tools create an empty object `folder/` to show a folder."""
        return self.size_bytes == 0 and self.key.endswith("/")


def is_test(event: Any) -> bool:
    """S3 sends one of these when the notification is set up; it names no file."""
    return isinstance(event, dict) and event.get("Event") == "s3:TestEvent"


def is_retry(event: Any) -> bool:
    """True when a schedule or an operator asks for a retry; see `retries.py`."""
    return isinstance(event, dict) and "Retry" in event


def records_of(event: Any) -> list[Any]:
    """The records of an S3 event; anything else is a `Fault`, so that the event is kept."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise _malformed("it has no list of Records", event)
    return records


def is_creation(record: Any) -> bool:
    """False for S3's other events (removed, restored …), which bring no new file."""
    name = record.get("eventName") if isinstance(record, dict) else None
    return not (isinstance(name, str) and not name.startswith("ObjectCreated:"))


def parse(record: Any, bucket: str) -> Upload:
    """Read one record, or raise a `Fault` that says what is wrong with it.

    An event of another bucket than `bucket` is refused: this pipeline may not touch that file.
    """
    try:
        if record["eventSource"] != "aws:s3":
            raise _malformed("it does not come from S3", record)
        s3, details = record["s3"], record["s3"]["object"]
        if s3["bucket"]["name"] != bucket:
            raise _malformed(f"it is not of the bucket {bucket}", record)
        sequencer = details["sequencer"]
        if not _HEX.fullmatch(sequencer) or len(sequencer) > UPLOAD_ID_LENGTH:
            raise _malformed(
                f"its sequencer is not a hex number of at most {UPLOAD_ID_LENGTH} digits", record
            )
        uploaded_at = datetime.fromisoformat(record["eventTime"])
        if uploaded_at.tzinfo is None:
            raise _malformed("its eventTime has no time zone", record)
        version_id = details.get("versionId") or None
        if not isinstance(version_id, str | None):
            raise _malformed("its versionId is not a text", record)
        size_bytes = details["size"]
        if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 0:
            raise _malformed("its size is not a whole number of bytes", record)
        # Keys arrive form-encoded; decoding leniently would name another object.
        key = unquote_plus(details["key"], errors="strict")
        if not 1 <= len(key.encode()) <= KEY_BYTES:
            raise _malformed(f"its key does not have 1 to {KEY_BYTES} bytes", record)
        return Upload(
            bucket=bucket,
            key=key,
            # While versioning is suspended every upload is version `null`, also the next one.
            version_id=None if version_id == "null" else version_id,
            etag=str(details.get("eTag", "")),
            size_bytes=size_bytes,
            upload_id=sequencer.upper().ljust(UPLOAD_ID_LENGTH, "0"),
            uploaded_at=uploaded_at.astimezone(UTC),
            record=record,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _malformed(f"{type(error).__name__}: {error}", record) from error


def _malformed(why: str, event: Any) -> Fault:
    return Fault(Code.CONFIGURATION, f"not an S3 upload event, {why}: {quoted(event)}")


def quoted(event: Any) -> str:
    """The beginning of an event for an error's text, however large or deeply nested it is."""
    return _QUOTED.repr(event)[:QUOTED_CHARACTERS]
