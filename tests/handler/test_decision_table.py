"""The decision table of docs/design.md, cell by cell: old record, its owner, action, source."""

import time
from typing import NamedTuple

import pytest

from handler import File, Rejection
from handler.doors.s3_notification import parse
from handler.model.delivery import Delivery
from handler.model.errors import Fault

from .world import INPUT, QUARANTINE, Uploaded, World

ME, OTHER = "request-1", "request-0"
ACTIONS = ("accepting", "reading", "rejecting", "setting aside", "holding")
"""`reading` accepts what it could open; the last two are the rescuer's."""

# What stands after each action, by its first letter. `!` an alert was sent, `.` none; `<` the input
# version stays although the record says QUARANTINED: the owner is still about to delete it.
SOURCE_THERE = {
    # old, owner:            accepting      reading        rejecting      setting aside  holding
    ("none", OTHER):         ("P!",          "P!",          "Q!",          "Q!",          "H!"),
    ("PROCESSED", ME):       ("P!",          "P!",          "P!",          "P!",          "P!"),
    ("PROCESSED", OTHER):    ("P.",          "P.",          "P.",          "P.",          "P."),
    ("QUARANTINED", ME):     ("Q!",          "Q!",          "Q!",          "Q!",          "Q!"),
    ("QUARANTINED", OTHER):  ("Q.<",         "Q.<",         "Q.",          "Q.",          "Q.<"),
    ("HELD", ME):            ("P!",          "P!",          "Q!",          "H!",          "H!"),
    ("HELD", OTHER):         ("P!",          "P!",          "Q!",          "H.",          "H."),
    ("GONE", ME):            ("G!",          "G!",          "G!",          "G!",          "G!"),
    ("GONE", OTHER):         ("G.",          "G.",          "G.",          "G.",          "G."),
}  # fmt: skip
SOURCE_MISSING = {
    # Nothing is opened when nothing asks for it: an accepted file may be gone by then.
    ("none", OTHER):         ("P!",          "G!",          "G!",          "G!",          "G!"),
    ("PROCESSED", ME):       ("P!",          "P!",          "P!",          "P!",          "P!"),
    ("PROCESSED", OTHER):    ("P.",          "P.",          "P.",          "P.",          "P."),
    ("QUARANTINED", ME):     ("Q!",          "Q!",          "Q!",          "Q!",          "Q!"),
    ("QUARANTINED", OTHER):  ("Q.",          "Q.",          "Q.",          "Q.",          "Q."),
    ("HELD", ME):            ("P!",          "G!",          "G!",          "G!",          "G!"),
    ("HELD", OTHER):         ("P!",          "G!",          "G!",          "G!",          "G!"),
    ("GONE", ME):            ("G!",          "G!",          "G!",          "G!",          "G!"),
    ("GONE", OTHER):         ("G.",          "G.",          "G.",          "G.",          "G."),
}  # fmt: skip


class Cell(NamedTuple):
    old: str
    owner: str
    action: str
    there: bool
    code: str

    def __str__(self) -> str:
        source = "there" if self.there else "missing"
        return f"{self.old}-{self.owner}-{self.action}-{source}-{self.code}"

    @property
    def status(self) -> str:
        words = ("PROCESSED", "QUARANTINED", "HELD", "GONE")
        return next(word for word in words if word[0] == self.code[0])


CELLS = [
    Cell(old, owner, action, there, code)
    for there, table in ((True, SOURCE_THERE), (False, SOURCE_MISSING))
    for (old, owner), row in table.items()
    for action, code in zip(ACTIONS, row, strict=True)
]


def leave(world: World, upload: Uploaded, old: str, owner: str) -> None:
    """Bring the table to where an invocation of `owner` that died before telling left it."""
    fates = world.pipeline.fates
    delivery = Delivery(parse(upload.record, INPUT), owner, time.monotonic())
    with world.failing("sns.Publish", times=9), world.failing("s3.DeleteObject", times=9):
        try:
            match old:
                case "PROCESSED":
                    fates.accept(delivery)
                case "QUARANTINED":
                    fates.reject(delivery, "BAD", "It was bad before.")
                case "HELD":
                    fates.hold(delivery, "AWS_ERROR", "AWS failed before.")
                case "GONE":
                    fates.mark_gone(delivery)
        except Fault:
            pass


