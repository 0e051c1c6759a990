"""An upload, as everything behind the doors knows it, and what all shapes of events share."""

import re
import reprlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from .errors import Code, Fault

UPLOAD_ID_LENGTH = 32
"""S3's sequencers are hex strings of differing length; padded on the right they sort by age."""

KEY_BYTES = 1024
"""What S3 takes for a key, as UTF-8; the table takes no longer one either."""

MARKER_ENDINGS = ("/", "_$folder$")
VALIDATION_OBJECT = "malware-protection-resource-validation-object"

SENDER_LENGTH = 256
"""Far above what AWS names: the longest is a role's id with a session's name of 64 characters."""

_HEX = re.compile(r"[0-9A-Fa-f]+")
_SENDER = re.compile(rf"[!-~]{{1,{SENDER_LENGTH}}}")

# Bounded in depth too: `repr` of what is nested deeply enough ends in a RecursionError.
_QUOTED = reprlib.Repr()
_QUOTED.maxlevel, _QUOTED.maxstring, _QUOTED.maxother = 8, 200, 200
_QUOTED.maxdict = _QUOTED.maxlist = 20
QUOTED_CHARACTERS = 500


class Made(StrEnum):
    """How an object came to be, as far as it matters: a retry restores a file by a copy."""

    WHOLE = "whole"
    IN_PARTS = "in parts"
    BY_COPY = "by copy"


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
    """The event (of S3's notification: its record) as it came, kept when the upload is held."""
    made: Made = Made.WHOLE
    sender: str | None = None
    """Who put it there, as the door says it: a principal, an account number or an AWS service."""
    sender_address: str | None = None
    """From where: an IP address, or the name of an AWS service."""

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
    def is_marker(self) -> bool:
        """An empty object that means no file to anybody.

        Consoles and tools create `folder/` to show a folder, Hadoop `folder_$folder$`; GuardDuty
        tries a bucket with one that it removes again. Source:
        https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite.html
        """
        return self.size_bytes == 0 and (
            self.key.endswith(MARKER_ENDINGS) or self.key == VALIDATION_OBJECT
        )


def is_test(event: Any) -> bool:
    """S3 sends one of these when the notification is set up; it names no file."""
    return isinstance(event, dict) and event.get("Event") == "s3:TestEvent"


def is_retry(event: Any) -> bool:
    """True when a schedule or an operator asks for a retry; see `retries.py`."""
    return isinstance(event, dict) and "Retry" in event


def upload_of(
    record: dict[str, Any],
    *,
    bucket: str,
    key: str,
    version_id: Any,
    etag: Any,
    size_bytes: Any,
    sequencer: Any,
    time: Any,
    made: Made,
    sender: str | None,
    sender_address: str | None,
) -> Upload:
    """What a door has read, checked. Raise a `Fault`, or what Python says of a wrong type."""
    if not _HEX.fullmatch(sequencer) or len(sequencer) > UPLOAD_ID_LENGTH:
        raise malformed(
            f"its sequencer is not a hex number of at most {UPLOAD_ID_LENGTH} digits", record
        )
    uploaded_at = datetime.fromisoformat(time)
    if uploaded_at.tzinfo is None:
        raise malformed("its time has no time zone", record)
    version_id = version_id or None
    if not isinstance(version_id, str | None):
        raise malformed("its version id is not a text", record)
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 0:
        raise malformed("its size is not a whole number of bytes", record)
    if not 1 <= len(key.encode()) <= KEY_BYTES:
        raise malformed(f"its key does not have 1 to {KEY_BYTES} bytes", record)
    return Upload(
        bucket=bucket,
        key=key,
        # While versioning is suspended every upload is version `null`, also the next one.
        version_id=None if version_id == "null" else version_id,
        etag=str(etag),
        size_bytes=size_bytes,
        upload_id=sequencer.upper().ljust(UPLOAD_ID_LENGTH, "0"),
        uploaded_at=uploaded_at.astimezone(UTC),
        record=record,
        made=made,
        sender=sender,
        sender_address=sender_address,
    )


def named_in(part: Any, *path: str) -> str | None:
    """Who or what `part` names at `path`: a printable word, or None.

    A file gets its fate whatever is said of its sender, so nothing is wrong with an event for it.
    """
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    return part if isinstance(part, str) and _SENDER.fullmatch(part) else None


def malformed(why: str, event: Any) -> Fault:
    """The fault for what is no event of an upload of ours."""
    return Fault(Code.CONFIGURATION, f"not an S3 upload event, {why}: {quoted(event)}")


def quoted(event: Any) -> str:
    """The beginning of an event for an error's text, however large or deeply nested it is."""
    return _QUOTED.repr(event)[:QUOTED_CHARACTERS]
