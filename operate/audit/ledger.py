"""All that was read, side by side in a temporary database on disk.

A listing of S3 comes in the order of keys, a scan of the table in none, and both can be longer than
memory. SQLite sorts and joins them on disk within a cache of fixed size.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Literal

from ..read.notified import PassedOver
from ..read.sources import KeptEvent, Record, Version

CACHE_KIBIBYTES = 32 * 1024

Bucket = Literal["input", "quarantine"]

_TABLES = """
CREATE TABLE input (key TEXT, version_id TEXT, size INTEGER, etag TEXT, modified REAL,
                    is_latest INTEGER, passed_over INTEGER);
CREATE TABLE quarantine (key TEXT, version_id TEXT, size INTEGER, etag TEXT, modified REAL,
                         is_latest INTEGER, passed_over INTEGER);
CREATE TABLE record (key TEXT, upload_id TEXT, version_id TEXT, status TEXT, size INTEGER,
                     etag TEXT, location TEXT, location_version_id TEXT, processed REAL,
                     is_restored INTEGER, retry_due REAL, retried_since REAL, sender TEXT);
CREATE TABLE undeleted (key TEXT, version_id TEXT, upload_id TEXT, detail TEXT);
CREATE TABLE kept (key TEXT, version_id TEXT);
"""
# Made after the rows are in: sorting once is far cheaper than a million insertions in random order.
_INDEXES = """
CREATE INDEX input_by_version ON input (key, version_id);
CREATE INDEX quarantine_by_version ON quarantine (key, version_id);
CREATE INDEX record_by_version ON record (key, version_id);
CREATE INDEX record_by_upload ON record (key, upload_id);
CREATE INDEX record_by_copy ON record (key, location_version_id)
    WHERE location_version_id IS NOT NULL;
CREATE INDEX undeleted_by_version ON undeleted (key, version_id);
CREATE INDEX kept_by_version ON kept (key, version_id);
"""


class Ledger:
    """Filled once, then asked."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add_versions(
        self,
        bucket: Bucket,
        versions: Iterable[Version],
        passed_over: Callable[[Version], PassedOver],
    ) -> None:
        """`passed_over` tells of which versions the pipeline takes no notice."""
        self._insert(
            bucket,
            (
                (
                    it.key,
                    it.version_id,
                    it.size_bytes,
                    it.etag,
                    it.modified,
                    it.is_latest,
                    passed_over(it),
                )
                for it in versions
            ),
        )

    def add_records(self, records: Iterable[Record]) -> None:
        undeleted: list[tuple[str, ...]] = []

        def noting_undeleted(it: Record) -> Record:
            for version_id, detail in it.undeleted:
                undeleted.append((it.key, version_id, it.upload_id, detail))
            return it

        self._insert(
            "record",
            (
                (
                    it.key,
                    it.upload_id,
                    it.version_id,
                    it.status,
                    it.size_bytes,
                    it.etag,
                    it.location,
                    it.location_version_id,
                    it.processed,
                    it.is_restored,
                    it.retry_due,
                    it.retried_since,
                    it.sender,
                )
                for it in map(noting_undeleted, records)
            ),
        )
        self._insert("undeleted", undeleted)

    def add_kept(self, events: Iterable[KeptEvent]) -> None:
        self._insert("kept", ((it.key, it.version_id) for it in events))

    def complete(self) -> None:
        """All is in; questions follow."""
        self._database.executescript(_INDEXES)

    def ask(self, query: str, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows as they are found. Several questions may be open at once."""
        with closing(self._database.cursor()) as cursor:
            yield from cursor.execute(query, values)

    def number(self, query: str, **values: Any) -> Any:
        """The one value of a question that has one."""
        return next(self.ask(query, **values))[0]

    def _insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        places = ", ".join("?" * len(first))
        statement = f"INSERT INTO {table} VALUES ({places})"
        self._database.execute(statement, first)
        self._database.executemany(statement, rows)


@contextmanager
def ledger() -> Iterator[Ledger]:
    """An empty one. The empty name makes a file that the system removes with the connection."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA temp_store = FILE")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        database.executescript(_TABLES)
        database.execute("BEGIN")
        yield Ledger(database)
