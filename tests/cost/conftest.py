"""Pipelines to price, each read once from the program that a stack runs."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cost.bill import Bill, Line, bill
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import Item, Prices
from cost.registered import registered_resources
from cost.resources import read_pipeline
from cost.workload import Workload

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def default() -> Pipeline:
    """Nobody is told by e-mail; and no daily check, whose bill is worked out by itself."""
    return read_pipeline(registered_resources(ROOT, arguments={"daily_check": False}))


@pytest.fixture(scope="session")
def checked() -> Pipeline:
    """The component with no argument at all."""
    return read_pipeline(registered_resources(ROOT))


@pytest.fixture(scope="session")
def told(default: Pipeline) -> Pipeline:
    """The same when two people are told of everything."""
    return replace(default, settings=replace(default.settings, email_on="all"), addresses=2)


@pytest.fixture(scope="session")
def prices() -> Prices:
    return Prices.load()


class Priced:
    """A bill, and questions to it."""

    def __init__(self, pipeline: Pipeline, workload: Workload, prices: Prices) -> None:
        self.bill: Bill = bill(pipeline, workload, prices)

    def line(self, item: Item, section: Section | None = None) -> Line:
        (found,) = (
            line
            for line in self.bill.lines
            if line.use.item is item
            and section in (None, line.use.section)
            # Their bill is worked out by itself, in test_day_figures.py.
            and not line.use.what.startswith("Daily figures")
        )
        return found

    def listed(self, item: Item, section: Section | None = None) -> Decimal:
        return self.line(item, section).month.listed

    def quantity(self, item: Item, section: Section | None = None) -> Decimal:
        return self.line(item, section).use.quantity
