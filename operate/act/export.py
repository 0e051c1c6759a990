"""An export: every record, streamed through a spool on disk into files of one format."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from handler.model.item import iso

from ..read.deployment import Deployment
from ..read.errors import OperateError
from ..read.rows import pages, row
from . import export_files
from .export_files import Progress
from .spool import Spool, full_disk_in_words, spool

SPOOL = ".scalper-export"
"""Its file in a folder of Parquet; beside a single file, its name follows the file's."""


class Format(StrEnum):
    """What is written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    to: Path
    records: int
    begun_at: str
    """When its first page was read: ISO 8601 in UTC."""
    went_on: bool
    """True when an earlier, unfinished export was continued."""


_WRITERS: dict[Format, Callable[[Spool, Path, Progress], None]] = {
    Format.PARQUET: export_files.write_parquet,
    Format.CSV: export_files.write_csv,
    Format.JSONL: export_files.write_json_lines,
}


def export(
    deployment: Deployment,
    to: Path,
    kind: Format,
    *,
    since: datetime | None = None,
    anew: bool = False,
    progress: Progress = lambda what, count: None,
) -> Exported:
    """Write every record, or those uploaded since then; go on where the same export stopped.

    `to` is a folder for Parquet, else a file; it must not be there yet. Raises an `OperateError`
    for what is in the way: what was read is kept, unless `anew` throws it away.
    """
    if kind is Format.PARQUET:
        export_files.pyarrow()
    place = _place(to, kind)
    if anew:
        place.unlink(missing_ok=True)
    _refuse_what_is_there(to, place, kind)
    with full_disk_in_words(place):
        (to if kind is Format.PARQUET else to.parent).mkdir(parents=True, exist_ok=True)
    with spool(place) as found:
        what = {
            "table": deployment.outputs.metadata_table,
            "format": str(kind),
            "since": iso(since) if since else None,
        }
        went_on = _begin(found, what, place)
        _read(deployment, found, since, progress)
        found.sort()
        _WRITERS[kind](found, to, progress)
        done = Exported(to, found.count(), found.fact("begun_at"), went_on)
    place.unlink()
    return done


def _place(to: Path, kind: Format) -> Path:
    return to / SPOOL if kind is Format.PARQUET else to.with_name(f"{to.name}{SPOOL}")


def _refuse_what_is_there(to: Path, place: Path, kind: Format) -> None:
    if kind is Format.PARQUET:
        if to.exists() and not to.is_dir():
            raise OperateError(f"{to} is a file; Parquet is written into a folder.")
        taken = to.is_dir() and any(to.glob("day=*")) and not place.exists()
    else:
        taken = to.exists()
        if to.is_dir():
            raise OperateError(
                f"{to} is a folder; {kind} is one file: name it, for example "
                f"{to / f'records.{kind}'}"
            )
    if taken:
        raise OperateError(f"{to} is there already; name another, or remove it.")


def _begin(found: Spool, what: dict[str, str | None], place: Path) -> bool:
    """Whether an unfinished export of the same goes on."""
    before = found.fact("what")
    if before is None:
        found.note(what=what, begun_at=iso(datetime.now(UTC)))
        return False
    if before != what:
        asked = ", ".join(f"{name} {value}" for name, value in before.items())
        raise OperateError(
            f"{place} is of another export that did not finish ({asked}). Finish that one first, "
            "or type the command with --anew."
        )
    return True


def _read(deployment: Deployment, found: Spool, since: datetime | None, progress: Progress) -> None:
    count = found.count()
    if found.fact("is_read"):
        return
    for items, go_on in pages(deployment, since, found.fact("go_on")):
        found.add(map(row, items), go_on)
        count += len(items)
        progress("read", count)
