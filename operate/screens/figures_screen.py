"""Figures for people, for machines and for spreadsheets."""

import csv
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..read.buckets import Buckets
from ..read.csv_cells import cell
from ..read.day import REST
from ..read.facts import STATUSES
from ..read.figures import COUNTS_ALONE, By, Figures, Row
from ..read.group import Group
from ..read.words import age, duration, number, readable_size, share, time_of
from .plain import plain

BAR = 20
"""Characters of the longest bar."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
RESTS = {By.TYPE: "other types", By.REASON: "other reasons", By.SENDER: "other senders"}


def show(figures: Figures, by: By, console: Console) -> None:
    """What there is, how fresh it is, and a row for each part."""
    total = figures.total
    console.print(
        f"[bold]{number(total.files, 'file')}[/], {readable_size(total.bytes)}, uploaded from "
        f"{figures.first} to {figures.last} (UTC)",
        markup=True,
    )
    console.print(f"  {_outcomes(total)}")
    for what, buckets, words in (
        ("duration", total.durations, duration),
        ("wait", total.waits, duration),
        ("size", total.sizes, lambda size: "–" if size is None else readable_size(round(size))),
    ):
        facts = [f"{name} {words(buckets.quantile(at))}" for name, at in QUANTILES.items()]
        console.print(f"  {what:<8}  " + "   ".join(facts))
    for slow in figures.slowest:
        console.print(
            plain(f"  slowest   {duration(slow.duration_ms)}  {slow.key}"), soft_wrap=True
        )
    console.print()
    console.print(_table(figures.by(by), by))
    for line in remarks(figures):
        console.print(plain(line), soft_wrap=True)


def remarks(figures: Figures) -> Iterator[str]:
    """How fresh they are, and what is not in them."""
    counted, since = figures.counted, figures.since
    if since is None:
        yield "The whole table was read just now."
    elif counted is None:
        yield "Nobody knows when these were counted: the item that says so is missing or garbled."
    else:
        yield (
            f"Counted {time_of(counted.at.isoformat())} UTC, "
            f"{age(counted.at.isoformat(), figures.asked_at)} ago, of "
            f"{number(counted.records, 'record')}."
        )
    if since is not None:
        yield (
            f"Since then, from the log: {number(since.files, 'file')}, whose waits are not known"
            + (f", and {number(since.retried, 'retry', 'retries')}" if since.retried else "")
            + ("." if since.is_all else "; and more, which were not read.")
        )
        if counted is not None and figures.is_stale:
            yield (
                "The daily check has not finished since: see `scalper status`. To read the whole "
                "table now: scalper figures --from-table"
            )
    if counted is not None and counted.undated:
        yield f"{number(counted.undated, 'record')} without a time could not be counted."
    for dates, what in (
        (figures.unreadable, "Not in it, as their items are garbled; the next check mends them"),
        (figures.incomplete, "Some records had expired before these were first counted"),
        (figures.ahead, "Not in it, as they are yet to come: some clock was wrong"),
    ):
        if dates:
            more = f" and {len(dates) - 5} more" if len(dates) > 5 else ""
            yield f"{what}: {', '.join(dates[:5])}{more}."


def as_dict(figures: Figures, by: By) -> dict[str, Any]:
    """All of it, for machines; times in UTC."""
    counted, since = figures.counted, figures.since
    return {
        "from": figures.first,
        "to": figures.last,
        "counted_at": counted.at.isoformat() if counted else None,
        "undated_records": counted.undated if counted else None,
        "stale": figures.is_stale,
        "from_log": None
        if since is None
        else {"files": since.files, "retried": since.retried, "all": since.is_all},
        "unreadable_days": figures.unreadable,
        "incomplete_days": figures.incomplete,
        "days_ahead": figures.ahead,
        "slowest": [
            {"duration_ms": it.duration_ms, "key": it.key, "upload_id": it.upload_id}
            for it in figures.slowest
        ],
        "total": group_as_dict(figures.total),
        "by": str(by),
        "rows": [
            {"name": None if row.name == REST else row.name, **group_as_dict(row.group)}
            for row in figures.by(by)
        ],
    }


def group_as_dict(group: Group) -> dict[str, Any]:
    """Counts, and quantiles where there are any."""
    return {
        "files": group.files,
        "bytes": group.bytes,
        "not_accepted": group.not_accepted,
        "attempts": group.attempts,
        "retried": group.retried,
        "by_status": {status.lower(): it.files for status, it in sorted(group.by_status.items())},
        "reasons": {code or "other": files for code, files in sorted(group.reasons.items())},
        "duration_ms": _quantiles(group.durations),
        "wait_ms": _quantiles(group.waits),
        "size_bytes": _quantiles(group.sizes),
    }


def write_csv(figures: Figures, by: By, stream: TextIO) -> None:
    """A line for each row, with a head; guarded, as names are strangers' texts."""
    writer = csv.writer(stream)  # ends lines with CR LF, and so quotes what holds either
    measured = ("duration_ms", "wait_ms", "size_bytes")
    quantiles = [f"{what}_{name}" for what in measured for name in QUANTILES]
    counts = ["files", "bytes", *(status.lower() for status in STATUSES), "attempts", "retried"]
    writer.writerow([by, *counts, *quantiles])
    for row in figures.by(by):
        group = row.group
        values: list[Any] = [cell(_name(row, by)), group.files, group.bytes]
        values += [group.of(status).files for status in STATUSES]
        values += [group.attempts, group.retried]
        for buckets in (group.durations, group.waits, group.sizes):
            found = _quantiles(buckets)
            values += [None if found is None else found[name] for name in QUANTILES]
        writer.writerow(values)


