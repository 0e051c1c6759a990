"""`scalper show` for a person: a block for every upload, the newest first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from handler.model.item import Item, Status, iso
from handler.model.messages import sender_of

from ..read.files import WAITING
from ..read.notified import PassedOver
from ..read.story import Story, Unrecorded, being_retried, next_step, place, undeleted
from ..read.words import age, number, readable_size, shell_word, time_of
from .plain import plain

STYLES = {
    Status.PROCESSED: "green",
    Status.QUARANTINED: "red",
    Status.HELD: "yellow",
    Status.GONE: "dim",
}


def show(story: Story, console: Console) -> None:
    """Write the screen."""
    count = len(story.uploads) + len(story.unrecorded)
    console.print(plain(story.key, "bold") + Text(f"  {number(count, 'upload')}"))
    for unrecorded in story.unrecorded:
        _show_unrecorded(story.key, unrecorded, console)
    for at, item in enumerate(story.uploads):
        _show_upload(item, at == 0, item["upload_id"] in story.missing, console)


def _show_upload(item: Item, newest: bool, missing: bool, console: Console) -> None:
    console.print()
    headline = Text(f"● {item['status']}", f"bold {STYLES.get(item['status'], '')}")
    if code := item.get("reason_code"):
        headline += plain(f"  {code}", "bold")
    console.print(headline + plain(f"  upload {item['upload_id']}", "dim"))
    sentence, commands = next_step(item, newest=newest, missing=missing)
    facts = [*_facts(item, missing), ("Next", plain(sentence))]
    facts += [("Type" if not at else "", plain(line, "cyan")) for at, line in enumerate(commands)]
    _print_facts(facts, console)


def _show_unrecorded(key: str, unrecorded: Unrecorded, console: Console) -> None:
    version = unrecorded.version
    uploaded = iso(datetime.fromtimestamp(version.modified, UTC))
    console.print()
    commands: list[str] = []
    if unrecorded.passed_over is PassedOver.OUTSIDE:
        word = "PASSED OVER"
        sentence = "Nothing: the key is outside the prefix or suffix that the pipeline deals with."
    elif unrecorded.passed_over:
        word, sentence = "PASSED OVER", "Nothing: such keys are ignored here."
    elif unrecorded.event_kept:
        word = "EVENT KEPT"
        sentence = "It could not even be recorded. See the rescuer's log, then release its event."
        commands = ["scalper release --kept-events"]
    else:
        word = "NO RECORD"
        sentence = (
            "In flight, or its event was lost. After a quarter of an hour it should have a record."
        )
        commands = [f"scalper backfill --prefix {shell_word(key)}"]
    console.print(Text(f"● {word}", "bold yellow"))
    facts = [
        ("Uploaded", _moment(uploaded) + f", {readable_size(version.size_bytes)}"),
        ("Now in", plain(f"the input bucket, version {version.version_id}")),
        ("Next", plain(sentence)),
        *(("Type", plain(command, "cyan")) for command in commands),
    ]
    _print_facts(facts, console)


def _facts(item: Item, missing: bool) -> Iterator[tuple[str, Text]]:
    if reason := item.get("reason"):
        yield "Why", plain(reason)
    yield "Uploaded", _moment(item["uploaded_at"]) + f", {readable_size(item['size_bytes'])}"
    if sender := sender_of(item):
        yield "By", plain(sender)
    yield "Decided", _moment(item["processed_at"]) + f", attempt {item.get('attempt', 1)}"
    if missing:
        style = "bold red" if item["status"] in WAITING else ""
        yield "Not in", plain(f"{place(item)}: deleted or expired since", style)
    else:
        yield "Now in", plain(place(item))
    for also in undeleted(item):
        yield "And in", plain(f"{also} (S3 refused to delete it)")
    if retry_at := item.get("retry_at"):
        yield "Retry", _moment(retry_at) + ", by itself"
    elif item["status"] in WAITING and being_retried(item) is None:
        retries = item.get("retries", 0)
        tried = f", after {number(retries, 'retry', 'retries')}" if retries else ""
        yield "Retry", Text(f"none comes by itself{tried}")
    for at, past in enumerate(reversed(item.get("history", []))):
        yield "" if at else "Before", _past(past)
    if "result" in item:
        yield "Result", plain(str(item["result"]))


def _past(past: dict[str, Any]) -> Text:
    return plain(
        f"attempt {past.get('attempt', '?')}, {time_of(past['at'])}: {past['status']} "
        f"{past.get('reason_code', '')}: {past.get('reason', '')}"
    )


def _moment(iso_time: str) -> Text:
    now = datetime.now(UTC)
    where = "ago" if datetime.fromisoformat(iso_time) <= now else "from now"
    return Text(f"{time_of(iso_time)} UTC, {age(iso_time, now)} {where}")


def _print_facts(facts: list[tuple[str, Text]], console: Console) -> None:
    if console.soft_wrap:
        for name, value in facts:
            console.print(Text(f"  {name:<10}") + value)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=10)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(Text(f"  {name}"), value)
    console.print(grid)
