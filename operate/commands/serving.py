"""`scalper web`: the same in a browser."""

import webbrowser

import click

from ..read.deployment import Deployment
from ..read.errors import OperateError, told_plainly
from ..web.asked import Visitor
from ..web.server import LOOPBACK, Remembered, Server
from . import options
from .options import asks_a_deployment


@click.command("web")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port on 127.0.0.1. Default: any free one.",
)
@click.option("--open/--no-open", "opens", default=True, help="Whether a browser is opened.")
@asks_a_deployment
def web_command(deployment: Deployment, port: int, opens: bool) -> None:
    """The same in a browser on this machine, until Ctrl-C.

    What waits, every file's story, and a way back for what was set aside. Whoever has the address
    that is printed may do what your credentials may: it is for you alone.
    """
    # Is it ours, and do its outputs belong together? Better said here than in a browser.
    _ = deployment.settings
    with told_plainly("tell who you are"):
        who = deployment.clients.sts.get_caller_identity()["Arn"]
    try:
        server = Server(Remembered(deployment), Visitor(who, may_act=True), port=port)
    except OSError as error:
        raise OperateError(
            f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}. Leave out --port for any "
            "free one."
        ) from None
    with server:
        click.echo(server.address)
        options.errors().print("Open that in a browser on this machine; Ctrl-C ends it.")
        if opens and not webbrowser.open(server.address):
            options.errors().print("No browser could be opened from here.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            options.errors().print("\nEnded. The address is worth nothing any more.")
