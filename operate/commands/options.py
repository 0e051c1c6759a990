"""What the commands share: which deployment, which files, how an answer is given and ends."""

import functools
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from handler.model.errors import REASON_CODE
from handler.model.item import Status

from ..read.deployment import Deployment
from ..read.files import WAITING, Selection
from ..read.outputs import read_outputs

WELL, NOT_WELL, COULD_NOT_TELL = 0, 1, 2
"""Exit statuses: all is well or done; something needs somebody; nobody can tell or nothing done."""

PIPED_WIDTH = 120
"""Of tables where no terminal has a width."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


class Duration(click.ParamType[float]):
    """`90s`, `15m`, `2h` or `1d`, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> float:
        if isinstance(value, (int, float)):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value)
        if not found:
            self.fail(f"{value!r} is no duration; write 90s, 15m, 2h or 1d", param, context)
        return float(found[1]) * _SECONDS[found[2]]


class Moment(click.ParamType[datetime]):
    """`2h` ago, or a time of ISO 8601; in UTC where it names no zone."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        if re.fullmatch(r"\d+(\.\d+)?[smhd]", value):
            return datetime.now(UTC) - timedelta(seconds=Duration().convert(value, param, context))
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no time; write 2h for two hours ago, 2026-03-01 or "
                "2026-03-01T14:30 (UTC)",
                param,
                context,
            )
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Rate(click.ParamType[float]):
    """`20/s` or `300/m`, in a second."""

    name = "rate"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> float:
        if isinstance(value, (int, float)):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/([smh]))?", value)
        if not found or not float(found[1]):
            self.fail(f"{value!r} is no rate; write 20/s or 300/m", param, context)
        return float(found[1]) / _SECONDS[found[2] or "s"]


def asks_a_deployment(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a deployment, and the deployment in their place."""

    @click.option(
        "--outputs",
        "outputs_path",
        envvar="SCALPER_OUTPUTS",
        type=click.Path(path_type=Path),
        help="A file of stack outputs: .local/outputs.json, or of `pulumi stack output --json`.",
    )
    @click.option(
        "--stack",
        envvar="SCALPER_STACK",
        help="A Pulumi stack, asked with the pulumi command in this folder.",
    )
    @functools.wraps(command)
    def with_deployment(outputs_path: Path | None, stack: str | None, **options: Any) -> None:
        command(Deployment.of(read_outputs(outputs_path, stack)), **options)

    return with_deployment


def selects(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose among the files that wait."""

    @click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice([str(status).lower() for status in WAITING], case_sensitive=False),
        help="Only files of this status. May be repeated.",
    )
    @click.option(
        "--reason",
        "reasons",
        multiple=True,
        metavar="CODE",
        callback=_reason_codes,
        help="Only files with this reason code, such as PROCESS_FAILED. May be repeated.",
    )
    @click.option(
        "--since",
        type=Moment(),
        help="Only what was decided since: 2h, 2026-03-01, 2026-03-01T14:30 (UTC).",
    )
    @click.option("--until", type=Moment(), help="Only what was decided until then.")
    @click.option("--prefix", default="", help="Only keys that begin with this.")
    @click.option("--glob", metavar="PATTERN", help="Only keys that match: 'partners/*.csv'.")
    @click.option(
        "--sender",
        metavar="PATTERN",
        help="Only what was uploaded by whom this matches: 'AWS:AROA…:*', 123456789012.",
    )
    @functools.wraps(command)
    def with_selection(
        *positional: Any,
        statuses: tuple[str, ...],
        reasons: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        prefix: str,
        glob: str | None,
        sender: str | None,
        **options: Any,
    ) -> None:
        chosen = tuple(Status(status.upper()) for status in statuses) or WAITING
        selection = Selection(chosen, reasons, since, until, prefix, glob, sender)
        command(*positional, selection=selection, **options)

    return with_selection


as_json = click.option("--json", "as_json", is_flag=True, help="All of it, for machines.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


def screen() -> Console:
    """Where an answer goes. Where no terminal has a width, lines are as long as they are."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, markup=False, soft_wrap=width is not None, width=width)


def errors() -> Console:
    """Where remarks go, and progress, while no answer is being written."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def beside(answers: Console) -> Console:
    """Where progress and remarks go while `answers` is written to.

    One terminal is one console: two would write into each other's lines.
    """
    remarks = errors()
    return answers if answers.is_terminal and remarks.is_terminal else remarks


def _reason_codes(
    context: click.Context, param: click.Parameter, codes: tuple[str, ...]
) -> tuple[str, ...]:
    for code in codes:
        if not REASON_CODE.fullmatch(code):
            raise click.BadParameter(
                f"{code!r} is no reason code; write it as `scalper list` does: PROCESS_FAILED"
            )
    return codes
