"""What is known of an upload that took place."""

from dataclasses import dataclass, field
from typing import Any

from handler.model.event import Upload as S3Upload

from .buckets import Version
from .histories import Answer, Upload
from .invocation import Invocation
from .sns import Published

PlainItem = dict[str, Any]


@dataclass(eq=False)
class Fact:
    """An upload, and all that became of it."""

    number: int
    plan: Upload
    event: S3Upload
    """What the handler's own `parse` makes of its notification."""
    version: Version
    removed_by: str | None = None
    """Who removed this version from the input bucket for good."""
    written: list[tuple[PlainItem, Invocation]] = field(default_factory=list)
    """Every state of its record that an invocation wrote, in order."""
    alerts: list[tuple[Published, Invocation]] = field(default_factory=list)
    answers: list[tuple[Answer, Invocation]] = field(default_factory=list)
    copies: list[tuple[Version, Invocation]] = field(default_factory=list)
    """Every copy in quarantine that was ever made of it."""
    copies_removed_by_user: set[str] = field(default_factory=set)
    """Version ids of those that a user deleted for good."""
    counted_in_hand: list[Invocation] = field(default_factory=list)
    """The tries of retries that said that `process` is given it next."""
    claims: list[str] = field(default_factory=list)
    """The owner of each retry that was counted, in order."""
    restored: list[tuple[Version, Invocation]] = field(default_factory=list)
    """Every version that a retry ever brought back to the input bucket."""
    removed_by_user: list[Version] = field(default_factory=list)
    """Which of these a user has deleted for good."""
    discarded: PlainItem | None = None
    """Its record once an operator has discarded it."""
    shares_an_event: bool = False
    """Told together with another upload, at least once."""
    loose_ends: list[str] = field(default_factory=list)
    """Why an alarm may stand for its fate: its event was kept, or could not be delivered."""

    @property
    def record(self) -> PlainItem | None:
        if self.discarded:
            return self.discarded
        return self.written[-1][0] if self.written else None

    @property
    def status(self) -> str | None:
        return self.record["status"] if self.record else None

    @property
    def was_set_aside(self) -> bool:
        return any(item["status"] == "QUARANTINED" for item, _ in self.written)

    def __str__(self) -> str:
        return f"upload {self.number} ({self.event.key}, {self.event.upload_id.rstrip('0')})"
