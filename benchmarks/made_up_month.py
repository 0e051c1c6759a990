"""A made-up month: 100,000 files of 40 types, as a pipeline would have recorded them.

Always the same, so that what the documents show of it can be made again. Nothing in it is random
but drawn from a seeded generator: offices that upload by day, devices that upload at all hours, a
type whose processing is slow, and a bad morning on which a partner sends broken files.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from handler.model.item import Item, iso

FILES = 100_000
DAYS = 30
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
BAD_MORNING = 17
"""The day of the month on which `acme` sends files that end too early."""

_COMMON = (
    "csv", "json", "xml", "pdf", "xlsx", "parquet", "txt", "zip", "jpg", "png", "edi", "avro",
    "docx", "gz", "log", "orc", "tif", "xls", "dat", "eml",
)  # fmt: skip
_PARTNERS = ("acme", "bergmann", "cetra", "delta-freight", "eon", "fjord", "gala", "hayashi")
_REFUSALS = ("CORRUPT_CSV", "CORRUPT_JSON", "EMPTY_FILE", "NOT_UTF8", "TOO_LARGE")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the files of a type are like."""

    name: str
    weight: float
    typical_bytes: float
    typical_ms: float
    by_day: bool
    """Uploaded by people in office hours, not by machines."""


def kinds(number: int = 40) -> list[Kind]:
    """The types, the commonest first; beyond the usual names those of devices: `d20`, `d21` …"""
    chance = random.Random(2026)
    found = []
    for at in range(number):
        name = _COMMON[at] if at < len(_COMMON) else f"d{at}"
        slow = 20.0 if name == "pdf" else 1.0
        found.append(
            Kind(
                name,
                1 / (at + 1) ** 1.1,
                10 ** chance.uniform(3, 7),
                slow * 10 ** chance.uniform(1, 2),
                at < len(_COMMON),
            )
        )
    return found


def records(
    files: int = FILES, days: int = DAYS, types: int = 40, first: datetime = MONTH
) -> Iterator[Item]:
    """Items of the table as plain values, in no order of time."""
    chance = random.Random(14)
    known = kinds(types)
    weights = [kind.weight for kind in known]
    for number in range(files):
        (kind,) = chance.choices(known, weights)
        yield _record(number, kind, days, first, chance)


def _record(number: int, kind: Kind, days: int, first: datetime, chance: random.Random) -> Item:
    uploaded = first + timedelta(days=chance.randrange(days), seconds=_second(kind, chance))
    partner = chance.choice(_PARTNERS)
    key = f"{partner}/{uploaded:%Y/%m/%d}/{number:06}.{kind.name}"
    item: Item = {
        "object_key": key,
        "upload_id": f"{0x6000000000000000 + number * 4096:016X}".ljust(32, "0"),
        "bucket": "intake-input",
        "version_id": f"v{number:08x}",
        "etag": f"{number:032x}",
        "file_name": f"{number:06}.{kind.name}",
        "file_type": kind.name,
        "size_bytes": round(kind.typical_bytes * chance.lognormvariate(0, 1.2)),
        "uploaded_at": iso(uploaded),
        "duration_ms": max(1, round(kind.typical_ms * chance.lognormvariate(0, 0.6))),
        "status": "PROCESSED",
        "attempt": 1,
        "owner": f"{number:08x}-0000-4000-8000-000000000000",
    }
    wait_ms = 400 * chance.lognormvariate(0, 0.7) + item["duration_ms"]
    luck = chance.random()
    broken = partner == "acme" and uploaded.day == BAD_MORNING and uploaded.hour in (8, 9)
    if luck < 0.015 or (broken and luck < 0.8):
        code = "CUT_OFF" if broken else chance.choice(_REFUSALS)
        item |= {"status": "QUARANTINED", "reason_code": code, "reason": "The file is broken."}
    elif luck < 0.02:
        # Failed, and accepted when it was tried again ten minutes later.
        item |= {"attempt": 2, "retries": 1}
        wait_ms += 600_000 * chance.uniform(1, 1.25)
    elif luck < 0.022:
        item |= {"status": "HELD", "reason_code": "AWS_ERROR", "reason": "S3 answered 503."}
    item["processed_at"] = iso(uploaded + timedelta(milliseconds=wait_ms))
    return item


def _second(kind: Kind, chance: random.Random) -> float:
    """Of the day: machines at all hours, people from eight to six, with a peak before noon."""
    if not kind.by_day:
        return chance.uniform(0, 86_400)
    hour = 8 + 10 * chance.betavariate(2, 3)
    return math.floor(hour * 3600) + chance.random()
