"""The event that asks for a retry: of which upload, and how often it was tried again before."""

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from .errors import Code, Fault
from .event import KEY_BYTES, UPLOAD_ID_LENGTH, quoted
from .item import Item

UPLOAD_ID = re.compile(rf"[0-9A-F]{{{UPLOAD_ID_LENGTH}}}")
MOMENT = re.compile(r"[0-9T:.Z-]{1,32}")
MOST_RETRIES = 1_000_000
"""Far beyond what anyone schedules or types."""

ABANDONED_SECONDS = 7 * 60 * 60
"""A retry takes no longer: Lambda keeps an event for six hours, and its last try takes 15 minutes.
Until then nobody begins another, for two at once would take each other's restored file for an
upload."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The `retries`-th retry of an upload, counted from 0."""

    object_key: str
    upload_id: str
    retries: int
    announced: str | None = None
    """The record's `retry_at` by which a schedule was made; None where an operator asks.

    A schedule counts only while its record announces it.
    """

    @classmethod
    def next_of(cls, item: Item) -> "Retry":
        """The one that comes after what `item` records."""
        return cls(item["object_key"], item["upload_id"], item.get("retries", 0))

    @classmethod
    def announced_by(cls, item: Item) -> "Retry":
        """The one that `item` says will come by itself."""
        return replace(cls.next_of(item), announced=item["retry_at"])

    @classmethod
    def asked_by(cls, event: dict[str, Any]) -> "Retry":
        """Raise a `Fault` that says what is wrong with the event."""
        try:
            retry = cls(**event["Retry"])
            names = 1 <= len(retry.object_key.encode()) <= KEY_BYTES and UPLOAD_ID.fullmatch(
                retry.upload_id
            )
            if not names or type(retry.retries) is not int or not 0 <= retry.retries < MOST_RETRIES:
                raise ValueError("it names no upload, or no number of retries")
            if retry.announced is not None and not MOMENT.fullmatch(retry.announced):
                raise ValueError("what announced it is no time")
        except (TypeError, ValueError, AttributeError) as error:
            raise Fault(Code.CONFIGURATION, f"not a retry, {error}: {quoted(event)}") from error
        return retry

    @property
    def event(self) -> dict[str, Any]:
        """What the processor is invoked with."""
        named = {name: value for name, value in asdict(self).items() if value is not None}
        return {"Retry": named}
