"""What the daily check costs, worked out by hand; a month has 30 days."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cost.bill import bill
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import Item, Prices
from cost.workload import Workload

from .conftest import Priced

D = Decimal
STANDING = Section.STANDING


def test_while_there_is_no_file_it_costs_less_than_a_cent(
    checked: Pipeline, prices: Prices
) -> None:
    priced = Priced(checked, Workload(files=0), prices)
    assert priced.quantity(Item.LAMBDA_REQUESTS, STANDING) == 30
    assert priced.quantity(Item.SCHEDULES, STANDING) == 30
    # 30 * 3 s * 1,769 / 1,024 GB
    assert priced.quantity(Item.LAMBDA_COMPUTE, STANDING) == D("155.478515625")
    # A page of each bucket and one unit of the table, every day.
    assert priced.quantity(Item.S3_WRITES, STANDING) == 60
    assert priced.quantity(Item.TABLE_READS, STANDING) == 30
    check = [line for line in priced.bill.lines if line.use.what.startswith("Daily check")]
    assert sum(line.month.listed for line in check) < D("0.01")
    assert sum(line.idle.after_free for line in check) < D("0.001")


def test_it_reads_everything_that_is_kept_every_day(checked: Pipeline, prices: Prices) -> None:
    # A million files from the month before and, on average, half a million of this one.
    priced = Priced(checked, Workload(files=1_000_000, month=2), prices)
    # 1.5 million records of 476 + 100 bytes, 4,096 bytes a unit: 210,937.  (+ 1) * 30 days
    reads = priced.quantity(Item.TABLE_READS, STANDING)
    assert reads == pytest.approx(D(30) * (1 + D(1_500_000) * 576 / 4096))
    # (1,500 pages + 2) * 30 days
    assert priced.quantity(Item.S3_WRITES, STANDING) == 45_060
    # (3 s + 1.5 million * 0.25 ms) * 30 days * 1,769 / 1,024 GB
    assert priced.quantity(Item.LAMBDA_COMPUTE, STANDING) == D(378) * 30 * 1769 / 1024


def test_a_million_kept_files_cost_about_eighty_cents_a_month(
    checked: Pipeline, prices: Prices
) -> None:
    """What README.md says of it."""
    lines = bill(checked, Workload(files=1_000_000), prices).lines
    idle = sum(line.idle.listed for line in lines if line.use.what.startswith("Daily check"))
    assert D("0.70") < idle < D("0.90")
    ten_thousand = bill(checked, Workload(files=10_000), prices).lines
    idle = sum(line.idle.listed for line in ten_thousand if line.use.what.startswith("Daily"))
    assert idle < D("0.02")


def test_without_it_there_is_none_of_it(checked: Pipeline, prices: Prices) -> None:
    lines = bill(replace(checked, checker=None), Workload(files=10), prices).lines
    assert not [line for line in lines if line.use.what.startswith("Daily check")]
