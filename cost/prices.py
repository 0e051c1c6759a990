"""The prices, read from a file that says when and where each was found."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import CostError

PRICES = Path(__file__).resolve().parent / "prices.toml"


class Item(StrEnum):
    """Everything that is billed, by its name in the file of prices."""

    LAMBDA_REQUESTS = "lambda_requests"
    LAMBDA_COMPUTE = "lambda_compute"
    LAMBDA_COMPUTE_X86 = "lambda_compute_x86"
    LAMBDA_STORAGE = "lambda_storage"
    TABLE_WRITES = "table_writes"
    TABLE_READS = "table_reads"
    TABLE_STORAGE = "table_storage"
    TABLE_RECOVERY = "table_recovery"
    PUBLISHES = "publishes"
    EMAILS = "emails"
    S3_WRITES = "s3_writes"
    S3_READS = "s3_reads"
    S3_STORAGE = "s3_storage"
    LOGS_WRITTEN = "logs_written"
    LOGS_KEPT = "logs_kept"
    METRICS = "metrics"
    ALARMS = "alarms"
    DASHBOARDS = "dashboards"
    SCHEDULES = "schedules"
    KEYS = "keys"
    KEY_REQUESTS = "key_requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The list price of one item."""

    unit: str
    dollars: Decimal
    per: Decimal
    """How many units the price is for."""
    free: Decimal
    """Units that an account has free each month, for ever."""
    free_with: Item | None
    """The item whose free units are these ones too."""
    source: str

    def of(self, quantity: Decimal) -> Decimal:
        """Dollars for so many units."""
        return quantity * self.dollars / self.per


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices of one region, as they were on one day."""

    region: str
    read: date
    items: Mapping[Item, Price]

    @classmethod
    def load(cls, path: Path = PRICES) -> "Prices":
        """Raise a `CostError` that names what is missing or wrong in the file."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        except OSError as error:
            raise CostError(f"Cannot read the prices in {path}: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CostError(f"{path} is no TOML: {error}. Start from a copy of {PRICES}.") from None
        try:
            region, read = found.pop("region"), found.pop("read")
        except KeyError as error:
            raise CostError(f"{path} does not say its {error.args[0]}.") from None
        if not isinstance(region, str) or type(read) is not date:
            raise CostError(f'{path}: write region = "us-east-1" and read = 2026-11-23, a date.')
        known = set(Item)
        if unknown := found.keys() - known:
            raise CostError(f"{path} has prices of what is not known: {_listed(unknown)}.")
        if missing := known - found.keys():
            raise CostError(f"{path} has no price of: {_listed(missing)}. Copy them from {PRICES}.")
        return cls(region, read, {item: _price(path, item, found[item]) for item in Item})


def _price(path: Path, item: Item, values: Any) -> Price:
    where = f"{path}, [{item}]"
    if not isinstance(values, dict):
        raise CostError(f"{where} must be a table with unit, dollars, per, free and source.")
    shared = values.get("free_with")
    if shared is not None and shared not in set(Item):
        raise CostError(f"{where}: free_with must name another price (got {shared!r}).")
    if (shared is None) == ("free" not in values):
        raise CostError(f"{where}: say either free or free_with.")
    for name in ("unit", "source"):
        if not isinstance(values.get(name), str):
            raise CostError(f"{where}: {name} must be a text (got {values.get(name)!r}).")
    return Price(
        unit=values["unit"],
        dollars=_number(where, values, "dollars"),
        per=_number(where, values, "per", above_zero=True),
        free=Decimal(0) if shared else _number(where, values, "free"),
        free_with=Item(shared) if shared else None,
        source=values["source"],
    )


def _number(where: str, values: dict[str, Any], name: str, *, above_zero: bool = False) -> Decimal:
    value: Any = values.get(name)
    numeric = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if not numeric or not Decimal(value).is_finite() or value < 0 or (above_zero and value == 0):
        least = "above 0" if above_zero else "of at least 0"
        raise CostError(f"{where}: {name} must be a number {least} (got {value!r}).")
    return Decimal(value)


def _listed(names: set[Any]) -> str:
    return ", ".join(sorted(map(str, names)))
