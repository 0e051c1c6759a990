"""The files of a month in one pipeline: how many go which way, and what each leaves behind."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from .footprint import Footprint, accepted, fault_line, set_aside
from .pipeline import Pipeline
from .prices import Item
from .stored import months_stored, most_months_stored
from .workload import Workload

GB = Decimal(1024**3)
ITEM_OVERHEAD_BYTES = 100
"""What DynamoDB adds to each stored item, and to each in an index. Source:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
TRIES = 3
"""Lambda's first and its two retries."""
TRACEBACK_BYTES = 1500
"""Lambda's own line about a try that raised."""


class Section(StrEnum):
    """Why something is billed."""

    WORK = "work"
    """What is done for each file."""
    KEPT = "kept"
    """What the pipeline keeps of it."""
    STANDING = "standing"
    """What is there while nothing happens."""
    FILES = "files"
    """The uploads and the accepted files themselves: any bucket costs this."""


@dataclass(frozen=True, slots=True)
class Use:
    """So many units of one item in a month."""

    section: Section
    item: Item
    what: str
    """For the bill: the service, and what of it."""
    quantity: Decimal
    idle: Decimal = Decimal(0)
    """Units in a month after it in which nothing arrives, before anything expires."""

    @property
    def is_any(self) -> bool:
        return bool(self.quantity or self.idle)


@dataclass(frozen=True)
class Month:
    """How many files go which way; shares of a file are as good as files."""

    pipeline: Pipeline
    workload: Workload

    @property
    def failed(self) -> Decimal:
        return self.workload.files * self.workload.failures

    @property
    def accepted(self) -> Decimal:
        return self.workload.files - self.failed

    @property
    def failing(self) -> Decimal:
        """Set aside by the rescuer, after all tries."""
        return self.failed * self.workload.retried

    @property
    def refused(self) -> Decimal:
        """Set aside at the first try."""
        return self.failed - self.failing

    @property
    def rescues(self) -> Decimal:
        """Failing files go the whole way once, and at most once more for each scheduled retry."""
        return self.failing * (1 + self.pipeline.scheduled_retries)

    @property
    def set_asides(self) -> Decimal:
        return self.refused + self.rescues

    @property
    def tries(self) -> Decimal:
        """Invocations of the processor."""
        return self.accepted + self.refused + TRIES * self.rescues

    @cached_property
    def fine(self) -> Footprint:
        """Of an accepted file."""
        return accepted(self.pipeline, self.workload)

    @cached_property
    def bad(self) -> Footprint:
        """Of a file that is set aside."""
        return set_aside(self.pipeline, self.workload)

    @property
    def record_bytes(self) -> Decimal:
        """Of all records in the table, without the index."""
        fine = self.accepted * (self.fine.record + ITEM_OVERHEAD_BYTES)
        return fine + self.failed * (self.bad.record + ITEM_OVERHEAD_BYTES)

    @property
    def index_bytes(self) -> Decimal:
        """Of the index of those that need somebody."""
        return self.failed * (self.bad.listed + ITEM_OVERHEAD_BYTES)

    @cached_property
    def log_bytes(self) -> Decimal:
        failed_try = fault_line(self.pipeline, self.workload) + TRACEBACK_BYTES
        written = self.accepted * self.fine.log + self.set_asides * self.bad.log
        return written + TRIES * self.rescues * failed_try

    @property
    def log_lines(self) -> Decimal:
        return self.accepted + self.set_asides + 2 * TRIES * self.rescues

    def stored(
        self, section: Section, item: Item, what: str, arriving: Decimal, days: int | None
    ) -> Use:
        """GB-months, of so many bytes that arrive in a month and are kept for so many days."""
        gigabytes, month = arriving / GB, self.workload.month
        now = gigabytes * months_stored(days, month)
        return Use(section, item, what, now, gigabytes * most_months_stored(days, month))


def gb_seconds(milliseconds: Decimal, megabytes: int) -> Decimal:
    """As Lambda bills time."""
    return milliseconds / 1000 * megabytes / 1024
