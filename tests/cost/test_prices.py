"""The file of prices: each has a source, and what is wrong in a changed copy is said."""

from decimal import Decimal
from pathlib import Path

import pytest

from cost.errors import CostError
from cost.prices import PRICES, Item, Prices

FILE = PRICES.read_text()


def test_every_price_has_a_page_of_aws_as_its_source(prices: Prices) -> None:
    for price in prices.items.values():
        assert price.source.startswith("https://aws.amazon.com/")
        assert "/pricing/" in price.source


def test_prices_are_exact(prices: Prices) -> None:
    assert prices.items[Item.LAMBDA_COMPUTE].dollars == Decimal("0.0000133334")
    assert prices.items[Item.LAMBDA_COMPUTE].of(Decimal(3)) == Decimal("0.0000400002")


def test_the_free_tier_is_the_part_that_never_ends(prices: Prices) -> None:
    """S3's and DynamoDB's other offers are of the first year, or for provisioned tables."""
    free = {item: price.free for item, price in prices.items.items() if price.free}
    assert free == {
        Item.LAMBDA_REQUESTS: 1_000_000,
        Item.LAMBDA_COMPUTE: 400_000,
        Item.TABLE_STORAGE: 25,
        Item.PUBLISHES: 1_000_000,
        Item.EMAILS: 1_000,
        Item.LOGS_WRITTEN: 5,
        Item.METRICS: 10,
        Item.ALARMS: 10,
        Item.DASHBOARDS: 3,
        Item.SCHEDULES: 14_000_000,
        Item.KEY_REQUESTS: 20_000,
    }


def test_prices_of_ones_own_are_read(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(FILE.replace("us-east-1", "eu-central-1").replace("0.625", "0.7625"))
    prices = Prices.load(own)
    assert prices.region == "eu-central-1"
    assert prices.items[Item.TABLE_WRITES].dollars == Decimal("0.7625")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('region = "us-east-1"', "", "does not say its region"),
        ("read = 2026-11-23", "", "does not say its read"),
        ("read = 2026-11-23", 'read = "today"', "a date"),
        ("[keys]", "[locks]", "what is not known: locks"),
        ("[keys]", "[keys.more]", r"\[keys\]: say either free or free_with"),
        (
            "dollars = 0.625",
            "dollars = -0.625",
            r"\[table_writes\]: dollars must be a number of at",
        ),
        ("dollars = 0.625", 'dollars = "0.625"', "dollars must be a number"),
        ("dollars = 0.625", "dollars = true", "dollars must be a number"),
        ("dollars = 0.625", "dollars = nan", "dollars must be a number"),
        ("per = 100_000\n", "per = 0\n", r"\[emails\]: per must be a number above 0"),
        ("free = 1_000\n", "", r"\[emails\]: say either free or free_with"),
        ('free_with = "logs_written"', 'free_with = "logs"', "must name another price"),
        ('unit = "keys"', "unit = 1", r"\[keys\]: unit must be a text"),
        ("[keys]", "[keys", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in FILE
    own = tmp_path / "prices.toml"
    own.write_text(FILE.replace(old, new, 1))
    with pytest.raises(CostError, match=said):
        Prices.load(own)


def test_a_price_that_is_missing_is_named(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(FILE[: FILE.index("[key_requests]")])
    with pytest.raises(CostError, match=r"no price of: key_requests\. Copy them from"):
        Prices.load(own)


def test_a_price_that_is_no_table_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text("emails = 3\n" + FILE.replace("[emails]", "[emails2]"))
    with pytest.raises(CostError, match="not known: emails2"):
        Prices.load(own)
    own.write_text("key_requests = 3\n" + FILE[: FILE.index("[key_requests]")])
    with pytest.raises(CostError, match=r"\[key_requests\] must be a table"):
        Prices.load(own)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CostError, match=r"Cannot read the prices in .*No such file"):
        Prices.load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(CostError, match="is no TOML"):
        Prices.load(own)
