"""One upload in the hands of one invocation, and what became of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .event import Upload
from .item import Item, Status

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload in this invocation."""

    status: Status
    """The fate that stands."""
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
    """The record that a retry has claimed, as it was then."""

    @property
    def source(self) -> Upload:
        """The upload at the place where `process` is to read it."""
        return self.upload
