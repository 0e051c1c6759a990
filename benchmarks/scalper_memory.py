"""How much memory and time `scalper list`, `status` and `release` take when a million files wait.

    python -m benchmarks.scalper_memory [FILES]

Runs each command's own code over a made-up table of FILES files that wait, in pages as DynamoDB
gives them, and prints the peak memory of a process for each. Exits 1 when one takes more than
200 MB, or does not meet every file once.
"""

import contextlib
import io
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from handler.aws.records import ATTENTION_SHARDS, typed_item
from handler.model.item import Status, iso
from operate.act.actions import Done, each
from operate.act.targets import Targets
from operate.commands import options
from operate.commands.acting import tell_and_count
from operate.commands.looking import write_json
from operate.read.deployment import Deployment
from operate.read.files import Selection, waiting
from operate.read.status import groups_of

MOST_MEGABYTES = 200
FILES = 1_000_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
STATUSES = (Status.HELD, Status.QUARANTINED)
REASONS = ("AWS_ERROR", "PROCESS_FAILED", "WRONG_TYPE", "NOT_STARTED")


def item(number: int) -> dict[str, Any]:
    """The record of a file; shard, status and time are all told by its number."""
    at = iso(datetime.fromtimestamp(FIRST + number, UTC))
    status = STATUSES[number // ATTENTION_SHARDS % 2]
    return typed_item(
        {
            "object_key": f"partners/intake/2026/03/{number:09}/measurements of the day.csv",
            "upload_id": f"{number:032X}",
            "attention_shard": f"{number % ATTENTION_SHARDS:02d}",
            "attention_at": f"{status}#{at}",
            "status": str(status),
            "reason_code": REASONS[number % len(REASONS)],
            "file_name": "measurements of the day.csv",
            "size_bytes": number,
            "bucket": "intake-input-1a2b3c4",
            "version_id": f"{number:032x}",
            "owner": f"{number:036x}",
            "attempt": 1,
        }
    )


class Table:
    """Answers the three questions that are asked of it, like DynamoDB."""

    def __init__(self, files: int) -> None:
        self._files = files

    def get_paginator(self, _: str) -> "Table":
        return self

    def paginate(
        self,
        *,
        ExpressionAttributeValues: dict[str, Any],  # noqa: N803
        PaginationConfig: dict[str, int],  # noqa: N803
        **_: Any,
    ) -> Iterator[Any]:
        shard = int(ExpressionAttributeValues[":shard"]["S"])
        status = STATUSES.index(Status(ExpressionAttributeValues[":first"]["S"].partition("#")[0]))
        numbers = range(shard + ATTENTION_SHARDS * status, self._files, 2 * ATTENTION_SHARDS)
        size = PaginationConfig["PageSize"]
        for start in range(0, len(numbers), size):
            yield {"Items": [item(number) for number in numbers[start : start + size]]}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((name, asked),) = RequestItems.items()
        numbers = [int(key["upload_id"]["S"], 16) for key in asked["Keys"]]
        return {"Responses": {name: [item(number) for number in numbers]}}


def made_up(files: int) -> Deployment:
    class Names:
        metadata_table = "table"

    class Clients:
        dynamodb = Table(files)

    class MadeUp:
        outputs, clients = Names(), Clients()

    return cast(Deployment, MadeUp())


def listing(files: int) -> int:
    with contextlib.redirect_stdout(Nowhere()):
        return write_json(waiting(made_up(files), Selection(), newest_first=False))


def status(files: int) -> int:
    groups = groups_of(made_up(files), datetime.now(UTC))
    return sum(group.files for group in groups)


def release(files: int) -> int:
    targets = Targets(selection=Selection())
    released: Counter[str] = Counter()

    def act(item: Any) -> Done:
        released[item["status"]] += 1
        return Done.to(item, "is tried again")

    with contextlib.redirect_stdout(Nowhere()):
        results = each(targets.records(made_up(files)), act, lambda: None)
        count, _ = tell_and_count(results, options.screen(), as_json=True)
    return count if count == released.total() else -1


class Nowhere(io.TextIOBase):
    """Takes everything and keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


def measured(command: Callable[[int], int], files: int) -> tuple[int, float, float]:
    """Files that were met, seconds and megabytes, of a process of its own."""
    began = time.monotonic()
    met = command(files)
    # Linux counts in KiB, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return met, time.monotonic() - began, megabytes


def main(files: int) -> int:
    wrong = 0
    for command in (listing, status, release):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            met, seconds, megabytes = pool.apply(measured, (command, files))
        print(
            f"{command.__name__:<8} {met:,} files in {seconds:.0f} s, peak memory "
            f"{megabytes:.0f} MB of at most {MOST_MEGABYTES}"
        )
        wrong += met != files or megabytes > MOST_MEGABYTES
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else FILES))
