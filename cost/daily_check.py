"""The daily check reads both buckets and the table whole, also on days when nothing arrives."""

from decimal import Decimal

from .month import Month, Section, Use, gb_seconds
from .pipeline import Function
from .prices import Item
from .stored import months_stored, most_months_stored
from .workload import DAYS_A_MONTH

READ_UNIT_BYTES = 4096
LISTED_AT_ONCE = 1000
CHECKS_A_MONTH = DAYS_A_MONTH
CHECK_MS = 3000
"""What the check takes to start and to ask after everything but files."""
CHECK_MS_A_FILE = Decimal("0.25")
"""To list, read and compare one; measured at 0.15 ms, on another processor than Lambda's."""

WORDS = {
    Item.LAMBDA_REQUESTS: "invocations",
    Item.LAMBDA_COMPUTE: "time",
    Item.LAMBDA_COMPUTE_X86: "time",
    Item.LAMBDA_STORAGE: "/tmp",
    Item.SCHEDULES: "schedule",
    Item.TABLE_READS: "reads",
    Item.S3_WRITES: "lists",
}


def daily_check(month: Month) -> list[Use]:
    """Nothing where the pipeline has none."""
    pipeline = month.pipeline
    if pipeline.checker is None:
        return []
    days = (
        pipeline.settings.record_retention_days,
        pipeline.input_days,
        pipeline.quarantine_days,
    )
    number = month.workload.month
    now = _units(month, pipeline.checker, *(months_stored(it, number) for it in days))
    idle = _units(month, pipeline.checker, *(most_months_stored(it, number) for it in days))
    return [
        Use(Section.STANDING, item, f"Daily check: {what}", now[item], idle[item])
        for item, what in WORDS.items()
        if item in now
    ]


def _units(
    month: Month, checker: Function, in_table: Decimal, in_input: Decimal, in_quarantine: Decimal
) -> dict[Item, Decimal]:
    """A month's units, with so many months' files in each place."""
    listed = month.accepted * in_input + month.failed * in_quarantine
    milliseconds = CHECK_MS + CHECK_MS_A_FILE * max(listed, month.workload.files * in_table)
    a_day = {
        Item.LAMBDA_REQUESTS: Decimal(1),
        checker.compute: gb_seconds(milliseconds, checker.memory_mb),
        Item.LAMBDA_STORAGE: gb_seconds(milliseconds, checker.billed_storage_mb),
        Item.SCHEDULES: Decimal(1),
        Item.TABLE_READS: 1 + month.record_bytes * in_table / READ_UNIT_BYTES,
        # One page at least of each bucket.
        Item.S3_WRITES: 2 + listed / LISTED_AT_ONCE,
    }
    return {item: CHECKS_A_MONTH * units for item, units in a_day.items()}
