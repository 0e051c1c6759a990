"""`scalper status`, `list`, `show` and `logs`: questions, none of which changes anything."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
from rich.text import Text

from ..read.deployment import Deployment
from ..read.files import Selection, Waiting, waiting
from ..read.logs import fields_of, lines_of
from ..read.status import look
from ..read.story import story, upload_of
from ..read.words import age, readable_size, time_of
from ..screens import status_screen, story_screen
from ..screens.plain import plain
from ..screens.report import reading
from . import options
from .options import NOT_WELL, PIPED_WIDTH, WELL, as_json, asks_a_deployment, selects

LISTED = 50
NEXT = {"operator": "needs somebody", "sender": "for its sender"}


@click.command("status")
@click.option("--count", is_flag=True, help="Also read the whole table, to count every fate.")
@as_json
@asks_a_deployment
def status_command(deployment: Deployment, count: bool, as_json: bool) -> None:
    """Is everything well? One screen.

    Exit status: 0 all is well, 1 something needs somebody (what, and what to type, is at the end),
    2 nobody can tell. Files that are tried again by themselves, and rejected ones, whose senders
    were told, need nobody.
    """
    with reading(options.errors()) as progress:
        health = look(deployment, count=count, progress=progress)
    if as_json:
        click.echo(json.dumps(health.as_dict(), indent=1))
    else:
        status_screen.show(health, options.screen())
    sys.exit(NOT_WELL if any(health.troubles()) else WELL)


@click.command("list")
@click.option("--newest/--oldest", "newest_first", default=True, help="Which come first.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    help=f"At most so many; 0 lists all. Default: {LISTED}, with --json all.",
)
@as_json
@asks_a_deployment
@selects
def list_command(
    deployment: Deployment,
    selection: Selection,
    newest_first: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Which files wait, set aside or on hold, and for what.

    All of them, or those that the options choose.
    """
    found = waiting(deployment, selection, newest_first=newest_first)
    if as_json:
        write_json(islice(found, limit or None))
        return
    most = LISTED if limit is None else limit
    console, now = options.screen(), datetime.now(UTC)
    console.soft_wrap = True
    if (first := next(found, None)) is None:
        console.print("No file waits." if selection == Selection() else "No such file waits.")
        return
    line = _line if console.width >= PIPED_WIDTH else _two_lines
    if line is _line:
        console.print(
            Text(f"{'STATUS':<11}  {'SINCE (UTC)':<19}  {'REASON':<22}  {'SIZE':>9}  ", "dim")
            + Text(f"{'NEXT':<24}  KEY", "dim")
        )
    console.print(line(first, now))
    for file in islice(found, most - 1 if most else None):
        console.print(line(file, now))
    if next(found, None) is not None:
        options.errors().print(f"… and more: --limit 0 lists all; these are the first {most:,}.")


@click.command("show")
@click.argument("key")
@click.option("--upload", "upload_id", help="Only this upload, by its upload id.")
@as_json
@asks_a_deployment
def show_command(deployment: Deployment, key: str, upload_id: str | None, as_json: bool) -> None:
    """The whole story of a file.

    Every upload of KEY: why it has its fate, where it is, and what to type next.
    """
    told = story(deployment, key, upload_id)
    if as_json:
        click.echo(json.dumps(asdict(told), indent=1))
    else:
        story_screen.show(told, options.screen())


def write_json(files: Iterator[Waiting]) -> int:
    """One object, written as it is found; how many."""
    count = 0
    sys.stdout.write('{"files": [')
    for count, file in enumerate(files, 1):
        sys.stdout.write(",\n" if count > 1 else "\n")
        sys.stdout.write(json.dumps(asdict(file)))
    sys.stdout.write(f'\n], "count": {count}}}\n')
    return count


def _line(file: Waiting, now: datetime) -> Text:
    facts = (
        f"{file.status:<11}  {time_of(file.since)}  {file.reason_code:<22}  "
        f"{readable_size(file.size_bytes):>9}  {_next(file, now):<24}  "
    )
    return plain(facts + file.key) + _by(file)


def _two_lines(file: Waiting, now: datetime) -> Text:
    """For a terminal of 80 columns: the key, which may be of any length, and below it the rest."""
    facts = (
        file.status,
        f"{age(file.since, now)} ago",
        file.reason_code,
        readable_size(file.size_bytes),
        _next(file, now).replace("tried again", "retry"),
    )
    return plain(file.key, "bold") + _by(file) + Text("\n  ") + plain("  ".join(facts))


def _by(file: Waiting) -> Text:
    return plain(f"  by {file.sender}", "dim") if file.sender else Text()


def _next(file: Waiting, now: datetime) -> str:
    who = file.needs(now)
    if file.is_tried_now(now):
        return "being tried again"
    if who in NEXT:
        return NEXT[who]
    assert file.retry_at is not None
    due: Any = datetime.fromisoformat(file.retry_at)
    return f"tried again in {age(file.retry_at, now)}" if due > now else "tried again now"


@click.command("logs")
@click.argument("key")
@click.option("--upload", "upload_id", help="That upload; without it, the newest.")
@as_json
@asks_a_deployment
def logs_command(deployment: Deployment, key: str, upload_id: str | None, as_json: bool) -> None:
    """The log lines of a file.

    Of both functions, with what `process` printed while it had it.
    """
    item = upload_of(deployment, key, upload_id)
    lines = lines_of(deployment, item)
    if as_json:
        answer = [{"at": it.at, "function": it.function, "text": it.text} for it in lines]
        click.echo(json.dumps({"upload_id": item["upload_id"], "lines": answer}, indent=1))
        return
    console = options.screen()
    for line in lines:
        facts = f"{time_of(line.at)}{line.at[19:23]}  {line.function:<9}  "
        console.print(plain(facts, "dim") + _told(line.text), soft_wrap=True)
        for part in _traceback_in(line.text):
            console.print(plain(f"    | {part}"), soft_wrap=True)
    if not lines:
        options.errors().print(
            "No line about it: logs arrive a few seconds late, and go after their retention."
        )


def _traceback_in(text: str) -> list[str]:
    """What `process` raised, line by line, where a line of ours has it."""
    found = (fields_of(text) or {}).get("traceback")
    return found.split("\n") if isinstance(found, str) else []


def _told(text: str) -> Text:
    """One of our lines in words; another function's as it is."""
    if (fields := fields_of(text)) is None:
        return plain(text)
    words = [f"{fields[name]}" for name in ("code", "reason") if name in fields]
    if "ms" in fields:
        words.append(f"in {fields['ms']} ms")
    if fields.get("stood"):
        words.append("(that fate stood already)")
    return plain(f"{fields['status']} {' '.join(words)}", "bold")
