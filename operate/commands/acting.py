"""`scalper retry`, `release`, `discard` and `download`: what is done to one file or to many."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..act import actions
from ..act.actions import Done, each
from ..act.download import downloading
from ..act.kept_release import release_kept
from ..act.pace import Pace
from ..act.targets import Targets
from ..read.deployment import Deployment
from ..read.errors import OperateError
from ..read.files import Selection
from ..read.words import number
from ..screens.plain import plain
from . import options
from .options import NOT_WELL, WELL, Rate, as_json, asks_a_deployment, dry_run, selects

RETRY_RATE, RELEASE_RATE, DOWNLOAD_RATE = 10.0, 20.0, 50.0
INTERRUPTED = 130
SHOWN = 20
"""Files of a selection that a person is shown; those that need somebody always are."""


def rate_option(default: float) -> Callable[..., Callable[..., None]]:
    """At what rate files are dealt with."""
    return click.option(
        "--rate",
        type=Rate(),
        default=default,
        show_default=f"{default:g}/s",
        help="At most so many a second or a minute: 20/s, 300/m.",
    )


upload_option = click.option("--upload", "upload_id", help="Which upload of the one KEY.")


@click.command("retry")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@upload_option
@rate_option(RETRY_RATE)
@dry_run
@as_json
@asks_a_deployment
def retry_command(
    deployment: Deployment,
    *,
    keys: tuple[str, ...],
    upload_id: str | None,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Try files again now.

    Rules and `process` decide again. What is accepted goes back to the input bucket, but never
    over a newer upload of its key. Exit status: 0 all are tried, 1 some are not, 2 none.
    """
    checked(deployment)
    sys.exit(_retry(deployment, _named(keys, upload_id), rate, dry_run, as_json))


