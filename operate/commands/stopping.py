"""`scalper pause` and `resume`: the emergency stop, and the start that catches up."""

import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from handler.model.errors import Code

from ..act import pause
from ..read import stopped
from ..read.deployment import Deployment
from ..read.errors import OperateError
from ..read.files import Selection
from ..screens.plain import plain
from . import options
from .acting import RELEASE_RATE, checked, rate_option, release
from .options import WELL, as_json, asks_a_deployment, dry_run

CLOCKS_DIFFER = timedelta(minutes=10)
"""The note has this machine's time, the records have AWS's."""


class Reserved(click.ParamType[int | str]):
    """A number of instances, or `none`."""

    name = "concurrency"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int | str:
        if value == stopped.NOT_RESERVED:
            return stopped.NOT_RESERVED
        if not str(value).isdecimal() or int(value) < 1:
            self.fail(f"{value!r} is no concurrency; write 10, or none", param, context)
        return int(value)


@click.command("pause")
@dry_run
@as_json
@asks_a_deployment
def pause_command(deployment: Deployment, dry_run: bool, as_json: bool) -> None:
    """Stop the processor at once. Nothing is lost or set aside.

    Files may still be uploaded: each is recorded as HELD (NOT_STARTED), untouched in the input
    bucket, until `scalper resume`. Twice is as good as once.
    """
    checked(deployment)
    before = stopped.concurrency(deployment)
    note = stopped.paused(deployment) if before == 0 else None
    if before == 0:
        words = f"It is stopped already{f', since {note.at} by {note.by}' if note else ''}."
    elif dry_run:
        words = "The processor would be stopped."
    else:
        note = pause.pause(deployment)
        words = "The processor is stopped. New files are held, and none is set aside."
    is_stopped = before == 0 or not dry_run
    if as_json:
        answer = {"stopped": is_stopped, "note": asdict(note) if note else None, "words": words}
        click.echo(json.dumps(answer))
        return
    options.screen().print(plain(words))
    if is_stopped:
        options.screen().print("To start it and catch up: scalper resume")


@click.command("resume")
@click.option(
    "--concurrency",
    type=Reserved(),
    help="What to reserve for it, or none. Default: as before `scalper pause`.",
)
@rate_option(RELEASE_RATE)
@dry_run
@as_json
@asks_a_deployment
def resume_command(
    deployment: Deployment,
    concurrency: int | str | None,
    rate: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Start the processor, and try again what was held meanwhile.

    Stopped half-way, the same command goes on.
    """
    checked(deployment)
    note = stopped.paused(deployment)
    must_start = concurrency is not None or stopped.concurrency(deployment) == 0
    if must_start and not dry_run:
        pause.start(deployment, _to_reserve(concurrency, note))
    if not as_json:
        options.screen().print(
            "The processor would run again." if dry_run else "The processor runs."
        )
    since = datetime.fromisoformat(note.at) - CLOCKS_DIFFER if note else None
    selection = Selection(reasons=[Code.NOT_STARTED], since=since)
    status = release(deployment, selection, rate=rate, dry_run=dry_run, as_json=as_json)
    if note is not None and status == WELL and not dry_run:
        pause.forget(deployment)
    sys.exit(status)


def _to_reserve(wanted: int | str | None, note: stopped.Paused | None) -> int | None:
    if wanted is not None:
        return None if wanted == stopped.NOT_RESERVED else int(wanted)
    if note is None:
        raise OperateError(
            "The processor was not stopped by `scalper pause`, so nobody noted what was reserved "
            "for it. Say so: scalper resume --concurrency none, or a number (reserved_concurrency "
            "of the stack)."
        )
    return note.before
