"""What the demo shows: live in a terminal, line by line when piped."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from handler.model.messages import email_text
from handler.model.text import printable, readable_size
from operate.read.figures import Figures
from operate.screens.figures_screen import one_line

from .alerts import Alert
from .deployment import Deployment, deployed
from .fates import Fate
from .program import Made
from .samples import PASSED_OVER

STYLES = {"PROCESSED": "green", "QUARANTINED": "yellow", "HELD": "magenta", "GONE": "red"}

LARGE_BYTES = 1_000_000
ON_TOPIC = "quiet"
ON_TOPIC_ONLY = "published without e-mail: many came at once, or ten good ones were e-mailed today"

Verdicts = Sequence[tuple[Fate, list[str]]]


def title(console: Console) -> None:
    console.print("[bold]Silent Scalper[/], on this machine: the dev stack as it is, real files,")
    console.print("an AWS emulator (MiniStack) instead of AWS. Nothing leaves this machine.\n")


@contextlib.contextmanager
def deploying(console: Console, *, port: int = 0) -> Iterator[Deployment]:
    """A running deployment, and while it is made a line that says what is being made."""
    with contextlib.ExitStack() as stack:
        steps = Steps(console)
        with steps:
            running = stack.enter_context(deployed(port=port, on_made=steps.made))
        seconds = running.seconds["emulator"] + running.seconds["program"]
        made = f"Deployed {steps.count} resources in {seconds:.1f} s"
        console.print(f"{made} at {running.emulator.endpoint}", highlight=False)
        for note in running.notes:
            console.print(printable(note), highlight=False, markup=False, style="dim")
        yield running


class Steps:
    """A line that changes with every resource; it stands still when piped."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("Starting the AWS emulator, deploying the dev stack …")
        # Resources are made by several threads.
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status.start()
        else:
            self._console.print(self._status.status)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._status.stop()

    def made(self, made: Made) -> None:
        with self._lock:
            self.count += 1
            if self._console.is_terminal:
                self._status.update(f"Deploying the dev stack … {self.count} {made.logical_name}")


class Watch:
    """Shows each file's fate as soon as it is known."""

    def __init__(self, console: Console, files: int) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("Dropping in files"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=files)
        self._live = Live(self._progress, console=console, transient=True, auto_refresh=True)
        self._shown: set[str] = set()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print("Dropping in files …")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, fates: Sequence[Fate]) -> None:
        for fate in fates:
            upload = fate.upload
            if upload.version_id in self._shown:
                continue
            if upload.sample.fate == PASSED_OVER:
                self._line(upload.version_id, upload.sample.key, "to be passed over")
            elif fate.item is not None and fate.is_told:
                self._line(upload.version_id, upload.sample.key, fate.item["status"])

    def _line(self, version_id: str, key: str, fate: str) -> None:
        self._shown.add(version_id)
        self._progress.update(self._task, completed=len(self._shown))
        line = Text(f"  {fate:<18}", style=STYLES.get(fate, "dim"))
        self._console.print(line.append(printable(key), style="default"))


def table(console: Console, running: Deployment, verdicts: Verdicts) -> None:
    """File, fate, where it is, reason, alert: one row an upload."""
    console.print()
    console.print(f"input      = {running.input_bucket}", highlight=False)
    console.print(f"quarantine = {running.quarantine_bucket}", highlight=False)
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    shown.add_column("file", overflow="fold", max_width=30)
    shown.add_column("fate", no_wrap=True)
    shown.add_column("where it is", no_wrap=True)
    shown.add_column("reason", overflow="fold")
    shown.add_column("alert", no_wrap=True)
    for fate, problems in verdicts:
        shown.add_row(*_row(fate, problems))
    console.print()
    console.print(shown)
    if any(_told(fate) == ON_TOPIC for fate, _ in verdicts):
        console.print(f"{ON_TOPIC}: {ON_TOPIC_ONLY}", style="dim")
    console.print()


def _row(fate: Fate, problems: list[str]) -> list[Text]:
    sample, item = fate.upload.sample, fate.item or {}
    status = item.get("status") or (sample.fate if sample.fate == PASSED_OVER else "UNKNOWN")
    where = {"QUARANTINED": "quarantine", "GONE": "nowhere", "UNKNOWN": "?"}.get(status, "input")
    large = fate.upload.size_bytes > LARGE_BYTES
    size = f" ({readable_size(fate.upload.size_bytes)})" if large else ""
    reason = Text(item.get("reason_code", ""))
    if text := item.get("reason"):
        reason.append(f": {printable(text)}", style="dim")
    for problem in problems:
        reason.append(f"\nWRONG: this file {problem}", style="bold red")
    return [
        Text(printable(sample.key)).append(size, style="dim"),
        Text(status, style="bold red" if problems else STYLES.get(status, "dim")),
        Text(where),
        reason,
        Text(_told(fate)),
    ]


def _told(fate: Fate) -> str:
    if not fate.alerts:
        return "–"
    by_email = any(alert.attributes.get("email") == "yes" for alert in fate.alerts)
    times = f"{len(fate.alerts)}× " if len(fate.alerts) > 1 else ""
    return times + ("e-mail" if by_email else ON_TOPIC)


def email(console: Console, running: Deployment, alert: Alert) -> None:
    """The emulator drops e-mail texts, so the text is made again by the handler's own function."""
    subscriptions = running.cloud.sns.list_subscriptions_by_topic(TopicArn=running.topic_arn)
    addresses = [
        it["Endpoint"] for it in subscriptions["Subscriptions"] if it["Protocol"] == "email"
    ]
    console.print("[bold]One of the e-mails, as a person reads it[/]")
    console.print(
        "(made by the deployed code's own function: the emulator sends none)", style="dim"
    )
    letter = f"To: {', '.join(addresses)}\nSubject: {alert.subject}\n\n"
    letter += email_text(alert.message)
    for line in letter.splitlines():
        console.print(Text(f"  {line}".rstrip()), soft_wrap=True)
    console.print()


def verdict(console: Console, verdicts: Verdicts, seconds: float) -> bool:
    right = sum(not problems for _, problems in verdicts)
    all_right = right == len(verdicts)
    console.print(
        f"[bold {'green' if all_right else 'red'}]{right} of {len(verdicts)} files ended where "
        f"they should[/], in {seconds:.0f} s.",
        highlight=False,
    )
    if all_right:
        console.print("Keep a deployment running to try your own files: make local")
    return all_right


def figures(console: Console, found: Figures) -> None:
    """What `scalper figures` would say, in a line."""
    console.print(f"Figures: {one_line(found)}.", highlight=False, markup=False, soft_wrap=True)
