"""`python -m operate …`: the operator's command, `scalper`."""

import functools
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from cost.command import cost_command

from .deployment import Deployment
from .errors import OperateError
from .findings import Kind
from .outputs import read_outputs
from .reconcile import DEFAULT_GRACE_SECONDS, reconcile
from .report import reading, show, write_json

ACCOUNTED_FOR, NOT_ACCOUNTED_FOR, COULD_NOT_TELL = 0, 1, 2
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def scalper() -> None:
    """Look after a deployed Silent Scalper pipeline."""


scalper.add_command(cost_command)


@scalper.command("reconcile")
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
@click.option("--json", "as_json", is_flag=True, help="All of it, for machines.")
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
    sys.exit(NOT_ACCOUNTED_FOR if found.keys() - allowed else ACCOUNTED_FOR)


def main() -> None:
    """The console script."""
    _write_anything()
    try:
        scalper(prog_name="scalper")
    except OperateError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(COULD_NOT_TELL)
    except Exception:  # noqa: BLE001 - Python's own exit status for a crash means something else here
        traceback.print_exc()
        sys.exit(COULD_NOT_TELL)


def _write_anything() -> None:
    """A file's name must not end the command where the terminal cannot show it."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
