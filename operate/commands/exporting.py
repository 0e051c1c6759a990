"""`scalper export`: every record, in files that other programs read."""

import json
from datetime import datetime
from pathlib import Path

import click

from ..act.export import Format, export
from ..read.deployment import Deployment
from ..read.words import number, time_of
from ..screens.plain import plain
from ..screens.report import reading
from . import options
from .options import Moment, as_json, asks_a_deployment


@click.command("export")
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder for Parquet, else a file; not there yet.",
)
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice([str(it) for it in Format], case_sensitive=False),
    help="Parquet is a file for each day, and needs the package pyarrow.",
)
@click.option(
    "--since",
    type=Moment(),
    help="Only what was uploaded since: 2026-03-01, 2026-03-01T14:30 (UTC), 30d. (To go on with "
    "an export that has stopped, name a time that does not move.)",
)
@click.option("--anew", is_flag=True, help="Throw away what an unfinished export has read.")
@as_json
@asks_a_deployment
def export_command(
    deployment: Deployment,
    *,
    to: Path,
    kind: str,
    since: datetime | None,
    anew: bool,
    as_json: bool,
) -> None:
    """Every record, in a file or a folder.

    Typed columns, times in UTC. Stopped half-way, the same command goes on. The table is read
    whole, and takes as much room on the disk beside the file while it is at work.
    """
    with reading(options.errors()) as progress:
        done = export(
            deployment, to, Format(kind.lower()), since=since, anew=anew, progress=progress
        )
    if as_json:
        answer = {
            "to": str(done.to),
            "records": done.records,
            "begun_at": done.begun_at,
            "went_on": done.went_on,
        }
        click.echo(json.dumps(answer, indent=1))
        return
    went_on = ", going on with an export that had stopped" if done.went_on else ""
    options.screen().print(
        plain(
            f"{number(done.records, 'record')} in {done.to}, as of "
            f"{time_of(done.begun_at)} UTC{went_on}."
        ),
        soft_wrap=True,
    )
