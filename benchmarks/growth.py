"""How a spike and a reconciliation grow; `make bench-growth`, in about ten minutes.

    python -m benchmarks.growth

Uploads 100 to 100,000 files at once in the simulation, whose limits are those of a small region
(tests/simulation/spike.py), with a concurrency of 10, 100 and 1,000; then compares a thousand to a
million uploads with what is recorded of them. Writes benchmarks/growth.json, and the pictures and
tables of docs/performance.md.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from cost.bill import bill
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import Prices
from cost.registered import registered_resources
from cost.resources import read_pipeline
from cost.workload import Workload
from tests.simulation.spike import spike

from .page import DOCS, write_between
from .pictures import curves

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "growth.json"
FILES = (100, 1_000, 10_000, 100_000)
CONCURRENCIES = (10, 100, 1_000)
KEYS = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Spike:
    """What became of one."""

    files: int
    concurrency: int
    seconds: int
    """Of simulated time, until the last file had its fate and its alert."""
    calls: int
    emails: int
    dollars: str
    """At list prices, for the work alone."""


@dataclass(frozen=True)
class Reconciliation:
    """What judging so many uploads took. The CPU time is of one machine: its slope counts."""

    keys: int
    seconds: float
    megabytes: int


def spikes() -> Iterator[Spike]:
    resources = registered_resources(ROOT, arguments={"alert_emails": ["ops@example.com"]})
    pipeline, prices = read_pipeline(resources), Prices.load()
    for concurrency in CONCURRENCIES:
        for files in FILES:
            result = spike(files, concurrency)
            if result.broken:
                raise RuntimeError(f"the simulation found: {result.broken}")
            print(result, file=sys.stderr, flush=True)
            yield Spike(
                files,
                concurrency,
                round(result.seconds),
                result.calls,
                result.emails,
                _dollars(pipeline, prices, files, concurrency, result.emails),
            )


def _dollars(pipeline: Pipeline, prices: Prices, files: int, concurrency: int, emails: int) -> str:
    workload = Workload(
        files=files,
        failures=Decimal("0.1"),
        cold_share=Decimal(min(files, concurrency)) / files,
        emails=emails,
    )
    return f"{bill(pipeline, workload, prices).month((Section.WORK,)).listed:.4f}"


def reconciliations() -> Iterator[Reconciliation]:
    for keys in KEYS:
        # A process each: the peak of one must not be that of the one before.
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.reconcile_memory", str(keys), "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        print(ran.stdout, end="", file=sys.stderr, flush=True)
        yield Reconciliation(keys, **json.loads(ran.stdout))


def spike_table(found: Sequence[Spike]) -> str:
    """One row a spike."""
    lines = [
        "| files at once | concurrency | backlog empty after | calls a file | e-mails | dollars |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.files:,} | {one.concurrency:,} | {one.seconds:,} s | "
        f"{one.calls / one.files:.2f} | {one.emails:,} | {one.dollars} |"
        for one in found
    ]
    return "\n".join(lines)


def spike_picture(found: Sequence[Spike]) -> str:
    """Simulated seconds by files, a line for each concurrency."""
    lines = {
        f"concurrency {concurrency:,}": [
            (one.files, max(one.seconds, 1)) for one in found if one.concurrency == concurrency
        ]
        for concurrency in CONCURRENCIES
    }
    return curves(
        "Until the backlog of a spike is empty (simulated)", "files at once", "seconds", lines
    )


def reconciliation_table(found: Sequence[Reconciliation]) -> str:
    """One row a number of uploads."""
    lines = ["| uploads | peak memory | time, relative to a thousand |", "|---:|---:|---:|"]
    lines += [
        f"| {one.keys:,} | {one.megabytes} MB | {one.seconds / found[0].seconds:,.0f} |"
        for one in found
    ]
    return "\n".join(lines)


def reconciliation_picture(found: Sequence[Reconciliation]) -> str:
    """Memory and relative time by uploads."""
    return curves(
        "Reconciling: time relative to a thousand uploads, and memory",
        "uploads",
        "times, megabytes",
        {
            "time": [(one.keys, one.seconds / found[0].seconds) for one in found],
            "memory (MB)": [(one.keys, one.megabytes) for one in found],
        },
    )


def main() -> None:
    compared, uploaded = list(reconciliations()), list(spikes())
    figures = {
        "spikes": [asdict(one) for one in uploaded],
        "reconciliations": [asdict(one) for one in compared],
    }
    FILE.write_text(json.dumps(figures, indent=1) + "\n")
    (DOCS / "growth-spike.svg").write_text(spike_picture(uploaded))
    (DOCS / "growth-reconcile.svg").write_text(reconciliation_picture(compared))
    write_between("make bench-growth (spikes)", spike_table(uploaded))
    write_between("make bench-growth (reconcile)", reconciliation_table(compared))


if __name__ == "__main__":
    main()
