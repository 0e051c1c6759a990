"""The decision table of retries, cell by cell: what stood, what becomes of the retry, the source.

Its rows are the last two of the table in docs/design.md.
"""

from typing import Any, NamedTuple

import pytest

from handler.model.errors import Fault

from .test_retries import DELAYS, copes, fails
from .test_retry_order import rejects
from .world import INPUT, QUARANTINE, Uploaded, World

ENDS = ("accepting", "rejecting", "failing", "rescued: process", "rescued: AWS")
"""`failing` is a try that Lambda repeats; the last two are the rescuer's, by what it is told."""

# Where the file is afterwards: `I` input bucket, `A` aside in quarantine, `-` nowhere. `!` an alert
# was sent, `.` none. `~` the retry is still in progress, `+` another one is scheduled.
TABLE = {
    # what stood, its file: accepting    rejecting    failing      process       AWS
    ("HELD", "there"):        ("P I!",     "Q A!",      "H I.~",     "Q A!+",      "H I!+"),
    ("HELD", "missing"):      ("G -!",     "G -!",      "G -!",      "G -!",       "G -!"),
    ("QUARANTINED", "there"): ("P I!",     "Q A!",      "Q A.~",     "Q A!+",      "Q A!+"),
    # The rescuer does not read the file, so it does not see that there is none.
    ("QUARANTINED", "missing"): ("G -!",   "G -!",      "G -!",      "Q -!+",      "Q -!+"),
    # Nothing is to be tried again, so nothing is done.
    ("PROCESSED", "there"):   ("P I.",     "P I.",      "P I.",      "P I.",       "P I."),
    ("GONE", "missing"):      ("G -.",     "G -.",      "G -.",      "G -.",       "G -."),
}  # fmt: skip


class Cell(NamedTuple):
    old: str
    source: str
    end: str
    code: str

    def __str__(self) -> str:
        return f"{self.old}-{self.source}-{self.end}"


CELLS = [
    Cell(old, source, end, code)
    for (old, source), row in TABLE.items()
    for end, code in zip(ENDS, row, strict=True)
]


def reads_and_fails(file: Any) -> None:
    copes(file)
    fails(file)


def left(world: World, cell: Cell) -> Uploaded:
    """An upload with that record, whose file is there or not."""
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload()
    match cell.old:
        case "HELD":
            world.rescue(upload, "failed_aws")
        case "QUARANTINED":
            world.rescue(upload, "failed_process")
        case "PROCESSED":
            world.deploy(process=copes)
            world.run(upload)
        case "GONE":
            world.delete_input(upload)
            world.rescue(upload, "failed_process")
    if cell.source == "missing":
        if cell.old == "HELD":
            world.delete_input(upload)
        elif cell.old == "QUARANTINED":
            world.delete_copy(upload.key, world.record(upload)["location_version_id"])
    assert world.status(upload) == cell.old
    return upload


def act(world: World, upload: Uploaded, end: str) -> None:
    match end:
        case "accepting":
            world.deploy(process=copes)
            world.retry(upload)
        case "rejecting":
            world.deploy(process=rejects)
            world.retry(upload)
        case "failing":
            world.deploy(process=reads_and_fails)
            try:
                world.retry(upload)
            except Fault:
                assert world.record(upload)["retry_owner"] == "retry-1"
        case "rescued: process":
            world.rescue_retry(upload, cause="failed_process")
        case "rescued: AWS":
            world.rescue_retry(upload, cause="failed_aws")


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_cell(world: World, cell: Cell) -> None:
    upload = left(world, cell)
    before, told = world.record(upload), len(world.told())
    scheduled = {one["Name"] for one in world.schedules()}

    act(world, upload, cell.end)

    item = world.record(upload)
    where = ("I" if world.versions(INPUT) else "") + ("A" if world.versions(QUARANTINE) else "")
    alerts = world.told()[told:]
    in_progress = item.get("retry_owner", item["owner"]) != item["owner"]
    more = {one["Name"] for one in world.schedules()} - scheduled
    code = f"{item['status'][0]} {where or '-'}{'!' if alerts else '.'}"
    assert code + "~" * in_progress + "+" * len(more) == cell.code
    assert alerts in ([], [item["status"]])
    if cell.old in ("PROCESSED", "GONE"):
        assert item == before, "what is over stays as it is"
        return
    assert (item["retries"], item["attempt"]) == (1, 2)
    assert ("retry_at" in item) is bool(more)
    if not in_progress:
        assert [(it["attempt"], it["status"]) for it in item["history"]] == [(1, cell.old)]
