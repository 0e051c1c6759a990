"""`scalper export`: every record once, typed, whatever interrupts it."""

import csv
import errno
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from operate.act import export_files
from operate.act.export import SPOOL, Format, export
from operate.read.errors import OperateError
from operate.read.rows import COLUMNS

from .conftest import Scalper, World
from .test_day_book import put, record

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def target(folder: Path, kind: str) -> Path:
    return folder / ("records" if kind == "parquet" else f"records.{kind}")


def keys(path: Path, kind: str) -> list[str]:
    """Of every record that was written, in any format."""
    if kind == "jsonl":
        return [it["object_key"] for it in lines(path)]
    if kind == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [it["object_key"] for it in csv.DictReader(file)]
    found: list[str] = []
    for part in sorted(path.glob("day=*/records.parquet")):
        found += parquet.read_table(part, partitioning=None).column("object_key").to_pylist()
    return found


@pytest.fixture
def three_days(world: World) -> World:
    for number in range(9):
        record(world, number, NOON + timedelta(days=number % 3, minutes=number))
    put(world, "2026-11-23", figures="no record")
    return world


@pytest.mark.parametrize("kind", list(Format))
def test_every_record_is_written_once_and_nothing_else(
    three_days: World, scalper: Scalper, tmp_path: Path, kind: str
) -> None:
    to = target(tmp_path, kind)
    answer = scalper("export", "--to", str(to), "--format", kind)
    assert answer.output.startswith(f"9 records in {to}")
    assert sorted(keys(to, kind)) == [f"{number}.csv" for number in range(9)]
    assert not list(tmp_path.rglob(f"*{SPOOL}*"))
    assert not list(tmp_path.rglob("*unfinished*"))


def test_parquet_is_typed_in_utc_and_has_a_file_a_day(three_days: World, tmp_path: Path) -> None:
    record(three_days, 10, uploaded_at=None, processed_at=None)
    export(three_days.deployment, tmp_path / "out", Format.PARQUET)
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert folders == [
        "day=2026-11-23", "day=2026-11-24", "day=2026-11-25", "day=__HIVE_DEFAULT_PARTITION__",
    ]  # fmt: skip
    part = tmp_path / "out" / "day=2026-11-23" / "records.parquet"
    table = parquet.read_table(part, partitioning=None)
    assert {name: str(table.schema.field(name).type) for name in table.column_names} == {
        name: {"whole": "int64", "time": "timestamp[ms, tz=UTC]"}.get(kind, "string")
        for name, kind in COLUMNS.items()
    }
    first = table.to_pylist()[0]
    assert first["uploaded_at"] == NOON
    assert (first["wait_ms"], first["duration_ms"], first["size_bytes"]) == (2000, 10, 100)


