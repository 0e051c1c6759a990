"""The figures of some files together: of a type, an hour, a reason, a sender, or of all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .buckets import Buckets
from .facts import STATUSES, Fact


@dataclass(slots=True)
class Tally:
    """Of the files with one status."""

    files: int = 0
    bytes: int = 0
    attempts: int = 0
    """Of all of them; as many as files where none was tried again."""
    retried: int = 0
    """Files that took more than one attempt."""


@dataclass(slots=True)
class Group:
    """Files that have something in common."""

    by_status: dict[str, Tally] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    """Files by reason code; "" stands for those whose codes are not counted by name."""
    durations: Buckets = field(default_factory=Buckets)
    """Milliseconds of the try that gave a file its fate; of PROCESSED and QUARANTINED files."""
    sizes: Buckets = field(default_factory=Buckets)
    """Bytes of every file."""
    waits: Buckets = field(default_factory=Buckets)
    """Milliseconds from upload to fate; of PROCESSED and QUARANTINED files."""

    @property
    def files(self) -> int:
        return sum(tally.files for tally in self.by_status.values())

    @property
    def bytes(self) -> int:
        return sum(tally.bytes for tally in self.by_status.values())

    @property
    def attempts(self) -> int:
        return sum(tally.attempts for tally in self.by_status.values())

    @property
    def retried(self) -> int:
        return sum(tally.retried for tally in self.by_status.values())

    @property
    def not_accepted(self) -> float | None:
        """The share of the files that are not PROCESSED, 0 to 1; None where there are none."""
        return 1 - self.of("PROCESSED").files / self.files if self.files else None

    def of(self, status: str) -> Tally:
        """Nothing where no file has that status."""
        return self.by_status.get(status, Tally())

    @property
    def without_waits(self) -> "Group":
        return replace(self, waits=Buckets())

    @property
    def counts_alone(self) -> "Group":
        """Without any buckets."""
        return Group(self.by_status, self.reasons)

    def count(self, fact: Fact) -> None:
        """Count a file by what became of it."""
        tally = self.by_status.setdefault(fact.status, Tally())
        tally.files += 1
        tally.bytes += fact.size_bytes
        tally.attempts += fact.attempts
        tally.retried += fact.attempts > 1

    def measure(self, fact: Fact, *, size: bool = True) -> None:
        """Count how long it took, how long it waited and how large it is."""
        if size:
            self.sizes.add(fact.size_bytes)
        if fact.duration_ms is not None:
            self.durations.add(fact.duration_ms)
        if fact.wait_ms is not None:
            self.waits.add(fact.wait_ms)

    def blame(self, reason: str) -> None:
        """Count its reason code."""
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def merge(self, other: "Group") -> None:
        """Add the figures of other files."""
        for status, theirs in other.by_status.items():
            mine = self.by_status.setdefault(status, Tally())
            mine.files += theirs.files
            mine.bytes += theirs.bytes
            mine.attempts += theirs.attempts
            mine.retried += theirs.retried
        for reason, files in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + files
        self.durations.merge(other.durations)
        self.sizes.merge(other.sizes)
        self.waits.merge(other.waits)

    def as_json(self, reasons: Mapping[str, int]) -> dict[str, Any]:
        """What is not empty. `reasons` numbers the codes."""
        written: dict[str, Any] = {
            "n": {
                str(STATUSES.index(status)): [it.files, it.bytes, it.attempts, it.retried]
                for status, it in sorted(self.by_status.items())
            }
        }
        if self.reasons:
            numbered = {reasons[code]: files for code, files in self.reasons.items()}
            written["r"] = [it for pair in sorted(numbered.items()) for it in pair]
        for name, buckets in (("d", self.durations), ("s", self.sizes), ("w", self.waits)):
            if buckets.files:
                written[name] = buckets.as_list()
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any], reasons: list[str]) -> "Group":
        """The inverse of `as_json`. Raises what Python raises of anything else."""
        group = cls()
        for number, counts in written["n"].items():
            files, size, attempts, retried = map(_count, counts)
            group.by_status[STATUSES[int(number)]] = Tally(files, size, attempts, retried)
        pairs = written.get("r", [])
        for number, files in zip(pairs[::2], pairs[1::2], strict=True):
            group.reasons[reasons[number]] = _count(files)
        for name, attribute in (("d", "durations"), ("s", "sizes"), ("w", "waits")):
            if name in written:
                setattr(group, attribute, Buckets.from_list(written[name]))
        return group


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"no count: {value!r}")
    return value
