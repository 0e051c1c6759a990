"""`scalper`, the operator's command: `./scalper` in a checkout, `scalper` where it is installed."""

import re
import sys
import traceback
from importlib import metadata
from pathlib import Path

import click

from handler.model.text import printable

from .commands import (
    acting,
    exporting,
    figuring,
    finding,
    looking,
    reconciling,
    serving,
    stopping,
    trying,
)
from .commands.options import COULD_NOT_TELL
from .read.errors import OperateError


class InOrder(click.Group):
    """Lists its commands in the order of their use, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def version() -> str:
    """Of the installed package, or of this checkout."""
    if __package__ != "operate":
        return metadata.version("silent-scalper")
    # Read, not imported: that would start Pulumi.
    source = Path(__file__).parents[1].joinpath("components/versions.py").read_text("utf-8")
    found = re.search(r'^VERSION = "(.+)"', source, re.MULTILINE)
    assert found is not None, "pyproject.toml takes it from there, too"
    return f"{found[1]}, in a checkout"


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="scalper", message="%(prog)s %(version)s")
def scalper() -> None:
    """Look after a deployed Silent Scalper pipeline.

    Every command takes --stack (asked with the pulumi command, in the folder of the program) or
    --outputs (a file); SCALPER_STACK and SCALPER_OUTPUTS spare the typing.
    """


for command in (
    looking.status_command,
    looking.list_command,
    finding.find_command,
    looking.show_command,
    looking.logs_command,
    figuring.figures_command,
    exporting.export_command,
    serving.web_command,
    acting.retry_command,
    acting.release_command,
    acting.discard_command,
    acting.download_command,
    stopping.pause_command,
    stopping.resume_command,
    trying.try_command,
    reconciling.reconcile_command,
    reconciling.backfill_command,
):
    scalper.add_command(command)

if __package__ == "operate":
    # A checkout: the bill is made by running its program, which the installed command has not.
    from cost.command import cost_command

    scalper.add_command(cost_command)


def main() -> None:
    """The console script."""
    _write_anything()
    try:
        scalper(prog_name="scalper")
    except OperateError as error:
        told = "\n".join(map(printable, str(error).split("\n")))
        click.echo(f"Error: {told}", err=True)
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
