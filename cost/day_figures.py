"""The days' figures that the daily check writes: one small item a day, read by each check."""

from decimal import Decimal

from .month import GB, ITEM_OVERHEAD_BYTES, Month, Section, Use
from .prices import Item
from .stored import months_stored, most_months_stored
from .workload import DAYS_A_MONTH

KEPT_DAYS = 400
MOST_BYTES = 48_000
"""Both as `operate` has them; a test holds them together."""
FIRST_BYTES = 500
BYTES_A_ROOT = 180
"""A day's figures take at most so many bytes, and so many for the square root of its files, because
buckets fill up. tests/cost/test_day_figures.py holds this to a made-up month."""
KEY_BYTES = 1_100
"""Of the item's keys and numbers; the partition key alone has a kilobyte."""
CHANGED_DAYS = 4
"""Days that a check writes anew: today, yesterday, and those whose files were retried since."""
LAST_COUNT_UNITS = 2
WRITE_UNIT_BYTES, READ_UNIT_BYTES = 1024, 4096


def day_figures(month: Month) -> list[Use]:
    """Nothing where no check is made; an upper bound."""
    if month.pipeline.checker is None:
        return []
    files_a_day = Decimal(month.workload.files) / DAYS_A_MONTH
    size = item_bytes(files_a_day) if files_a_day else 0
    written = CHANGED_DAYS * -(-size // WRITE_UNIT_BYTES)
    number = month.workload.month
    now, idle = months_stored(KEPT_DAYS, number), most_months_stored(KEPT_DAYS, number)
    a_month_of_items = Decimal(size) * DAYS_A_MONTH
    reads = a_month_of_items / READ_UNIT_BYTES * DAYS_A_MONTH
    stored = (a_month_of_items + ITEM_OVERHEAD_BYTES * DAYS_A_MONTH * bool(size)) / GB
    quiet = Decimal(LAST_COUNT_UNITS * DAYS_A_MONTH)

    def use(item: Item, what: str, quantity: Decimal, idle: Decimal) -> Use:
        return Use(Section.STANDING, item, f"Daily figures: {what}", quantity, idle)

    return [
        use(Item.TABLE_WRITES, "writes", quiet + written * DAYS_A_MONTH, quiet),
        use(Item.TABLE_READS, "reads", reads * now, reads * idle),
        use(Item.TABLE_STORAGE, "stored", stored * now, stored * idle),
    ]


def item_bytes(files_a_day: Decimal) -> int:
    """At most, of the item of a day with so many files."""
    return min(MOST_BYTES, FIRST_BYTES + round(BYTES_A_ROOT * files_a_day.sqrt())) + KEY_BYTES
