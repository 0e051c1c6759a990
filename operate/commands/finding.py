"""`scalper find`: files by the beginning or the end of their key."""

import json
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
from rich.text import Text

from ..read.deployment import Deployment
from ..read.names import MOST_VERSIONS, Named, Search, find
from ..read.words import readable_size
from ..screens.plain import plain
from ..screens.report import reading
from . import options
from .options import as_json, asks_a_deployment

LISTED = 50


@click.command("find")
@click.argument("text")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=LISTED,
    show_default=True,
    help="At most so many.",
)
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help=f"Read both buckets whole for the end of a key, not {MOST_VERSIONS:,} versions of each.",
)
@as_json
@asks_a_deployment
def find_command(
    deployment: Deployment, *, text: str, limit: int, whole: bool, as_json: bool
) -> None:
    """Files whose key begins or ends with TEXT, accepted ones too.

    As S3 lists them: a file that is in neither bucket any more (gone, discarded, expired, or
    taken away) is not found; `scalper show` with its whole key still knows it.
    """
    search = Search()
    with reading(options.errors()) as progress:
        found = find(
            deployment, text, search, most=None if whole else MOST_VERSIONS, progress=progress
        )
        shown = list(islice(found, limit))
        has_more = next(found, None) is not None if len(shown) == limit else False
    if as_json:
        answer = {
            "files": [_as_dict(it) for it in shown],
            "more": has_more,
            "read_all": search.is_all,
        }
        click.echo(json.dumps(answer, indent=1))
        return
    console = options.screen()
    console.soft_wrap = True
    for it in shown:
        console.print(_line(it))
    if not shown:
        console.print(plain(f"No file in the buckets has a key that begins or ends with {text}"))
    if has_more:
        options.errors().print(f"… and more: these are the first {limit:,}; --limit shows others.")
    if not search.is_all:
        options.errors().print(
            f"Only the first {MOST_VERSIONS:,} versions of a bucket were read for the end of a "
            "key: --all reads all."
        )


def _line(it: Named) -> Text:
    status = it.record["status"] if it.record else "no record"
    at = datetime.fromtimestamp(it.modified, UTC)
    facts = (
        f"{status:<11}  {at:%Y-%m-%d %H:%M:%S}  {readable_size(it.size_bytes):>9}  "
        f"{it.bucket:<10}  "
    )
    return plain(facts + it.key)


def _as_dict(it: Named) -> dict[str, Any]:
    return {
        "key": it.key,
        "bucket": it.bucket,
        "versions": it.versions,
        "size_bytes": it.size_bytes,
        "modified": datetime.fromtimestamp(it.modified, UTC).isoformat(),
        "status": it.record["status"] if it.record else None,
        "upload_id": it.record["upload_id"] if it.record else None,
    }
