"""The two commands, and how they end."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import click
from rich.console import Console

from .demo import demo
from .errors import LocalError
from .up import up

PIPED_WIDTH = 100
DEFAULT_PORT = 0
"""Any free one: a web page that would reach an emulator knows where they usually are."""


@click.group(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None: ...


@cli.command("demo")
def demo_command() -> None:
    """Deploy, drop in varied files, show where each ends. Exits 0 only if all is right."""
    with _told_plainly(stopped_code=130) as console:
        sys.exit(0 if demo(console) else 1)


@cli.command("up")
@click.option(
    "--port",
    envvar="LOCAL_PORT",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The emulator's port on 127.0.0.1; 0 takes any free one.",
)
def up_command(port: int) -> None:
    """Deploy and leave it running until Ctrl-C or SIGTERM."""
    with _told_plainly(stopped_code=0) as console:
        up(console, port)


class Stopped(SystemExit):
    """Ctrl-C or a signal. A SystemExit, which asyncio lets through from any of its tasks."""


@contextlib.contextmanager
def _told_plainly(stopped_code: int) -> Iterator[Console]:
    """Errors as a sentence, and one way to stop, through every clean-up."""
    for stream in (sys.stdout, sys.stderr):
        # A file's name must not end the demo where the terminal cannot show it.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        yield console
    except LocalError as error:
        click.echo(f"\nError: {error}", err=True)
        sys.exit(1)
    except Stopped:
        click.echo("\nStopped; nothing is left running.")
        sys.exit(stopped_code)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
