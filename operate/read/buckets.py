"""Counts in logarithmic buckets: quantiles of any number of values within 2 %, and they merge.

The buckets are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees", VLDB 2019, https://arxiv.org/abs/1908.10693): each bound is
`GAMMA` times the one before. Two days' counts are added bucket by bucket, so that the quantiles of
a month come from all of its files. Quantiles themselves are never averaged.
"""

import math
from collections.abc import Iterator, Sequence

RELATIVE_ERROR = 0.02
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
MOST = 2**63 - 1
"""What is larger counts as this."""

_LOG_GAMMA = math.log(GAMMA)


def bucket_of(value: float) -> int:
    """The bucket of a value of at least 1: it holds what is in (GAMMA^(n-1), GAMMA^n]."""
    return math.ceil(math.log(value) / _LOG_GAMMA)


class Buckets:
    """How many values there are of which size. What is below 1 counts as zero."""

    __slots__ = ("_counts", "files", "largest", "zeros")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.zeros = 0
        self.files = 0
        """How many values were added: one a file."""
        self.largest = 0
        """The largest value, exactly."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Buckets) and self.as_list() == other.as_list()

    __hash__ = None  # type: ignore[assignment]

    def add(self, value: int) -> None:
        """Count one value."""
        self.files += 1
        if value < 1:
            self.zeros += 1
            return
        value = min(value, MOST)
        self.largest = max(self.largest, value)
        bucket = bucket_of(value)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def merge(self, other: "Buckets") -> None:
        """Add the counts of another; the result is as if each value had been added here."""
        self.files += other.files
        self.zeros += other.zeros
        self.largest = max(self.largest, other.largest)
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count

    def quantile(self, share: float) -> float | None:
        """The value that this share of all does not exceed, within 2 %; None where there is none.

        The nearest rank, as SQL's `percentile_disc` has it: a value that occurred, not one between
        two. `quantile(1)` is exact.
        """
        if not self.files:
            return None
        rank = max(1, math.ceil(share * self.files))
        if rank == self.files:
            return self.largest
        passed = self.zeros
        if rank <= passed:
            return 0
        for bucket, count in self:
            passed += count
            if rank <= passed:
                return min(_middle(bucket), self.largest)
        return self.largest

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each bucket that is not empty and its count, the lowest first."""
        return iter(sorted(self._counts.items()))

    def as_list(self) -> list[int]:
        """Zeros, the largest value, then of each bucket its distance to the last and its count."""
        packed, last = [self.zeros, self.largest], 0
        for bucket, count in self:
            packed += [bucket - last, count]
            last = bucket
        return packed

    @classmethod
    def from_list(cls, packed: Sequence[object]) -> "Buckets":
        """The inverse of `as_list`. Raises a `ValueError` for what is none."""
        numbers = [it for it in packed if isinstance(it, int) and not isinstance(it, bool)]
        if len(numbers) != len(packed) or len(numbers) % 2 or not numbers or min(numbers) < 0:
            raise ValueError("no counts in buckets")
        found, bucket = cls(), 0
        found.zeros, found.largest = numbers[0], min(numbers[1], MOST)
        found.files = found.zeros
        for distance, count in zip(numbers[2::2], numbers[3::2], strict=True):
            bucket += distance
            found._counts[bucket] = found._counts.get(bucket, 0) + count
            found.files += count
        if found._counts and bucket > bucket_of(MOST):
            raise ValueError("a bucket beyond all values")
        return found


def _middle(bucket: int) -> float:
    """At most 2 % from every value of the bucket."""
    return 2 * GAMMA**bucket / (GAMMA + 1)