def one_line(figures: Figures) -> str:
    """The shortest that says something."""
    total = figures.total
    median, late = (total.durations.quantile(at) for at in (0.5, 0.95))
    return (
        f"{number(total.files, 'file')} of {number(len(figures.by(By.TYPE)), 'type')}, "
        f"{readable_size(total.bytes)}: {_outcomes(total)}; half within {duration(median)}, "
        f"95 % within {duration(late)}"
    )


def _table(rows: list[Row], by: By) -> Table:
    measured = by not in COUNTS_ALONE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(str(by).upper(), overflow="fold", max_width=40)
    table.add_column("FILES", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=BAR)
    table.add_column("SIZE", justify="right", no_wrap=True)
    table.add_column("NOT ACCEPTED", justify="right", no_wrap=True)
    if measured:
        for name in ("P50", "P95", "P99", "SLOWEST", "WAIT P95"):
            table.add_column(name, justify="right", no_wrap=True)
    most = max((row.group.files for row in rows), default=0)
    for row in rows:
        group = row.group
        cells: list[str | Text] = [
            plain(_name(row, by)),
            f"{group.files:,}",
            _bar(group, most),
            readable_size(group.bytes),
            share(group.not_accepted),
        ]
        if measured:
            cells += [duration(group.durations.quantile(at)) for at in QUANTILES.values()]
            cells.append(duration(group.waits.quantile(0.95)))
        table.add_row(*cells)
    return table


def _bar(group: Group, most: int) -> Text:
    """As long as there are files; its end, in red, is what was not accepted."""
    if not most:
        return Text("")
    whole, rest = divmod(round(group.files * BAR * 8 / most), 8)
    refused = min(whole, round((group.files - group.of("PROCESSED").files) * BAR / most))
    drawn = Text("█" * (whole - refused), "green")
    return drawn + Text("█" * refused, "red") + Text(_EIGHTHS[rest].strip(), "green")


def _outcomes(total: Group) -> str:
    facts = [f"{it.files:,} {status}" for status in STATUSES if (it := total.of(status)).files] or [
        "nothing"
    ]
    line = ", ".join(facts)
    if total.files:
        line += f" ({share(total.not_accepted)} not accepted)"
    return line + (f", {total.retried:,} tried again" if total.retried else "")


def _name(row: Row, by: By) -> str:
    return RESTS[by] if row.name == REST and by in RESTS else row.name


def _quantiles(buckets: Buckets) -> Mapping[str, int] | None:
    if not buckets.files:
        return None
    return {name: round(buckets.quantile(at) or 0) for name, at in QUANTILES.items()}
