"""The decision table of docs/design.md, as data: what each fate takes, in which order.

The order never changes, so that a crash at any point leaves the file somewhere known and doing it
again is harmless: move, record, remove, notify. Nothing is published before it is known whether
S3 lets us remove what is to be removed.
"""

from enum import StrEnum, auto
from typing import NamedTuple

from ..model.item import Status

PROCESSED, QUARANTINED, HELD, GONE = Status


class Move(StrEnum):
    """How the file gets to where its record will say that it is. All but STAY may find it gone."""

    CHECK = auto()
    """Ask whether it is still in the input bucket."""
    COPY = auto()
    """Make a checked copy in quarantine, or find the one that an earlier try made."""
    STAY = auto()
    """Its copy in quarantine stays as it is."""
    RESTORE = auto()
    """Copy it back into the input bucket, unless a newer upload of its key is there."""


class Step(StrEnum):
    """What is done once there is a record."""

    DELETE_INPUT = auto()
    """Delete exactly this version from the input bucket."""
    KEEP_ONE_COPY = auto()
    """Leave one copy in quarantine, the recorded one, then DELETE_INPUT."""
    KEEP_ONE_COPY_IF_COPIED = auto()
    """KEEP_ONE_COPY, where this try has made a copy or found one."""
    DROP_COPY = auto()
    """Remove the copy that this try has made, unless the record names it."""
    DROP_RESTORED = auto()
    """Remove what this retry has restored, unless the record names it."""
    DROP_SOURCE = auto()
    """Remove the copy in quarantine from which the file was restored."""
    DROP_LEFTOVERS = auto()
    """Delete what S3 refused to delete before, as the record says."""
    RECORD_REFUSALS = auto()
    """Record what S3 refuses to delete for good, so that all that is published is true."""
    SCHEDULE = auto()
    """In the rescuer: make sure that the retry which the record announces will come."""
    NOTIFY = auto()
    """Publish what the record says."""
    NOTIFY_AGAIN = auto()
    """Publish what an earlier try recorded, and may have died of publishing."""
    COUNT = auto()
    """In the rescuer: count that one more delivery of the upload failed."""


class Transition(NamedTuple):
    """The way from where the file is to a fate."""

    status: Status
    """What is recorded; GONE instead when `move` finds that the file is no longer there."""
    move: Move | None
    steps: tuple[Step, ...]
    """Done when this very invocation has recorded the fate."""


_STAYS_ASIDE = (
    Step.DELETE_INPUT,
    Step.DROP_RESTORED,
    Step.DROP_LEFTOVERS,
    Step.RECORD_REFUSALS,
    Step.SCHEDULE,
    Step.NOTIFY,
)

TRANSITIONS: dict[tuple[bool, Status], Transition] = {
    # In the input bucket: the upload has just arrived, or it was held and is tried again.
    (False, PROCESSED): Transition(PROCESSED, None, (Step.NOTIFY,)),
    (False, QUARANTINED): Transition(
        QUARANTINED,
        Move.COPY,
        (Step.DELETE_INPUT, Step.RECORD_REFUSALS, Step.SCHEDULE, Step.NOTIFY),
    ),
    (False, HELD): Transition(HELD, Move.CHECK, (Step.SCHEDULE, Step.NOTIFY)),
    (False, GONE): Transition(GONE, None, (Step.NOTIFY,)),
    # In quarantine: it was set aside and is tried again. What befalls a retry is no reason to hold
    # it. An earlier try of the same retry may have accepted what this one does not.
    (True, PROCESSED): Transition(
        PROCESSED,
        Move.RESTORE,
        (Step.DROP_SOURCE, Step.DROP_LEFTOVERS, Step.RECORD_REFUSALS, Step.NOTIFY),
    ),
    (True, QUARANTINED): Transition(QUARANTINED, Move.STAY, _STAYS_ASIDE),
    (True, HELD): Transition(QUARANTINED, Move.STAY, _STAYS_ASIDE),
    (True, GONE): Transition(GONE, None, (Step.DROP_LEFTOVERS, Step.RECORD_REFUSALS, Step.NOTIFY)),
}
"""By whether the file is in quarantine, and by the fate that was decided."""


class Existing(NamedTuple):
    """What is still to be done about a fate that was recorded before."""

    same_owner: tuple[Step, ...]
    """An earlier try of this invocation recorded it, and died or lost the answer."""
    other_owner: tuple[Step, ...]


EXISTING: dict[Status, Existing] = {
    PROCESSED: Existing(
        (
            Step.DROP_COPY,
            Step.DROP_RESTORED,
            Step.DROP_SOURCE,
            Step.DROP_LEFTOVERS,
            Step.RECORD_REFUSALS,
            Step.NOTIFY_AGAIN,
        ),
        (Step.DROP_COPY, Step.DROP_RESTORED),
    ),
    QUARANTINED: Existing(
        (
            Step.KEEP_ONE_COPY,
            Step.DROP_RESTORED,
            Step.DROP_LEFTOVERS,
            Step.RECORD_REFUSALS,
            Step.SCHEDULE,
            Step.NOTIFY_AGAIN,
        ),
        (Step.KEEP_ONE_COPY_IF_COPIED, Step.DROP_RESTORED),
    ),
    # A copy stays: HELD may be giving way right now, to a fate that names this very copy.
    HELD: Existing((Step.SCHEDULE, Step.NOTIFY_AGAIN), (Step.COUNT,)),
    GONE: Existing(
        (
            Step.DROP_COPY,
            Step.DROP_RESTORED,
            Step.DROP_LEFTOVERS,
            Step.RECORD_REFUSALS,
            Step.NOTIFY_AGAIN,
        ),
        (Step.DROP_COPY, Step.DROP_RESTORED),
    ),
}


def replaces_held(status: Status, *, rescuing: bool) -> bool:
    """Whether a HELD record gives way to `status`: to what the processor decides, or to GONE."""
    return status is GONE or not rescuing