def act(world: World, upload: Uploaded, action: str, request_id: str = ME) -> None:
    match action:
        case "accepting":
            world.deploy()
            world.run(upload, request_id)
        case "reading":
            world.deploy(process=lambda file: len(file.open().read()))
            world.run(upload, request_id)
        case "rejecting":
            world.deploy(rules={"accepted_types": ["pdf"]})
            world.run(upload, request_id)
        case "setting aside":
            world.deploy(process=lambda file: None)
            world.rescue(upload, "failed_process", request_id)
        case "holding":
            world.deploy(process=lambda file: None)
            world.rescue(upload, "failed_aws", request_id)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_cell_of_the_table(world: World, cell: Cell) -> None:
    upload = world.upload()
    leave(world, upload, cell.old, cell.owner)
    before = world.item(upload)
    copies_before = world.versions(QUARANTINE)
    if not cell.there:
        world.delete_input(upload)
    assert world.told() == []

    act(world, upload, cell.action)

    status = cell.status
    item = world.record(upload)
    assert item["status"] == status
    assert world.told() == ([status] if "!" in cell.code else [])
    stays = cell.there and (status != "QUARANTINED" or "<" in cell.code)
    assert world.is_in_input(upload) is stays
    copies = world.versions(QUARANTINE)
    assert copies == ([item["location_version_id"]] if status == "QUARANTINED" else [])
    if cell.old == "QUARANTINED":
        assert copies == copies_before, "the copy that was recorded is the one that is kept"
    if before and before["status"] == status:
        counted = status == "HELD" and cell.owner == OTHER
        assert item["attempt"] == before["attempt"] + counted
        assert item["processed_at"] == before["processed_at"], "the first record stands"
    elif before:
        assert item["attempt"] == 2, "what replaces a held record counts on"


@pytest.mark.parametrize("cell", CELLS[::5], ids=str)
def test_a_second_delivery_changes_nothing_and_tells_nobody(world: World, cell: Cell) -> None:
    upload = world.upload()
    leave(world, upload, cell.old, cell.owner)
    if not cell.there:
        world.delete_input(upload)
    act(world, upload, cell.action)
    item, told = world.record(upload), world.told()

    act(world, upload, cell.action, request_id="request-2")

    again = world.record(upload)
    changing = {"attempt", "counted_by"} if item["status"] == "HELD" else set()
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in item.items() if k not in changing
    }
    assert world.told() == told


def test_a_key_uploaded_again_has_a_record_of_its_own_and_each_its_fate(world: World) -> None:
    world.deploy(process=reject_short_files)
    bad, good = world.upload(body=b"x"), world.upload(body=b"long enough")
    world.run(good, "request-2")
    world.run(bad, "request-1")
    assert world.status(bad) == "QUARANTINED"
    assert world.status(good) == "PROCESSED"
    assert bad.upload_id < good.upload_id
    assert world.versions(INPUT) == [good.version_id], "the newer upload stays"


def reject_short_files(file: File) -> None:
    if file.size_bytes < 3:
        raise Rejection("TOO_SHORT", "It is too short.")


def test_a_crash_of_the_rescuer_is_told_about_although_a_duplicate_was_counted_meanwhile(
    world: World,
) -> None:
    upload = world.upload()
    with world.failing("sns.Publish", times=9), pytest.raises(Fault):
        world.rescue(upload, "failed_aws", "request-1")
    world.rescue(upload, "failed_aws", "request-2")
    world.rescue(upload, "failed_aws", "request-1")
    assert world.told() == ["HELD"]


def test_a_retry_of_the_rescuer_is_counted_once(world: World) -> None:
    upload = world.upload()
    world.rescue(upload, "failed_aws", "request-1")
    world.rescue(upload, "failed_aws", "request-2")
    world.rescue(upload, "failed_aws", "request-2")
    assert world.record(upload)["attempt"] == 2


def test_an_alert_names_the_copy_that_there_is_when_the_recorded_one_was_lost(
    world: World,
) -> None:
    upload = world.upload()
    leave(world, upload, "QUARANTINED", ME)
    lost = world.record(upload)["location_version_id"]
    world.delete_copy(upload.key, lost)

    act(world, upload, "rejecting")

    [copy] = world.versions(QUARANTINE)
    assert world.record(upload)["location_version_id"] == copy != lost
    [alert] = world.alerts()
    assert alert.message["location_version_id"] == copy
    assert not world.is_in_input(upload)


def test_a_late_duplicate_does_not_wake_what_a_person_has_dealt_with(world: World) -> None:
    upload = world.upload()
    act(world, upload, "rejecting")
    world.delete_copy(upload.key, world.record(upload)["location_version_id"])
    for action in ACTIONS:
        act(world, upload, action, request_id="request-2")
        act(world, upload, action, request_id=ME)
    assert world.status(upload) == "QUARANTINED"
    assert world.versions(INPUT) == world.versions(QUARANTINE) == []


def test_a_held_record_that_vanishes_while_it_is_replaced_is_a_fault_and_is_tried_again(
    world: World,
) -> None:
    upload = world.upload()
    leave(world, upload, "HELD", OTHER)
    world.removing_the_record_before_its_second_write(upload)
    with pytest.raises(Fault):
        world.run(upload)
    world.run(upload)
    assert world.status(upload) == "PROCESSED"
    assert world.told() == ["PROCESSED"]
