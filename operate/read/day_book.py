"""All days' figures, counted from the records: by the daily check, or for whoever asks.

Records come in no order and may be longer than memory: SQLite sorts them by day on disk. Only a
day at a time is in memory.
"""

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from handler.model.item import Item

from .day import REST, SLOWEST, Day, Names, Slow
from .day_items import FIGURES_KEY, LAST_COUNT, Stored, is_day, stored
from .facts import Fact

CACHE_KIBIBYTES = 16 * 1024
AT_ONCE = 10_000
"""Rows that wait in memory to be inserted together."""

_COLUMNS = ", ".join(Fact._fields)


@dataclass
class DayBook:
    """Given each record once (`add`) and what else the table holds (`look_at`), it knows all days.

    Whatever a record says can be counted or is left out: it never raises because of one.
    """

    database: sqlite3.Connection
    started: datetime
    """When the reading began."""
    counted: int = 0
    undated: int = 0
    stored: dict[str, Stored] = field(default_factory=dict)
    """The days that the table has, and what it says of the last count."""
    _waiting: list[Fact] = field(default_factory=list)
    _slowest: dict[str, list[Slow]] = field(default_factory=dict)
    _first_expiry: dict[str, int] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Count a record, as plain values."""
        self.counted += 1
        fact = Fact.of(item)
        if fact is None:
            self.undated += 1
            return
        self._waiting.append(fact)
        if len(self._waiting) >= AT_ONCE:
            self._insert()
        if fact.duration_ms is not None:
            slowest = self._slowest.setdefault(fact.day, [])
            slow = Slow(fact.duration_ms, item["object_key"], item["upload_id"])
            if len(slowest) < SLOWEST:
                heapq.heappush(slowest, slow)
            elif slow > slowest[0]:
                heapq.heapreplace(slowest, slow)
        expiry = item.get("expires_at")
        if isinstance(expiry, int) and expiry < self._first_expiry.get(fact.day, expiry + 1):
            self._first_expiry[fact.day] = expiry

    def look_at(self, item: Item) -> None:
        """Remember a day that was written before."""
        if item["object_key"] == FIGURES_KEY and (is_day(item) or item["upload_id"] == LAST_COUNT):
            self.stored[item["upload_id"]] = stored(item)

    def days(self) -> Iterator[Day]:
        """Each day that a record is of, the oldest first."""
        self._insert()
        self.database.execute(f"CREATE INDEX IF NOT EXISTS by_day ON file ({_COLUMNS})")
        for (day,) in self.database.execute("SELECT DISTINCT day FROM file ORDER BY day"):
            yield self._day(day)

    def _day(self, date: str) -> Day:
        names = Names.of(
            *(self._commonest(date, it) for it in ("file_type", "reason_code", "sender"))
        )
        slowest = sorted(self._slowest.get(date, []), reverse=True)
        day = Day(date, slowest=slowest, first_expiry=self._first_expiry.get(date))
        for row in self.database.execute(f"SELECT {_COLUMNS} FROM file WHERE day = ?", (date,)):
            day.add(Fact._make(row), names)
        (types,) = self.database.execute(
            "SELECT count(DISTINCT file_type) FROM file WHERE day = ?", (date,)
        ).fetchone()
        day.other_types = types - sum(name != REST for name in day.types)
        return day

    def _commonest(self, date: str, column: str) -> list[str]:
        question = f"""
            SELECT {column} FROM file WHERE day = ? AND {column} IS NOT NULL
            GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 200
        """  # more than are named, because some are too long to be
        return [name for (name,) in self.database.execute(question, (date,))]

    def _insert(self) -> None:
        places = ", ".join("?" * len(Fact._fields))
        self.database.executemany(f"INSERT INTO file VALUES ({places})", self._waiting)
        self._waiting.clear()


@contextmanager
def day_book() -> Iterator[DayBook]:
    """An empty one. The empty name makes a file that the system removes with the connection."""
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
            database.execute(f"PRAGMA {setting}")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        database.execute(
            "CREATE TABLE file (day TEXT, hour INTEGER, status TEXT, file_type TEXT, "
            "reason_code TEXT, sender TEXT, size_bytes INTEGER, attempts INTEGER, "
            "duration_ms INTEGER, wait_ms INTEGER)"
        )
        database.execute("BEGIN")
        yield DayBook(database, datetime.now(UTC))
