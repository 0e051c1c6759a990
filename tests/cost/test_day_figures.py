"""What the days' figures cost, beyond the check that counts them anyhow."""

from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks.made_up_month import records
from cost import day_figures
from cost.bill import bill
from cost.pipeline import Pipeline
from cost.prices import Prices
from cost.workload import Workload
from operate.read import day, day_items
from operate.read.day_book import day_book

D = Decimal


def figures_of(pipeline: Pipeline, workload: Workload, prices: Prices) -> dict[str, Decimal]:
    """List prices of the three lines."""
    return {
        line.use.what.removeprefix("Daily figures: "): line.month.listed
        for line in bill(pipeline, workload, prices).lines
        if line.use.what.startswith("Daily figures")
    }


@pytest.mark.parametrize("month", [1, 13, 30])
@pytest.mark.parametrize("files", [0, 25_000, 1_000_000, 100_000_000])
def test_they_cost_at_most_three_cents_a_month_whatever_arrives(
    checked: Pipeline, prices: Prices, files: int, month: int
) -> None:
    lines = figures_of(checked, Workload(files=files, month=month), prices)
    assert lines.keys() == {"writes", "reads", "stored"}
    assert 0 < sum(lines.values()) <= D("0.03")


def test_by_hand(checked: Pipeline, prices: Prices) -> None:
    # 900 files are 30 a day: 500 + 180 * the root of 30 is 1,486 bytes, and 1,100 of keys: 3 units.
    # 4 days a check, 30 checks, and two units a check for the last count: 420.
    lines = figures_of(checked, Workload(files=900), prices)
    assert lines["writes"] == 420 * D("0.625") / 1_000_000
    # 30 items at the end of the month, 15 on average, each read 30 times: 15 * 2,586 / 4,096 * 30
    assert lines["reads"] == D(15) * 2586 / 4096 * 30 * D("0.125") / 1_000_000


def test_without_a_check_there_are_none(checked: Pipeline, prices: Prices) -> None:
    assert figures_of(replace(checked, checker=None), Workload(files=10), prices) == {}


def test_what_is_assumed_is_what_is_done() -> None:
    assert (day_figures.KEPT_DAYS, day_figures.MOST_BYTES) == (
        day_items.KEPT_DAYS,
        day.MOST_BYTES,
    )
    assert len(day_items.FIGURES_KEY) + 75 <= day_figures.KEY_BYTES


@pytest.mark.parametrize(("files", "days"), [(30, 30), (800, 30), (25_000, 30), (20_000, 1)])
def test_a_day_takes_no_more_bytes_than_are_billed(files: int, days: int) -> None:
    with day_book() as book:
        for record in records(files, days):
            book.add(record)
        found = list(book.days())
    assert len(found) <= days
    for it in found:
        assert len(it.pack()) + day_figures.KEY_BYTES <= day_figures.item_bytes(D(it.files))