@click.command("release")
@click.option("--all", "everything", is_flag=True, help="Everything that waits.")
@click.option(
    "--kept-events", is_flag=True, help="Instead, the events that could not even be recorded."
)
@rate_option(RELEASE_RATE)
@dry_run
@as_json
@asks_a_deployment
@selects
def release_command(
    deployment: Deployment,
    *,
    selection: Selection,
    everything: bool,
    kept_events: bool,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Try again all files that wait for a reason, at a bounded rate.

    After a fix in `process`: scalper release --reason PROCESS_FAILED --since 2h. What fails again
    waits again. Stopped half-way, the same command goes on.
    """
    checked(deployment)
    chosen = selection != Selection()
    if (everything, kept_events, chosen).count(True) != 1:
        raise click.UsageError(
            "Say which files: --reason, --since, --prefix, --glob … choose; --all takes all; "
            "--kept-events alone is for what could not be recorded."
        )
    if kept_events:
        sys.exit(
            _run(deployment, None, release_kept(deployment, dry_run=dry_run), as_json, dry_run)
        )
    sys.exit(release(deployment, selection, rate=rate, dry_run=dry_run, as_json=as_json))


def release(
    deployment: Deployment, selection: Selection, *, rate: float, dry_run: bool, as_json: bool
) -> int:
    """Try again what is selected; the exit status."""
    # What fails again while this runs is not tried again by it.
    targets = Targets(selection=_until_now(selection))
    return _retry(deployment, targets, rate, dry_run, as_json)


@click.command("discard")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@upload_option
@rate_option(RELEASE_RATE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run
@as_json
@asks_a_deployment
@selects
def discard_command(
    deployment: Deployment,
    *,
    selection: Selection,
    keys: tuple[str, ...],
    upload_id: str | None,
    rate: float,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Throw files away that wait. Asks before it does.

    The record stays, as GONE with the reason code DISCARDED and who did it.
    """
    checked(deployment)
    targets = _keys_or_selection(keys, upload_id, selection)
    if not (yes or dry_run):
        _ask(deployment, targets)
    act = actions.discarding(deployment, dry_run=dry_run)
    found = targets.records(deployment)
    sys.exit(_run(deployment, targets, each(found, act, Pace(rate).wait), as_json, dry_run))


@click.command("download")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@upload_option
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder that keys become paths in. Default: this one.",
)
@rate_option(DOWNLOAD_RATE)
@dry_run
@as_json
@asks_a_deployment
@selects
def download_command(
    deployment: Deployment,
    *,
    selection: Selection,
    keys: tuple[str, ...],
    upload_id: str | None,
    folder: Path,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring files here, from wherever they are.

    Nothing here is overwritten, and what is here already is not read again.
    """
    checked(deployment)
    targets = _keys_or_selection(keys, upload_id, selection)
    act = downloading(deployment, folder, dry_run=dry_run)
    found = targets.records(deployment, waits=False)
    sys.exit(_run(deployment, targets, each(found, act, Pace(rate).wait), as_json, dry_run))


def checked(deployment: Deployment) -> None:
    """Nothing is changed in a stack that is not ours, or that does not belong together."""
    _ = deployment.settings


def _retry(
    deployment: Deployment, targets: Targets, rate: float, dry_run: bool, as_json: bool
) -> int:
    act = actions.retrying(deployment, dry_run=dry_run)
    found = targets.records(deployment)
    return _run(deployment, targets, each(found, act, Pace(rate).wait), as_json, dry_run)


def _named(keys: tuple[str, ...], upload_id: str | None) -> Targets:
    if upload_id is not None and len(keys) != 1:
        raise click.UsageError("--upload goes with exactly one KEY.")
    return Targets(keys, upload_id)


def _keys_or_selection(
    keys: tuple[str, ...], upload_id: str | None, selection: Selection
) -> Targets:
    if bool(keys) == (selection != Selection()):
        raise click.UsageError(
            "Name files by their keys, or choose them by --reason, --since, --prefix, --glob …; "
            "one of the two."
        )
    return _named(keys, upload_id) if keys else Targets(selection=_until_now(selection))


def _until_now(selection: Selection) -> Selection:
    return replace(selection, until=selection.until or datetime.now(UTC))


def _ask(deployment: Deployment, targets: Targets) -> None:
    if targets.selection is None:
        for item in targets.records(deployment):
            line = f"{item['object_key']}  {item['status']}  {item.get('reason_code', '')}"
            options.errors().print(plain(line))
    count = number(targets.count(deployment), "file")
    try:
        sure = click.confirm(f"Discard {count} for good?", err=True)
    except click.Abort:
        raise OperateError("Nobody answered, so nothing was discarded. Add --yes.") from None
    if not sure:
        raise OperateError("Nothing was discarded.")


def _run(
    deployment: Deployment,
    targets: Targets | None,
    results: Iterator[Done],
    as_json: bool,
    dry_run: bool,
) -> int:
    """Tell of each file as it is done; the exit status. Stopped, it says where it was."""
    bulk = targets is None or targets.selection is not None
    until = targets.selection.until if targets and targets.selection else None
    console = options.screen()
    with _progress(deployment, targets, console, shown=bulk and not as_json) as step:
        stepping = _stepping(results, step)
        count, status = tell_and_count(
            stepping, console, as_json=as_json, bulk=bulk, until=until, dry_run=dry_run
        )
    if not (count or as_json):
        console.print("No such file waits.")
    elif dry_run and not as_json:
        console.print("Nothing was changed: this was a dry run.")
    return status


def tell_and_count(
    results: Iterator[Done],
    console: Console,
    *,
    as_json: bool,
    bulk: bool = True,
    until: datetime | None = None,
    dry_run: bool = False,
) -> tuple[int, int]:
    """Tell of each file as it is done; how many there were, and the exit status."""
    counts = {True: 0, False: 0}
    try:
        told = (
            _tell_machines(results) if as_json else _tell_a_person(results, console, bulk, dry_run)
        )
        for done in told:
            counts[done.ok] += 1
    except KeyboardInterrupt:
        _stopped(console, sum(counts.values()), until)
        return sum(counts.values()), INTERRUPTED
    except OperateError:
        if any(counts.values()):
            _stopped(console, sum(counts.values()), until)
        raise
    return sum(counts.values()), NOT_WELL if counts[False] else WELL


def _tell_a_person(
    results: Iterable[Done], console: Console, bulk: bool, dry_run: bool
) -> Iterator[Done]:
    counts = {True: 0, False: 0}
    for done in results:
        counts[done.ok] += 1
        if not done.ok:
            console.print(Text("! ", "red") + plain(f"{done.key}: {done.words}"), soft_wrap=True)
        elif not bulk or counts[True] <= SHOWN:
            console.print(plain(f"{done.key}: {done.words}"), soft_wrap=True)
        yield done
    if bulk and sum(counts.values()) > 1:
        words = f"{number(counts[True], 'file')} {'counted' if dry_run else 'done'}"
        console.print(words + (f", {counts[False]:,} not" if counts[False] else "") + ".")


def _tell_machines(results: Iterable[Done]) -> Iterator[Done]:
    """One object, written as it is done."""
    sys.stdout.write('{"files": [')
    separator = "\n"
    try:
        for done in results:
            sys.stdout.write(separator + json.dumps(asdict(done)))
            separator = ",\n"
            yield done
    finally:
        sys.stdout.write("\n]}\n")


def _stepping(results: Iterator[Done], step: Callable[[], None]) -> Iterator[Done]:
    for done in results:
        step()
        yield done


@contextmanager
def _progress(
    deployment: Deployment, targets: Targets | None, answers: Console, *, shown: bool
) -> Iterator[Callable[[], None]]:
    """A bar, where somebody looks and it takes long."""
    console = options.beside(answers)
    if not (shown and console.is_terminal):
        yield _nothing
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        total = targets.count(deployment) if targets else None
        task = bar.add_task("files", total=total)
        yield lambda: bar.advance(task)


def _nothing() -> None:
    pass


def _stopped(answers: Console, count: int, until: datetime | None) -> None:
    again = "The same command goes on where it stopped."
    if until is not None:
        again += f" With --until {until:%Y-%m-%dT%H:%M:%SZ} it meets nothing newer."
    options.beside(answers).print(f"\nStopped after {number(count, 'file')}. {again}")
