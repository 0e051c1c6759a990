"""One upload in the hands of one invocation, and what became of it."""

from dataclasses import dataclass, replace

from .event import Upload
from .item import Item, Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload in this invocation."""

    status: Status
    """The fate that is recorded."""
    recorded: bool
    """True when this invocation recorded it, at this try or one before; False when another did."""
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One upload in the hands of one invocation."""

    upload: Upload
    owner: str
    """The Lambda request id, which an asynchronous retry keeps."""
    started: float
    """On `time.monotonic`'s clock."""
    rescuing: bool = False
    """True in the rescuer, to which a HELD record never gives way."""
    claimed: Item | None = None
    """The record that a retry has claimed, as it was then; None for an upload that arrived."""

    @property
    def is_quarantined(self) -> bool:
        """True when the file was set aside before, and is tried again."""
        return self.claimed is not None and self.claimed["status"] == Status.QUARANTINED

    @property
    def source(self) -> Upload:
        """The upload at the place where `process` is to read it.

        That is quarantine for a file that was set aside: it stays there until its retry is
        recorded.
        """
        if self.claimed is None or not self.is_quarantined:
            return self.upload
        bucket = self.claimed["location"].removeprefix("s3://").partition("/")[0]
        version_id = self.claimed["location_version_id"]
        return replace(self.upload, bucket=bucket, version_id=version_id)
