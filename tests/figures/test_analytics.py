"""The figures of a month are those of its records: held against DuckDB over an export of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from operate.read.buckets import RELATIVE_ERROR, Buckets
from operate.read.day import REST
from operate.read.figures import By, Figures, figures
from operate.read.group import Group

from .analytics import DOCUMENT, recorded
from .month import ASKED, deployment

QUANTILES = (0.5, 0.95, 0.99)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The document as it would be recorded now, and the folder that its exports went to."""
    folder = tmp_path_factory.mktemp("exports")
    return recorded(DOCUMENT.read_text(encoding="utf-8"), str(folder)), folder


@pytest.fixture(scope="module")
def duck(page: tuple[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE VIEW records AS SELECT * FROM read_parquet('{page[1]}/records/*/*.parquet', "
            "hive_partitioning = true)"
        )
        yield database


@pytest.fixture(scope="module")
def month() -> Figures:
    return figures(deployment(), 31, now=ASKED)


def test_the_page_says_what_the_commands_print_and_duckdb_answers(page: tuple[str, Path]) -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page[0], "python -m tests.figures.analytics"
    assert len(re.findall(r"```sql\n.*?```\n\n```\n\S", page[0], re.DOTALL)) >= 7


def agree(duck: duckdb.DuckDBPyConnection, group: Group, where: str) -> None:
    """Counts to the file, quantiles within 2 %."""
    counted = duck.execute(
        f"SELECT status, count(*), sum(size_bytes), sum(attempt), count(*) FILTER (attempt > 1) "
        f"FROM records WHERE {where} GROUP BY status"
    ).fetchall()
    assert {
        status: (it.files, it.bytes, it.attempts, it.retried)
        for status, it in group.by_status.items()
    } == {status: tuple(values) for status, *values in counted}
    for column, buckets in (
        ("duration_ms", group.durations),
        ("wait_ms", group.waits),
        ("size_bytes", group.sizes),
    ):
        if buckets.files:
            same_quantiles(duck, buckets, column, where)


def same_quantiles(
    duck: duckdb.DuckDBPyConnection, buckets: Buckets, column: str, where: str
) -> None:
    if column != "size_bytes":
        where += " AND status IN ('PROCESSED', 'QUARANTINED')"
    asked = ", ".join(f"quantile_disc({column}, {share})" for share in QUANTILES)
    found: Any = duck.execute(
        f"SELECT count({column}), max({column}), {asked} FROM records WHERE {where}"
    ).fetchone()
    files, largest, *exact = found
    assert (buckets.files, buckets.largest) == (files, largest)
    for share, value in zip(QUANTILES, exact, strict=True):
        assert buckets.quantile(share) == pytest.approx(value, rel=RELATIVE_ERROR + 1e-9)


def test_all_files_together(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    agree(duck, month.total, "true")


def test_every_type_that_all_days_name(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    always = set.intersection(*({*day.types} for day in month.days)) - {REST}
    assert len(always) >= 15
    for row in month.by(By.TYPE):
        if row.name in always:
            agree(duck, row.group, f"file_type = '{row.name}'")


def test_the_types_of_a_day_with_the_rest(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    for day in month.days[::10]:
        named = ", ".join(f"'{name}'" for name in day.types if name != REST)
        agree(duck, day.types[REST], f"day = '{day.date}' AND file_type NOT IN ({named})")


def test_every_day(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    rows = month.by(By.DAY)
    assert (len(rows), rows[-1].group.files) == (31, 0)
    for row in rows[::6]:
        agree(duck, row.group, f"day = '{row.name}'")


def test_hours(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    for row in month.by(By.HOUR)[::5]:
        row.group.sizes = Buckets()
        agree(duck, row.group, f"hour(uploaded_at) = {int(row.name)}")


def test_reasons(duck: duckdb.DuckDBPyConnection, month: Figures) -> None:
    found = duck.execute(
        "SELECT reason_code, count(*) FROM records WHERE reason_code IS NOT NULL GROUP BY ALL"
    ).fetchall()
    assert {row.name: row.group.files for row in month.by(By.REASON)} == dict(found)
