"""How much memory and time a reconciliation of a million keys takes.

    python -m benchmarks.reconcile_memory [KEYS] [--json]

Runs the judge over made-up streams of KEYS uploads, a tenth of them quarantined and a few wrong, in
the orders that S3 and DynamoDB give, and prints the peak memory of the whole process. Exits 1 when
that is more than 200 MB, or when the findings are not the ones that were planted.
"""

import hashlib
import json
import math
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from handler.model.rules import Rules
from handler.model.settings import Settings
from operate.audit.findings import Kind
from operate.audit.reconcile import Facts, Streams, compared
from operate.read.kept_events import Look
from operate.read.notified import Filter
from operate.read.sources import KeptEvent, Record, Version

MOST_MEGABYTES = 200
KEYS = 1_000_000
UPLOADED, PROCESSED, STARTED = 1_700_000_000.0, 1_700_000_001.0, 1_700_010_000.0

PLANTED = {
    1001: Kind.NO_FATE,
    2001: Kind.PROCESSED_FILE_MISSING,
    3010: Kind.COPY_MISSING,
    4010: Kind.STILL_IN_INPUT,
    5010: Kind.COPY_DIFFERS,
    6001: Kind.FILE_DIFFERS,
}
"""What is wrong with one upload in every 10,000; numbers that end in 10 are quarantined ones."""
PERIOD = 10_000


def key(number: int) -> str:
    return f"partners/intake/2026/03/{number:09}/measurements of the day.csv"


def version_id(number: int, bucket: str) -> str:
    return hashlib.blake2b(f"{bucket}{number}".encode(), digest_size=16).hexdigest()


def fault(number: int) -> Kind | None:
    return PLANTED.get(number % PERIOD)


def is_quarantined(number: int) -> bool:
    return number % 10 == 0


def in_input(keys: int) -> Iterator[Version]:
    for number in range(keys):
        if (is_quarantined(number) and fault(number) is not Kind.STILL_IN_INPUT) or (
            fault(number) is Kind.PROCESSED_FILE_MISSING
        ):
            continue
        size = number + (fault(number) is Kind.FILE_DIFFERS)
        yield Version(key(number), version_id(number, "input"), size, "0" * 32, UPLOADED)


def in_quarantine(keys: int) -> Iterator[Version]:
    for number in range(0, keys, 10):
        if fault(number) is not Kind.COPY_MISSING:
            size = number + (fault(number) is Kind.COPY_DIFFERS)
            yield Version(key(number), version_id(number, "quarantine"), size, "1" * 32, PROCESSED)


def in_table(keys: int) -> Iterator[Record]:
    # A scan goes by the hash of the key: a stride that has no factor in common visits all.
    stride = 618_033_989
    while math.gcd(stride, keys) > 1:
        stride += 1
    for step in range(keys):
        number = step * stride % keys
        if fault(number) is Kind.NO_FATE:
            continue
        moved = is_quarantined(number)
        yield Record(
            key(number),
            f"{number:032X}",
            version_id(number, "input"),
            "QUARANTINED" if moved else "PROCESSED",
            number,
            "0" * 32,
            f"s3://quarantine/{key(number)}" if moved else None,
            version_id(number, "quarantine") if moved else None,
            PROCESSED,
        )


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not `getrusage`: on Linux a process begins with the peak of the one that started it.
        lines = status.read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def main(keys: int, as_json: bool) -> int:
    settings = Settings(
        "benchmark",
        "stack",
        "input",
        "quarantine",
        "table",
        "arn",
        "arn",
        "none",
        Rules([], 0, None),
        None,
        None,
    )
    streams = Streams(
        in_input(keys), in_quarantine(keys), in_table(keys), iter([KeptEvent("", "")])
    )
    began = time.monotonic()
    with compared(
        Facts(settings, [Filter("", "")], table_created=0),
        streams,
        started=STARTED,
        grace_seconds=60,
        kept=Look(),
        upload_id_of=lambda key, version_id: None,
    ) as reconciliation:
        read = time.monotonic()
        found = Counter(finding.kind for finding in reconciliation.findings())
        counts = reconciliation.counts()
    judged = time.monotonic()
    megabytes = peak_megabytes()
    expected = Counter(kind for number in range(keys) if (kind := fault(number)) is not None)
    if found != expected:
        print(f"WRONG: expected {dict(expected)}, found {dict(found)}")
        return 1
    if as_json:
        # Of the processor: what else runs on the machine is not counted.
        seconds = round(time.process_time(), 2)
        print(json.dumps({"seconds": seconds, "megabytes": round(megabytes)}))
        return 0 if megabytes <= MOST_MEGABYTES else 1
    print(
        f"keys        {keys:,} ({counts['processed']:,} processed, "
        f"{counts['quarantined']:,} quarantined)"
    )
    print(f"read in     {read - began:.1f} s (making the streams included)")
    print(f"judged in   {judged - read:.1f} s, {sum(found.values()):,} findings")
    print(f"peak memory {megabytes:.0f} MB of at most {MOST_MEGABYTES}")
    return 0 if megabytes <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument != "--json"]
    sys.exit(main(int(numbers[0].replace(",", "")) if numbers else KEYS, "--json" in sys.argv))
