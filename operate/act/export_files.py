"""The files of an export: CSV, a line of JSON a record, or Parquet by day."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from ..read.csv_cells import cell
from ..read.errors import OperateError
from ..read.rows import COLUMNS
from .spool import UNDATED, Spool

ROWS_AT_ONCE = 20_000
"""Of a Parquet file, in memory."""
UNDATED_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""What readers of such folders take for no day."""

Progress = Callable[[str, int], None]


def write_csv(spool: Spool, path: Path, progress: Progress) -> None:
    """With a head. Texts that a spreadsheet would take for formulas are guarded."""
    with _until_whole(path) as file:
        writer = csv.writer(file)  # ends lines with CR LF, and so quotes what holds either
        writer.writerow(COLUMNS)
        for row in _counted(spool.rows(), progress):
            writer.writerow(
                [
                    cell(json.dumps(it) if kind == "json" and it is not None else it)
                    for it, kind in zip(row, COLUMNS.values(), strict=True)
                ]
            )


def write_json_lines(spool: Spool, path: Path, progress: Progress) -> None:
    """An object for each record, without what is empty."""
    with _until_whole(path) as file:
        for row in _counted(spool.rows(), progress):
            values = dict(zip(COLUMNS, row, strict=True))
            kept = {name: value for name, value in values.items() if value is not None}
            file.write(json.dumps(kept, separators=(",", ":")) + "\n")


def write_parquet(spool: Spool, folder: Path, progress: Progress) -> None:
    """A file for each day, in a folder that is called after it: `day=2026-11-23`."""
    arrow, parquet = pyarrow()
    schema = _schema(arrow)
    count = 0
    for day in spool.days_to_write():
        into = folder / f"day={UNDATED_FOLDER if day == UNDATED else day}"
        into.mkdir(exist_ok=True)
        unfinished, finished = into / "records.parquet.part", into / "records.parquet"
        with parquet.ParquetWriter(unfinished, schema, compression="zstd") as writer:
            stream = spool.rows(day)
            while rows := list(islice(stream, ROWS_AT_ONCE)):
                writer.write_table(_table(arrow, schema, rows))
                count += len(rows)
                progress("written", count)
        _finish(unfinished, finished)
        spool.mark_written(day)


def pyarrow() -> tuple[Any, Any]:
    """The package and its `parquet`; an `OperateError` where it is not installed."""
    try:
        import pyarrow  # noqa: PLC0415 - the other formats do not need it
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise OperateError(
            "Parquet needs the package pyarrow, which is not installed: "
            'pip install "silent-scalper[scalper,analytics]", or pip install pyarrow. '
            "--format csv and --format jsonl need nothing."
        ) from None
    return pyarrow, parquet


def _schema(arrow: Any) -> Any:
    kinds = {
        "text": arrow.string(),
        "whole": arrow.int64(),
        "time": arrow.timestamp("ms", "UTC"),
        "json": arrow.string(),
    }
    return arrow.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])


def _table(arrow: Any, schema: Any, rows: Any) -> Any:
    columns = []
    for at, kind in enumerate(COLUMNS.values()):
        values = [row[at] for row in rows]
        if kind == "time":
            values = [None if it is None else datetime.fromisoformat(it) for it in values]
        elif kind == "json":
            values = [None if it is None else json.dumps(it) for it in values]
        columns.append(arrow.array(values, schema.field(at).type))
    return arrow.Table.from_arrays(columns, schema=schema)


@contextmanager
def _until_whole(path: Path) -> Iterator[TextIO]:
    """A text file that gets its name when it is whole."""
    part = path.with_name(f"{path.name}.unfinished")
    with part.open("w", encoding="utf-8", newline="") as file:
        yield file
    _finish(part, path)


def _finish(unfinished: Path, finished: Path) -> None:
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(finished)


def _counted(rows: Iterator[list[Any]], progress: Progress) -> Iterator[list[Any]]:
    for count, row in enumerate(rows, 1):
        if count % 1000 == 0:
            progress("written", count)
        yield row
