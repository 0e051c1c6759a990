"""`scalper reconcile` and `backfill`: is every file accounted for, and what to do if one is not."""

import sys
from collections.abc import Iterator

import click
from rich.console import Console

from ..act.actions import Done, each
from ..act.pace import Pace
from ..act.synthetic_events import sending
from ..audit.findings import Kind
from ..audit.reconcile import DEFAULT_GRACE_SECONDS, Reconciliation, reconcile
from ..read.deployment import Deployment
from ..read.errors import OperateError
from ..read.sources import Version
from ..read.status import flow
from ..read.words import number
from ..screens.report import reading, show, write_json
from . import options
from .acting import RELEASE_RATE, rate_option, tell_and_count
from .options import NOT_WELL, WELL, Duration, as_json, asks_a_deployment, dry_run

grace_option = click.option(
    "--grace",
    "grace_seconds",
    type=Duration(),
    default=DEFAULT_GRACE_SECONDS,
    show_default="15m, as the alarm files-late",
    help="How long a file may be in flight before it is missed: 90s, 15m, 2h.",
)


@click.command("reconcile")
@grace_option
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice([str(kind) for kind in Kind]),
    metavar="KIND",
    help="A kind of finding that is as it should be here. It is still listed. May be repeated.",
)
@click.option(
    "--repair", is_flag=True, help="Give the uploads without a fate the event they never had."
)
@rate_option(RELEASE_RATE)
@dry_run
@as_json
@asks_a_deployment
def reconcile_command(
    deployment: Deployment,
    *,
    grace_seconds: float,
    allow: tuple[str, ...],
    repair: bool,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Is every uploaded file accounted for?

    Changes nothing, but with --repair.

    Compares both buckets, the table and the kept events by version. Exit status: 0 all is
    accounted for, 1 something is not, 2 nobody can tell (the reason is on standard error).
    """
    allowed = {Kind(kind) for kind in allow}
    console = Console(highlight=False)
    with (
        reading(options.beside(console), shown=not as_json) as progress,
        reconcile(deployment, grace_seconds=grace_seconds, progress=progress) as reconciliation,
    ):
        repaired = None
        if repair:
            lost = reconciliation.without_fate()
            repaired = _sent(deployment, lost, grace_seconds, rate, dry_run)
        if as_json:
            found = write_json(reconciliation, allowed, sys.stdout, repaired)
        else:
            found = show(reconciliation, allowed, console)
            if repaired is not None:
                _tell(repaired, console, dry_run)
    sys.exit(NOT_WELL if found.keys() - allowed else WELL)


@click.command("backfill")
@click.option("--prefix", default="", help="Only keys that begin with this.")
@grace_option
@rate_option(RELEASE_RATE)
@dry_run
@as_json
@asks_a_deployment
def backfill_command(
    deployment: Deployment,
    *,
    prefix: str,
    grace_seconds: float,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Deal with files that were there before the pipeline.

    And with those whose event was lost. Of a key that had several uploads before the pipeline it
    is the last one. Typed twice, it is as if typed once; stopped half-way, it goes on.
    """
    console = options.screen()
    with (
        reading(options.beside(console), shown=not as_json) as progress,
        reconcile(deployment, grace_seconds=grace_seconds, progress=progress) as reconciliation,
    ):
        found = (it for it in _overlooked(reconciliation) if it.key.startswith(prefix))
        sent = _sent(deployment, found, grace_seconds, rate, dry_run)
        count, status = tell_and_count(sent, console, as_json=as_json)
    if not (count or as_json):
        console.print("Every file has a record, or is in flight.")
    sys.exit(status)


def _overlooked(reconciliation: Reconciliation) -> Iterator[Version]:
    yield from reconciliation.older_than_the_pipeline()
    yield from reconciliation.without_fate()


def _sent(
    deployment: Deployment,
    versions: Iterator[Version],
    grace_seconds: float,
    rate: float,
    dry_run: bool,
) -> Iterator[Done]:
    waited = flow(deployment).oldest_seconds
    if waited is not None and waited > grace_seconds:
        raise OperateError(
            f"Events wait up to {waited / 60:,.0f} minutes for the processor just now, so what "
            "looks overlooked may only be waiting. Wait until they are through, or say --grace 6h."
        )
    return each(versions, sending(deployment, dry_run=dry_run), Pace(rate).wait)


def _tell(repaired: Iterator[Done], console: Console, dry_run: bool) -> None:
    count, _ = tell_and_count(repaired, console, as_json=False)
    words = "would be given" if dry_run else "was given" if count == 1 else "were given"
    console.print(f"{number(count, 'upload')} {words} the missing event.")
    if count and not dry_run:
        console.print("When they are through, look again: scalper reconcile")
