"""Which door an event came through."""

from typing import Any, Protocol

from ..model.event import Upload
from . import s3_notification


class Door(Protocol):
    """Reads one shape of event."""

    def records_of(self, event: Any, /) -> list[Any]:
        """The parts of the event, each about one object. Raise a `Fault` where there are none."""

    def other_event(self, record: Any, /) -> str | None:
        """What the record tells of that brings no new file, by S3's name; None for an upload."""

    def parse(self, record: Any, bucket: str, /) -> Upload:
        """Read one part. Raise a `Fault` that says what is wrong with it.

        A file of another bucket than `bucket` is refused: this pipeline may not touch it.
        """


def door_of(event: Any) -> Door:
    """Of an event that fits no door, S3's own says what is wrong with it."""
    if isinstance(event, dict) and "detail-type" in event:
        from . import object_created  # noqa: PLC0415 - only where EventBridge brings the events

        return object_created
    return s3_notification


def uploads_in(event: Any, bucket: str) -> list[Upload]:
    """Every upload that `event` tells of. Raise a `Fault` where it is none of `bucket`'s."""
    door = door_of(event)
    return [
        door.parse(record, bucket)
        for record in door.records_of(event)
        if door.other_event(record) is None
    ]
