"""How much memory and time an export of a million records takes.

    python -m benchmarks.export_memory [RECORDS] [--format parquet|csv|jsonl]

Runs the export over made-up pages of a table, and prints the peak memory of the whole process.
Exits 1 when that is more than 200 MB, or when not all records were written.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from handler.aws.records import typed_item
from operate.act.export import Format, export
from operate.read.deployment import Deployment

from .made_up_month import records

MOST_MEGABYTES = 200
RECORDS = 1_000_000
PAGE = 1_500
"""About as many records are in the megabyte of a page."""


class Table:
    """Answers a scan, page by page."""

    def __init__(self, number: int) -> None:
        self._records: Iterator[dict[str, Any]] = records(number)

    def scan(self, **_: Any) -> dict[str, Any]:
        page = [typed_item(item) for item in islice(self._records, PAGE)]
        more = {"LastEvaluatedKey": {"object_key": {"S": "a"}}} if len(page) == PAGE else {}
        return {"Items": page, **more}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("records", type=int, nargs="?", default=RECORDS)
    parser.add_argument("--format", choices=[str(it) for it in Format], default="parquet")
    arguments = parser.parse_args()
    deployment = SimpleNamespace(
        clients=SimpleNamespace(dynamodb=Table(arguments.records)),
        outputs=SimpleNamespace(metadata_table="records"),
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = export(cast(Deployment, deployment), Path(folder, "out"), Format(arguments.format))
        written = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    seconds = time.monotonic() - began
    megabytes = _peak_megabytes()
    print(
        f"{done.records:,} records as {arguments.format}: {megabytes:.0f} MB of memory, "
        f"{seconds:.0f} s, {written / 1e6:.0f} MB written"
    )
    sys.exit(done.records != arguments.records or megabytes > MOST_MEGABYTES)


def _peak_megabytes() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says begins with the peak of whoever started this process.
        (line,) = (it for it in status.read_text().splitlines() if it.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
