"""The figures of a run as a table of Markdown, written where a document keeps them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .coverage import Coverage
from .planted import BUGS
from .report import cells_reached
from .spike import Spike

BEGIN, END = "<!-- recorded by: ", "<!-- end of what was recorded -->"


def table(
    coverage: Coverage, spikes: Iterable[Spike], seconds: float, processes: int
) -> Iterator[str]:
    """Line by line. Only of a run in which no promise was broken is there one."""
    troubles: Counter[str] = Counter()
    for (kind, _), times in coverage.troubles.items():
        troubles[kind] += times
    reached, cells = cells_reached(coverage)
    yield "| what | how much |"
    yield "|---|---|"
    rows = {
        "histories": f"{coverage.histories:,}",
        "scenes, each in every order of its calls": (
            f"{coverage.scenes:,}, with {coverage.endings:,} endings"
        ),
        "invocations": f"{coverage.invocations:,}",
        "AWS calls": f"{coverage.calls:,}",
        "troubles": f"{troubles.total():,} of {len(troubles)} kinds",
        **{f"– {kind}": f"{times:,}" for kind, times in troubles.most_common()},
        "points of the code at which a function died": f"{len(coverage.crash_points):,}",
        "cells of the decision table reached": f"{reached} of {cells}",
        **{
            f"{spike.files:,} files at once, {spike.concurrency:,} instances": (
                f"all told after {spike.seconds:,.0f} s, {spike.calls / spike.files:.2f} calls a "
                f"file, {spike.emails:,} e-mails, at most {spike.most_emails_in_a_second} in a "
                "second"
            )
            for spike in spikes
        },
        "bugs planted, each of which is found": f"{len(BUGS)}",
        "promises broken": "0",
        "took": f"{seconds:,.0f} s, in {processes} processes",
    }
    for what, how_much in rows.items():
        yield f"| {what} | {how_much} |"


def record(document: Path, command: str, lines: Sequence[str]) -> None:
    """Replace what `document` has between its two marks."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no lines {BEGIN}… --> and {END}")
    block = "\n".join([f"{BEGIN}{command} -->", *lines, END])
    document.write_text(f"{before}{block}{after}")
