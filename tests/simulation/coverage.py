"""What the histories have reached, so that a green run says what it is worth."""

from collections import Counter
from dataclasses import dataclass, field

from .invocation import Invocation
from .troubles import DEATHS, Kind, Trouble


@dataclass
class Coverage:
    """Counts over many histories; `update` adds up those of several processes."""

    histories: int = 0
    calls: int = 0
    invocations: int = 0
    scenes: int = 0
    endings: int = 0
    """Ways in which the scenes can end, over all orders of their calls."""
    troubles: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind and call."""
    crash_points: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By role, call, and whether it had taken effect."""
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Of the decision table: who, the fate it wants, and whose fate stands."""
    answers: Counter[str] = field(default_factory=Counter)
    """Of `process`."""
    fates: Counter[str] = field(default_factory=Counter)
    schedules: Counter[str] = field(default_factory=Counter)
    """How they were carried out."""
    retries: Counter[str] = field(default_factory=Counter)
    """What became of them."""
    world: Counter[str] = field(default_factory=Counter)
    """What else happened: duplicates, doubled deliveries, throttling …"""

    def trouble(
        self, trouble: Trouble, invocation: Invocation, service: str, operation: str
    ) -> None:
        self.troubles[str(trouble.kind), f"{service} {operation}"] += 1
        if trouble.kind in DEATHS or trouble.kind is Kind.HANG:
            when = "after" if trouble.took_effect else "before"
            self.crash_points[invocation.role, operation, when] += 1

    def update(self, other: "Coverage") -> None:
        for name, value in vars(other).items():
            if isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)
            else:
                getattr(self, name).update(value)
