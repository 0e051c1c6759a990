"""A day's figures: what became of all files that were uploaded in it, in one small item.

What is named is bounded, so that the item is: the thirty commonest types, reasons and senders have
their own figures, the rest theirs together. By hour and by type there are buckets, not by both:
744 pairs of them do not fit into one item within 2 %. What a pair did, the export knows.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .facts import NAME_CHARACTERS, SENDER_CHARACTERS, Fact, day_start
from .group import Group

NAMED = 30
"""Types, and reasons, and senders, that a day names."""
SLOWEST = 3
MOST_BYTES = 48_000
"""Of the packed figures. DynamoDB bills a write by the kilobyte, and each daily check reads all
days: with more, 400 of them would cost over three cents a month."""
VERSION = 1
REST = ""
"""Stands for all that is not named. No type, reason or sender is an empty word."""

_FEWER = (NAMED, 20, 12, 6, 3, 0)
"""Types that stay named while the item is too large."""


class UnreadableDay(ValueError):
    """An item that somebody altered, or that a newer version wrote."""


@dataclass(frozen=True, slots=True, order=True)
class Slow:
    """One of the files that took longest."""

    duration_ms: int
    key: str
    upload_id: str


@dataclass(frozen=True, slots=True)
class Names:
    """What a day names."""

    types: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()

    @classmethod
    def of(cls, types: Iterable[str], reasons: Iterable[str], senders: Iterable[str]) -> "Names":
        """Given the commonest first; `NAMED` of each kind at most, and none that is too long."""
        return cls(
            frozenset(_short(types, NAME_CHARACTERS)),
            frozenset(_short(reasons, 64)),
            frozenset(_short(senders, SENDER_CHARACTERS)),
        )


@dataclass(slots=True)
class Day:
    """Figures of the files that were uploaded in one day, in UTC."""

    date: str
    """`2026-11-23`."""
    types: dict[str, Group] = field(default_factory=dict)
    """With `REST`: every file is in one of them."""
    hours: dict[int, Group] = field(default_factory=dict)
    """0 to 23; without sizes."""
    reasons: dict[str, Group] = field(default_factory=dict)
    """Of files that have a reason code: counts alone."""
    senders: dict[str, Group] = field(default_factory=dict)
    """Of files whose sender is known: counts alone."""
    slowest: list[Slow] = field(default_factory=list)
    other_types: int = 0
    """How many types are in `REST`."""
    first_expiry: int | None = None
    """Epoch seconds: when the first of its records expires."""
    is_incomplete: bool = False
    """Some of its records had expired when it was first counted."""

    @property
    def total(self) -> Group:
        """All of its files."""
        return merged(self.types.values())

    @property
    def files(self) -> int:
        return sum(group.files for group in self.types.values())

    def add(self, fact: Fact, names: Names) -> None:
        """Count one file."""
        kind = fact.file_type if fact.file_type in names.types else REST
        in_type = self.types.setdefault(kind, Group())
        in_hour = self.hours.setdefault(fact.hour, Group())
        in_type.measure(fact)
        in_hour.measure(fact, size=False)
        groups = [in_type, in_hour]
        if fact.reason_code:
            reason = fact.reason_code if fact.reason_code in names.reasons else REST
            groups.append(self.reasons.setdefault(reason, Group()))
            in_type.blame(reason)
            in_hour.blame(reason)
        if fact.sender:
            sender = fact.sender if fact.sender in names.senders else REST
            groups.append(self.senders.setdefault(sender, Group()))
        for group in groups:
            group.count(fact)

    def pack(self) -> bytes:
        """JSON, compressed; at most `MOST_BYTES`, whatever there is.

        Where that is too little, fewer types are named; and should the hours alone be too much,
        they lose their waits, then their durations. Counts are never lost.
        """
        for named in _FEWER:
            if len(packed := _packed(self._naming(named))) <= MOST_BYTES:
                return packed
        bare = self._naming(0)
        without_waits = replace(bare, hours={h: it.without_waits for h, it in bare.hours.items()})
        counts_alone = replace(bare, hours={h: it.counts_alone for h, it in bare.hours.items()})
        for day in (without_waits, counts_alone):
            if len(packed := _packed(day)) <= MOST_BYTES:
                return packed
        raise AssertionError("what is left of a day is bounded far below this")

    @classmethod
    def unpack(cls, date: str, packed: object) -> "Day":
        """The inverse of `pack`. Raises an `UnreadableDay`."""
        try:
            day_start(date)
            if not isinstance(packed, bytes):
                raise ValueError("no bytes")
            # Bounded, so that nothing small can fill the memory.
            unpacking = zlib.decompressobj()
            text = unpacking.decompress(packed, 100 * MOST_BYTES)
            written = json.loads(text)
            if written["v"] != VERSION:
                raise ValueError(f"of version {written['v']!r}")
            return cls._from_json(date, written)
        except (
            ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, zlib.error,
        ) as error:  # fmt: skip
            raise UnreadableDay(f"the figures of {date} cannot be read: {error}") from error

    def _naming(self, number: int) -> "Day":
        """The same with at most so many types by name, the commonest."""
        ranked = sorted(
            (name for name in self.types if name != REST),
            key=lambda name: (-self.types[name].files, name),
        )
        dropped = ranked[number:]
        if not dropped:
            return self
        types = {name: self.types[name] for name in ranked[:number]}
        rest = [self.types[name] for name in (*dropped, REST) if name in self.types]
        return replace(
            self,
            types={**types, REST: merged(rest)},
            other_types=self.other_types + len(dropped),
        )

    def _as_json(self) -> dict[str, Any]:
        reasons = {code: number for number, code in enumerate(sorted(self.reasons))}
        return {
            "v": VERSION,
            "codes": sorted(self.reasons),
            "types": _written(self.types, reasons),
            "hours": _written(self.hours, reasons),
            "reasons": _written(self.reasons, reasons),
            "senders": _written(self.senders, reasons),
            "slowest": [[it.duration_ms, it.key, it.upload_id] for it in self.slowest],
            "other_types": self.other_types,
            "first_expiry": self.first_expiry,
            "incomplete": self.is_incomplete,
        }

    @classmethod
    def _from_json(cls, date: str, written: Mapping[str, Any]) -> "Day":
        codes = [str(code) for code in written["codes"]]
        hours = {int(hour): group for hour, group in _read(written["hours"], codes)}
        if not hours.keys() <= set(range(24)):
            raise ValueError("no hours")
        first_expiry = written["first_expiry"]
        return cls(
            date,
            dict(_read(written["types"], codes)),
            hours,
            dict(_read(written["reasons"], codes)),
            dict(_read(written["senders"], codes)),
            [Slow(int(ms), str(key), str(upload)) for ms, key, upload in written["slowest"]],
            int(written["other_types"]),
            None if first_expiry is None else int(first_expiry),
            bool(written["incomplete"]),
        )


def merged(groups: Iterable[Group]) -> Group:
    """Their files together."""
    total = Group()
    for group in groups:
        total.merge(group)
    return total


def _short(names: Iterable[str], characters: int) -> list[str]:
    return [name for name in names if len(name) <= characters][:NAMED]


def _written(groups: Mapping[Any, Group], reasons: Mapping[str, int]) -> dict[str, Any]:
    return {str(name): group.as_json(reasons) for name, group in sorted(groups.items())}


def _read(written: Mapping[str, Any], reasons: list[str]) -> Iterator[tuple[str, Group]]:
    for name, group in written.items():
        yield name, Group.from_json(group, reasons)


def _packed(day: Day) -> bytes:
    text = json.dumps(day._as_json(), separators=(",", ":"))
    return zlib.compress(text.encode(), 9)
