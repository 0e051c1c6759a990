"""What an export has read so far, on disk beside what it writes: so it can stop, and go on.

A page of the table and the key to go on from are put down in one transaction. The finished file
appears only when it is whole; until then there is the spool, which is removed at the end.
"""

import errno
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..read.errors import OperateError
from ..read.rows import COLUMNS, Row

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS record (key TEXT, upload_id TEXT, day TEXT, uploaded TEXT, row TEXT,
                                   PRIMARY KEY (key, upload_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS written (day TEXT PRIMARY KEY);
"""
KEY, UPLOAD_ID, UPLOADED_AT = map(list(COLUMNS).index, ("object_key", "upload_id", "uploaded_at"))
UNDATED = ""
"""The day of records that do not say when their file was uploaded."""


class Spool:
    """Rows that were read, and how far that is."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def fact(self, name: str) -> Any:
        """What was put down under that name; None where nothing was."""
        question = "SELECT value FROM fact WHERE name = ?"
        found = self._database.execute(question, (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def note(self, **facts: Any) -> None:
        """Put facts down, each under its name."""
        with self._database:
            self._note(facts)

    def add(self, rows: Iterable[tuple[str | None, Row]], go_on: Mapping[str, Any] | None) -> None:
        """A page of days and rows, and from where the next one is read; None after the last."""
        values = [
            (row[KEY], row[UPLOAD_ID], day or UNDATED, row[UPLOADED_AT] or "", _text(row))
            for day, row in rows
        ]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO record VALUES (?,?,?,?,?)", values)
            self._note({"go_on": go_on, "is_read": go_on is None})

    def count(self) -> int:
        """Rows that are there."""
        (count,) = self._database.execute("SELECT count(*) FROM record").fetchone()
        return int(count)

    def sort(self) -> None:
        """All is read; rows are asked for by day."""
        with self._database:
            self._database.execute(
                "CREATE INDEX IF NOT EXISTS by_day ON record (day, uploaded, key, upload_id)"
            )

    def days_to_write(self) -> list[str]:
        """Those that have not been written yet."""
        question = """
            SELECT DISTINCT day FROM record WHERE day NOT IN (SELECT day FROM written) ORDER BY day
        """
        return [day for (day,) in self._database.execute(question)]

    def mark_written(self, day: str) -> None:
        """Note that a day needs not be written again."""
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO written VALUES (?)", (day,))

    def rows(self, day: str | None = None) -> Iterator[list[Any]]:
        """In the order of their upload; of one day, or all."""
        where = "" if day is None else "WHERE day = ?"
        question = f"SELECT row FROM record {where} ORDER BY day, uploaded, key, upload_id"
        with closing(self._database.cursor()) as cursor:
            for (text,) in cursor.execute(question, () if day is None else (day,)):
                yield json.loads(text)

    def _note(self, facts: Mapping[str, Any]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            [(name, json.dumps(value)) for name, value in facts.items()],
        )


def _text(row: Row) -> str:
    # Bytes and sets are no JSON; nothing of ours has any.
    return json.dumps(row, separators=(",", ":"), default=repr)


@contextmanager
def spool(path: Path) -> Iterator[Spool]:
    """The one at `path`, new where there is none. One export at a time has it."""
    with full_disk_in_words(path), closing(sqlite3.connect(path, timeout=1)) as database:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA temp_store = FILE")
        with database:
            database.executescript(_TABLES)
        yield Spool(database)


@contextmanager
def full_disk_in_words(path: Path) -> Iterator[None]:
    """Say what to do about a disk that is full, a spool in use, and one that is garbled."""
    again = "free some space, and type the same command: it goes on where it stopped"
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OperateError(f"The disk is full at {path.parent}: {again}.") from error
        raise OperateError(f"Cannot write at {path.parent}: {error}") from error
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "full" in text or "disk I/O" in text:
            raise OperateError(f"The disk is full at {path.parent}: {again}.") from error
        if "locked" in text:
            raise OperateError(f"Another export is at work at {path}: wait for it.") from error
        raise OperateError(
            f"{path} is no unfinished export that can go on ({text}). Type the command with --anew."
        ) from error