@pytest.mark.parametrize("kind", list(Format))
def test_what_was_interrupted_goes_on_where_it_stopped(
    three_days: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    to, deployment = target(tmp_path, kind), three_days.deployment
    client = three_days.dynamodb
    scan, asked = client.scan, []

    def two_then_nothing(**request: Any) -> Any:
        asked.append(request.get("ExclusiveStartKey"))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return scan(**request, Limit=2)

    monkeypatch.setattr(client, "scan", two_then_nothing)
    with pytest.raises(KeyboardInterrupt):
        export(deployment, to, Format(kind))
    if kind != "parquet":
        assert not to.exists(), "nothing that is not whole has the name"
    done = export(deployment, to, Format(kind))
    assert done.went_on
    assert asked[3] == asked[2], "it goes on behind what it has"
    assert asked.count(None) == 1
    assert sorted(keys(to, kind)) == [f"{number}.csv" for number in range(9)]


def test_days_that_are_written_are_not_written_again(
    three_days: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = export_files._finish
    finished: list[Path] = []

    def one_then_full(part: Path, path: Path) -> None:
        if len(finished) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        finish(part, path)
        finished.append(path)

    def then_noted(part: Path, path: Path) -> None:
        finish(part, path)
        finished.append(path)

    monkeypatch.setattr(export_files, "_finish", one_then_full)
    with pytest.raises(OperateError, match=r"disk is full at .*same command: it goes on"):
        export(three_days.deployment, tmp_path / "out", Format.PARQUET)
    monkeypatch.setattr(export_files, "_finish", then_noted)
    assert export(three_days.deployment, tmp_path / "out", Format.PARQUET).records == 9
    assert len(finished) == len(set(finished)) == 3


@pytest.mark.parametrize("error", ["database or disk is full", "disk I/O error"])
def test_a_disk_that_is_full_while_reading_is_said(
    three_days: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError(error)

    monkeypatch.setattr("operate.act.spool.Spool.add", full)
    with pytest.raises(OperateError, match="disk is full"):
        export(three_days.deployment, tmp_path / "a.csv", Format.CSV)


def test_csv_is_guarded_against_formulas(world: World, tmp_path: Path) -> None:
    hostile = ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", "'=1", 'a,"b"\nc']
    for number, key in enumerate(hostile):
        record(world, number, object_key=key)
    export(world.deployment, tmp_path / "a.csv", Format.CSV)
    expected = [key if key == hostile[-1] else f"'{key}" for key in hostile]
    assert sorted(keys(tmp_path / "a.csv", "csv")) == sorted(expected)


def test_what_is_altered_or_old_is_empty_and_what_is_new_is_not_lost(
    world: World, tmp_path: Path
) -> None:
    record(
        world, 1, size_bytes="large", uploaded_at="?", duration_ms=None, result={"rows": 3},
        expires_at=1_800_000_000, invented={"later": [1]}, attempt=10**30,
    )  # fmt: skip
    for kind in Format:
        export(world.deployment, target(tmp_path, kind), kind)
    (found,) = lines(tmp_path / "records.jsonl")
    assert not {"size_bytes", "uploaded_at", "duration_ms", "attempt"} & found.keys()
    assert found["result"] == {"rows": 3}
    assert found["expires_at"] == "2027-01-15T08:00:00.000Z"
    assert found["more"] == {"owner": "owner", "invented": {"later": [1]}}
    (row,) = parquet.read_table(next((tmp_path / "records").rglob("*.parquet"))).to_pylist()
    assert json.loads(row["more"]) == found["more"]


def test_only_what_was_uploaded_since_is_written(
    three_days: World, scalper: Scalper, tmp_path: Path
) -> None:
    to = tmp_path / "a.jsonl"
    since = (NOON + timedelta(days=2)).isoformat()
    scalper("export", "--to", str(to), "--format", "jsonl", "--since", since)
    assert len(lines(to)) == 3


def break_nothing(to: Path) -> None:
    to.parent.joinpath(f"{to.name}{SPOOL}").write_text("garbage, and more of it " * 50)


def another_one(to: Path) -> None:
    with sqlite3.connect(to.parent / f"{to.name}{SPOOL}") as database:
        database.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT)")
        what = json.dumps({"table": "another", "format": "csv", "since": None})
        database.execute("INSERT INTO fact VALUES ('what', ?)", (what,))
    database.close()


def at_work(to: Path) -> sqlite3.Connection:
    database = sqlite3.connect(to.parent / f"{to.name}{SPOOL}", isolation_level=None)
    database.execute("CREATE TABLE x (y)")
    database.execute("BEGIN EXCLUSIVE")
    return database


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda to: to.write_text("mine"), "is there already"),
        (lambda to: to.mkdir(), "is a folder"),
        (break_nothing, "--anew"),
        (another_one, r"another export that did not finish \(table another"),
        (at_work, "Another export is at work"),
    ],
)
def test_what_is_in_the_way_is_said_and_not_overwritten(
    three_days: World, tmp_path: Path, prepare: Callable[[Path], Any], said: str
) -> None:
    to = tmp_path / "records.csv"
    kept = prepare(to)
    with pytest.raises(OperateError, match=said):
        export(three_days.deployment, to, Format.CSV)
    if isinstance(kept, sqlite3.Connection):
        kept.close()
    if prepare in (break_nothing, another_one):
        assert export(three_days.deployment, to, Format.CSV, anew=True).records == 9


def test_parquet_goes_into_a_folder_of_its_own(three_days: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OperateError, match="is a file"):
        export(three_days.deployment, tmp_path / "file", Format.PARQUET)
    export(three_days.deployment, tmp_path / "out", Format.PARQUET)
    with pytest.raises(OperateError, match="is there already"):
        export(three_days.deployment, tmp_path / "out", Format.PARQUET)


def test_without_pyarrow_it_says_what_to_install_before_it_reads(
    three_days: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OperateError, match=r"pip install \"silent-scalper\[scalper,analytics\]\""):
        export(three_days.deployment, tmp_path / "out", Format.PARQUET)
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_refused_with_those_that_there_are(scalper: Scalper) -> None:
    answer = scalper("export", "--to", "a", "--format", "xlsx")
    assert answer.exit_code == 2
    assert "'parquet', 'csv', 'jsonl'" in answer.output


@pytest.mark.parametrize("kind", list(Format))
def test_it_takes_no_more_memory_for_more_records(kind: str) -> None:
    """`python -m benchmarks.export_memory` does the same with a million."""
    command = [sys.executable, "-m", "benchmarks.export_memory", "20000", "--format", kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_table_is_an_empty_file(world: World, tmp_path: Path) -> None:
    assert export(world.deployment, tmp_path / "a.csv", Format.CSV).records == 0
    assert (tmp_path / "a.csv").read_text().strip() == ",".join(COLUMNS)
