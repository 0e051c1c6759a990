"""`scalper reconcile`: is every file accounted for?"""

import sys

import click
from rich.console import Console

from ..deployment import Deployment
from ..findings import Kind
from ..reconcile import DEFAULT_GRACE_SECONDS, reconcile
from ..report import reading, show, write_json
from .options import NOT_WELL, WELL, Duration, as_json, asks_a_deployment


@click.command("reconcile")
@click.option(
    "--grace",
    "grace_seconds",
    type=Duration(),
    default=DEFAULT_GRACE_SECONDS,
    show_default="15m, as the alarm files-late",
    help="How long a file may be in flight before it is missed: 90s, 15m, 2h.",
)
@click.option(
    "--allow",
    multiple=True,
    type=click.Choice([str(kind) for kind in Kind]),
    metavar="KIND",
    help="A kind of finding that is as it should be here. It is still listed. May be repeated.",
)
@as_json
@asks_a_deployment
def reconcile_command(
    deployment: Deployment, grace_seconds: float, allow: tuple[str, ...], as_json: bool
) -> None:
    """Is every uploaded file accounted for? Changes nothing.

    Compares both buckets, the table and the kept events by version. Exit status: 0 all is
    accounted for, 1 something is not, 2 nobody can tell (the reason is on standard error).
    """
    errors, allowed = Console(stderr=True), {Kind(kind) for kind in allow}
    with (
        reading(errors) as progress,
        reconcile(deployment, grace_seconds=grace_seconds, progress=progress) as reconciliation,
    ):
        if as_json:
            found = write_json(reconciliation, allowed, sys.stdout)
        else:
            found = show(reconciliation, allowed, Console(highlight=False))
    sys.exit(NOT_WELL if found.keys() - allowed else WELL)
