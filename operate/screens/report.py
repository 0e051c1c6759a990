"""A reconciliation for people and for machines."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TextIO

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from ..audit.findings import EXPLAINED, Kind
from ..audit.reconcile import Progress, Reconciliation
from .plain import plain

SHOWN = 20
"""Findings of one kind that a person is shown; `--json` has all."""

_COUNTED = {
    "processed": "processed",
    "quarantined": "quarantined",
    "held": "held, waiting for somebody",
    "gone": "gone, deleted before they could be dealt with",
    "in_flight": "without a fate yet: in flight within the grace",
    "event_kept": "without a fate: their event is kept, and an alarm is on",
    "passed_over": "passed over: folder markers, or ignored by a pattern",
    "outside_prefix_or_suffix": "outside the prefix and suffix: S3 tells the pipeline of none",
    "before_the_pipeline": "uploaded before there was a pipeline",
    "record_expired": "older than records are kept",
}


def write_json(
    reconciliation: Reconciliation,
    allowed: Collection[Kind],
    stream: TextIO,
    repaired: Iterable[Any] | None = None,
) -> Counter[Kind]:
    """One JSON object, written as it is found and `repaired`; how many of each kind."""
    found: Counter[Kind] = Counter()
    stream.write('{"findings": [')
    for finding in reconciliation.findings():
        stream.write(",\n  " if found else "\n  ")
        stream.write(json.dumps({k: v for k, v in asdict(finding).items() if v}))
        found[finding.kind] += 1
    verdict = {
        "found": {str(kind): number for kind, number in found.items()},
        "allowed": sorted(map(str, allowed)),
        "files": reconciliation.counts(),
        "all_accounted_for": not _matters(found, allowed),
    }
    if repaired is not None:
        stream.write('],\n"repaired": [')
        for at, done in enumerate(repaired):
            stream.write((",\n  " if at else "\n  ") + json.dumps(asdict(done)))
    stream.write("],\n" + json.dumps(verdict, indent=1)[1:] + "\n")
    return found


def show(
    reconciliation: Reconciliation, allowed: Collection[Kind], console: Console
) -> Counter[Kind]:
    """For a person: what there is, what is wrong, what to do; how many of each kind."""
    found: Counter[Kind] = Counter()
    lines: dict[Kind, list[str]] = {}
    for finding in reconciliation.findings():
        found[finding.kind] += 1
        if found[finding.kind] <= SHOWN:
            lines.setdefault(finding.kind, []).append(finding.in_words())
    _show_counts(reconciliation.counts(), console)
    for kind, shown in lines.items():
        note = " (allowed)" if kind in allowed else ""
        console.print(
            f"\n[bold]{found[kind]:,} {kind}{note}[/]: {EXPLAINED[kind].means}",
            soft_wrap=True,
        )
        for line in shown:
            # Not as markup, in which `:name:` is an emoji and a last backslash is doubled.
            console.print(plain(f"  {line}"), soft_wrap=True)
        if found[kind] > len(shown):
            console.print(f"  … and {found[kind] - len(shown):,} more; --json lists all")
        console.print(f"  What to do: {EXPLAINED[kind].do}", soft_wrap=True)
    matters = _matters(found, allowed)
    console.print(
        f"\n[bold red]Not all is accounted for: {_number(sum(matters.values()), 'finding')}.[/]"
        if matters
        else "\n[bold green]All is accounted for.[/]"
    )
    return found


def _matters(found: Counter[Kind], allowed: Collection[Kind]) -> dict[Kind, int]:
    return {kind: number for kind, number in found.items() if kind not in allowed}


@contextmanager
def reading(console: Console, *, shown: bool = True) -> Iterator[Progress]:
    """A line that says what is being read; nothing where nobody looks.

    Of an answer that is written past `console` meanwhile it must not be `shown`.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(
        *columns,
        console=console,
        transient=True,
        disable=not (shown and console.is_terminal),
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task("reading the deployment", total=None)

        def progress(what: str, count: int) -> None:
            bar.update(task, description=f"{what}: {count:,}" if count else what)

        yield progress


def _show_counts(counts: dict[str, int], console: Console) -> None:
    for name, words in _COUNTED.items():
        if counts[name] or name == "processed":
            console.print(f"{counts[name]:>9,}  {words}", highlight=False)
    if unreadable := counts["kept_messages_unreadable"]:
        console.print(f"{unreadable:>9,}  kept messages that are no event of this pipeline")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
