"""Lives as many histories as asked for, and reports what they covered.

python -m tests.simulation --histories 10000
"""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from .campaign import parts
from .coverage import Coverage
from .recorded import record, table
from .report import report
from .spike import spike


@click.command()
@click.option("--histories", "count", default=10_000, show_default=True, help="Random histories.")
@click.option("--first-seed", default=1, show_default=True, help="Another one, other histories.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")
@click.option("--spikes/--no-spikes", default=True, help="10,000 files at once, or not.")
@click.option("--thorough", is_flag=True, help="Larger small worlds, and troubles in scenes.")
@click.option(
    "--record",
    "document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write the figures between the marks of a document: docs/reliability.md.",
)
def main(
    *,
    count: int,
    first_seed: int,
    jobs: int,
    spikes: bool,
    thorough: bool,
    document: Path | None,
) -> None:
    """Try to break the promise that every upload has a known fate."""
    work = list(parts(count, first_seed, thorough=thorough))
    console, coverage, began = Console(), Coverage(), time.monotonic()
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    columns = ("Parts", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    spawn = multiprocessing.get_context("spawn")
    with (
        Progress(*columns, console=console, transient=True) as progress,
        ProcessPoolExecutor(jobs, mp_context=spawn) as pool,
    ):
        crowds = [pool.submit(spike, 10_000, limit) for limit in (10, 1000) if spikes]
        bar = progress.add_task("", total=len(work))
        for done in as_completed([pool.submit(part) for part in work]):
            try:
                coverage.update(done.result())
            except AssertionError as broken:
                pool.shutdown(wait=False, cancel_futures=True)
                progress.stop()
                say(str(broken))
                raise SystemExit(1) from None
            progress.advance(bar)
    for line in report(coverage):
        say(line)
    for crowd in crowds:
        say(f"\n{crowd.result()}")
    broken_by_crowds = [what for crowd in crowds for what in crowd.result().broken]
    if broken_by_crowds:
        say("The promise was broken:\n" + "\n".join(broken_by_crowds[:20]))
        raise SystemExit(1)
    seconds = time.monotonic() - began
    say(f"\nThe promise was kept in all of them, {seconds:,.0f} s.")
    if document:
        command = f"python -m tests.simulation --histories {count} --first-seed {first_seed}"
        command += " --thorough" * thorough + " --no-spikes" * (not spikes)
        results = [crowd.result() for crowd in crowds]
        record(document, command, list(table(coverage, results, seconds, jobs)))


if __name__ == "__main__":
    main()
