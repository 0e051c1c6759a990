"""A month's bill: what is used, times its price, with and without what an account has free."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .month import Section, Use
from .pipeline import Pipeline
from .prices import Item, Prices
from .usage import usage
from .workload import Workload

OWN = (Section.WORK, Section.KEPT, Section.STANDING)
"""What the pipeline adds to the price of the files themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dollars:
    """One month, or a sum of lines."""

    listed: Decimal = Decimal(0)
    """At list prices."""
    after_free: Decimal = Decimal(0)
    """When nothing else in the account uses the Free Tier."""

    def __add__(self, other: "Dollars") -> "Dollars":
        return Dollars(
            listed=self.listed + other.listed, after_free=self.after_free + other.after_free
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One use and its price."""

    use: Use
    unit: str
    month: Dollars
    idle: Dollars
    """A month after it in which nothing arrives."""


@dataclass(frozen=True, slots=True)
class Bill:
    """All lines of a month."""

    prices: Prices
    lines: Sequence[Line]

    def month(self, sections: Sequence[Section] = OWN) -> Dollars:
        """What the month costs; without `sections`, all that the pipeline is billed for."""
        return sum((line.month for line in self._of(sections)), Dollars())

    def idle(self, sections: Sequence[Section] = OWN) -> Dollars:
        """What a month after it costs in which nothing arrives."""
        return sum((line.idle for line in self._of(sections)), Dollars())

    def _of(self, sections: Sequence[Section]) -> Iterator[Line]:
        return (line for line in self.lines if line.use.section in sections)


def bill(pipeline: Pipeline, workload: Workload, prices: Prices) -> Bill:
    """The bill of one month, in dollars, exact."""
    month, idle = _FreeTier(prices), _FreeTier(prices)
    return Bill(
        prices,
        [
            Line(
                use,
                prices.items[use.item].unit,
                month.price(use.item, use.quantity),
                idle.price(use.item, use.idle),
            )
            for use in usage(pipeline, workload)
        ],
    )


class _FreeTier:
    """What is left of the free units, while the lines of a month are priced one by one."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._left = {item: price.free for item, price in prices.items.items()}

    def price(self, item: Item, quantity: Decimal) -> Dollars:
        price = self._prices.items[item]
        shared = price.free_with or item
        free = min(quantity, self._left[shared])
        self._left[shared] -= free
        return Dollars(listed=price.of(quantity), after_free=price.of(quantity - free))
