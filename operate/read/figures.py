"""Figures of some days: plain data, for a terminal, a page, a picture or a machine.

They come from the days that the daily check has counted and, since then, from the log; or, where
somebody asks for it, from reading the whole table now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from . import day_items, sources
from .day import REST, SLOWEST, Day, Slow, merged
from .day_book import day_book
from .day_items import LastCount
from .deployment import Deployment
from .errors import NothingCountedError
from .group import Group
from .since_count import SinceCount, since_count

STALE_HOURS = 26
"""The daily check begins within an hour, and takes a quarter of one at most."""

T = TypeVar("T")
Progress = Callable[[str, int], None]


class By(StrEnum):
    """What figures are broken down by."""

    TYPE = "type"
    HOUR = "hour"
    DAY = "day"
    REASON = "reason"
    SENDER = "sender"


COUNTS_ALONE = frozenset({By.REASON, By.SENDER})
"""Of these there are no durations, sizes or waits."""


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the files."""

    name: str
    """`REST` for all types, reasons or senders together that a day does not name."""
    group: Group


@dataclass
class Figures:
    """Of the days from `first` to `last`, both included; in UTC, as `2026-11-23`."""

    first: str
    last: str
    asked_at: datetime
    days: list[Day] = field(default_factory=list)
    """Those that have files, the oldest first."""
    counted: LastCount | None = None
    """None where a garbled item, or no item, says when the days were counted."""
    since: SinceCount | None = None
    """None where the whole table was read just now."""
    unreadable: list[str] = field(default_factory=list)
    """Days whose item is garbled: the next check counts them anew."""
    ahead: list[str] = field(default_factory=list)
    """Days that are yet to come, and have files: a clock was wrong."""

    @property
    def all_days(self) -> list[Day]:
        """Each of them, also those without files; what the log adds is in its day."""
        days = {day.date: day for day in self.days}
        if self.since:
            for date, more in self.since.days.items():
                if self.first <= date <= self.last:
                    days[date] = _both(days[date], more) if date in days else more
        return [days.get(date, Day(date)) for date in _dates(self.first, self.last)]

    @property
    def total(self) -> Group:
        """All files of these days."""
        return merged(day.total for day in self.all_days)

    @property
    def slowest(self) -> list[Slow]:
        """The files that took longest."""
        return sorted((it for day in self.all_days for it in day.slowest), reverse=True)[:SLOWEST]

    @property
    def incomplete(self) -> list[str]:
        """Days of which some records had expired before they were first counted."""
        return [day.date for day in self.days if day.is_incomplete]

    @property
    def hours_old(self) -> float | None:
        """Since the last count; None where nobody knows."""
        if self.counted is None:
            return None
        return (self.asked_at - self.counted.at).total_seconds() / 3600

    @property
    def is_stale(self) -> bool:
        """True when the daily check has missed a day, or its clock was wrong."""
        hours = self.hours_old
        return hours is None or not -1 <= hours <= STALE_HOURS

    def by(self, what: By) -> list[Row]:
        """Days and hours in order of time, also empty ones; else the most files first."""
        days = self.all_days
        match what:
            case By.DAY:
                return [Row(day.date, day.total) for day in days]
            case By.HOUR:
                return [
                    Row(f"{hour:02}", merged(day.hours[hour] for day in days if hour in day.hours))
                    for hour in range(24)
                ]
            case By.TYPE:
                return _ranked(day.types for day in days)
            case By.REASON:
                return _ranked(day.reasons for day in days)
        return _ranked(day.senders for day in days)


def figures(
    deployment: Deployment,
    days: int,
    *,
    from_table: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda what, count: None,
) -> Figures:
    """Of the last `days` days, today included.

    With `from_table` every record is read now, in bounded memory. Raises an `OperateError` where
    AWS does not answer, and where no day has ever been counted.
    """
    now = now or datetime.now(UTC)
    first, last = f"{now - timedelta(days=days - 1):%Y-%m-%d}", f"{now:%Y-%m-%d}"
    found = Figures(first, last, now)
    if from_table:
        _read_table(deployment, found, progress)
        return found
    table = day_items.read(deployment, first, last)
    found.days, found.counted = table.days, table.counted
    found.unreadable, found.ahead = table.unreadable, table.ahead
    if table.counted is None and not table.days and not table.unreadable:
        raise NothingCountedError(
            "No day has been counted yet. The daily check counts between 04:00 and 05:00 UTC, "
            "unless `daily_check` is false. To read the whole table now: "
            "scalper figures --from-table"
        )
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    counted_at = found.counted.at if found.counted else midnight
    progress("log", 0)
    # A count that claims to be of the future says nothing of what came since.
    found.since = since_count(deployment, min(counted_at, now))
    return found


def _read_table(deployment: Deployment, found: Figures, progress: Progress) -> None:
    with day_book() as book:
        for count, _ in enumerate(sources.records(deployment, also=book.add), 1):
            if count % 1000 == 0:
                progress("table", count)
        counted = [day for day in book.days() if day.date >= found.first]
        found.days = [day for day in counted if day.date <= found.last]
        found.ahead = [day.date for day in counted if day.date > found.last]
        found.counted = LastCount(book.started, book.counted, book.undated)


def _both(one: Day, other: Day) -> Day:
    """The files of a day from two sources."""
    return replace(
        one,
        types=_together(one.types, other.types),
        hours=_together(one.hours, other.hours),
        reasons=_together(one.reasons, other.reasons),
        senders=_together(one.senders, other.senders),
        slowest=sorted([*one.slowest, *other.slowest], reverse=True)[:SLOWEST],
    )


def _together(*sides: Mapping[T, Group]) -> dict[T, Group]:
    groups: dict[T, Group] = {}
    for side in sides:
        for name, group in side.items():
            groups.setdefault(name, Group()).merge(group)
    return groups


def _ranked(sides: Iterable[dict[str, Group]]) -> list[Row]:
    rows = [Row(name, group) for name, group in _together(*sides).items()]
    # What is not named comes last, however much it is.
    return sorted(rows, key=lambda row: (row.name == REST, -row.group.files, row.name))


def _dates(first: str, last: str) -> list[str]:
    start = datetime.fromisoformat(first)
    number = (datetime.fromisoformat(last) - start).days + 1
    return [f"{start + timedelta(days=at):%Y-%m-%d}" for at in range(number)]
