"""How many AWS calls a file costs, in which order, and what a crash between them leaves."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from handler import Rejection
from handler.model.errors import Fault

from .world import INPUT, QUARANTINE, Crash, Uploaded, World

ACCEPTED = ["dynamodb.PutItem", "sns.Publish"]
EMAILED = ["dynamodb.PutItem", "dynamodb.UpdateItem", "sns.Publish"]
SET_ASIDE = [
    "s3.ListObjectVersions",
    "s3.HeadObject",
    "s3.CopyObject",
    "s3.HeadObject",
    "dynamodb.PutItem",
    "s3.DeleteObject",
    "sns.Publish",
]
RESCUED = ["dynamodb.UpdateItem", *SET_ASIDE]
"""The rescuer looks first whether HELD stands: no copy is made that no record may name."""
HELD = ["s3.HeadObject", "dynamodb.PutItem", "sns.Publish"]
READ = ["s3.GetObject", "dynamodb.PutItem", "sns.Publish"]


def accepting(world: World) -> None:
    world.deploy()


def reading(world: World) -> None:
    world.deploy(process=lambda file: len(file.open().read()))


def rejecting(world: World) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]})


def rejecting_after_reading(world: World) -> None:
    def process(file: object) -> None:
        raise Rejection("BAD", "It is bad.")

    world.deploy(process=process)


def run(world: World, upload: Uploaded, request_id: str = "request-1") -> None:
    world.run(upload, request_id=request_id)


def set_aside(world: World, upload: Uploaded, request_id: str = "request-1") -> None:
    world.rescue(upload, "failed_process", request_id=request_id)


def hold(world: World, upload: Uploaded, request_id: str = "request-1") -> None:
    world.rescue(upload, "failed_aws", request_id=request_id)


def test_an_accepted_file_costs_two_calls_and_none_to_s3(world: World) -> None:
    world.run(world.upload())
    assert world.called() == ACCEPTED


def test_an_emailed_file_costs_three_calls(world: World) -> None:
    world.deploy(email_on="all")
    world.run(world.upload())
    # A new instance does not know yet which day the places were last asked for.
    assert world.called() == [*EMAILED[:2], *EMAILED[1:]]
    world.run(world.upload("in/b.csv"))
    assert world.called()[4:] == EMAILED


def test_a_process_that_opens_nothing_costs_no_call_to_s3(world: World) -> None:
    world.deploy(process=lambda file: {"key": file.key, "size": file.size_bytes})
    world.run(world.upload())
    assert world.called() == ACCEPTED


def test_a_file_that_is_read_costs_one_call_more(world: World) -> None:
    reading(world)
    world.run(world.upload())
    assert world.called() == READ


def test_a_rejected_file_is_copied_checked_recorded_deleted_and_told_in_this_order(
    world: World,
) -> None:
    rejecting(world)
    world.run(world.upload())
    assert world.called() == SET_ASIDE


def test_an_ignored_key_costs_nothing(world: World) -> None:
    world.deploy(rules={"ignore_patterns": ["*.tmp"]})
    world.run(world.upload("in/part.tmp"))
    world.run(world.upload("in/folder/", body=b""))
    assert world.called() == []
    assert world.items() == []


class Point(NamedTuple):
    """One AWS call of one way to a fate, before or after it takes effect."""

    status: str
    deploy: Callable[[World], None]
    invoke: Callable[..., None]
    call: str
    number: int
    after: bool

    def __str__(self) -> str:
        moment = "after" if self.after else "before"
        return f"{self.deploy.__name__}-{self.invoke.__name__}-{moment}-{self.number}-{self.call}"


WAYS: list[tuple[str, Callable[[World], None], Callable[..., None], list[str]]] = [
    ("PROCESSED", accepting, run, ACCEPTED),
    ("PROCESSED", reading, run, READ),
    ("QUARANTINED", rejecting, run, SET_ASIDE),
    ("QUARANTINED", reading, set_aside, RESCUED),
    ("HELD", reading, hold, HELD),
]
POINTS = [
    Point(status, deploy, invoke, call, index, after)
    for status, deploy, invoke, calls in WAYS
    for index, call in enumerate(calls)
    for after in (False, True)
]


def died(point: Point) -> tuple[type[BaseException], ...]:
    """A dead instance raises nothing; here, a death inside of `process` looks like its failure."""
    return (Fault,) if point.call == "s3.GetObject" else (Crash,)


def check(world: World, upload: Uploaded, status: str) -> None:
    item = world.record(upload)
    assert item["status"] == status
    assert world.is_in_input(upload) is (status != "QUARANTINED")
    copies = [item["location_version_id"]] if status == "QUARANTINED" else []
    assert world.versions(QUARANTINE) == copies, "one copy, the recorded one, and no strays"
    assert set(world.told()) == {status}


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_crash_around_any_call_leaves_the_file_somewhere_and_a_retry_ends_right(
    world: World, point: Point
) -> None:
    upload = world.upload()
    point.deploy(world)
    with world.crashing_at(point.number, after=point.after), pytest.raises(died(point)):
        point.invoke(world, upload)
    assert world.is_in_input(upload) or world.versions(QUARANTINE), "the bytes are never nowhere"
    told_before = len(world.told())

    point.deploy(world)
    point.invoke(world, upload)

    check(world, upload, point.status)
    # Only a crash after the alert repeats it; none is ever lost.
    assert len(world.told()) == told_before + 1


@pytest.mark.parametrize("point", POINTS[::4], ids=str)
def test_a_crash_of_one_delivery_does_not_stop_another_from_ending_right(
    world: World, point: Point
) -> None:
    upload = world.upload()
    point.deploy(world)
    with world.crashing_at(point.number, after=point.after), pytest.raises(died(point)):
        point.invoke(world, upload)

    point.invoke(world, upload, request_id="request-2")
    point.invoke(world, upload)

    check(world, upload, point.status)


@pytest.mark.parametrize("index", range(len(SET_ASIDE)))
@pytest.mark.parametrize("after", [False, True])
def test_an_outage_at_any_call_of_all_three_tries_ends_in_a_named_fate_with_the_bytes_kept(
    world: World, index: int, after: bool
) -> None:
    """The processor fails three times at one call; the rescuer works again."""
    call = SET_ASIDE[index]
    upload = world.upload()
    rejecting(world)
    with world.failing(call, times=99, after=after):
        for _ in range(3):
            with suppress(Fault):
                world.run(upload)
    world.rescue(upload, "failed_aws")

    item = world.record(upload)
    # A copy whose answer was lost is found, and then needs no CopyObject.
    recorded = index > SET_ASIDE.index("dynamodb.PutItem") or (
        after and call in ("dynamodb.PutItem", "s3.CopyObject")
    )
    assert item["status"] == ("QUARANTINED" if recorded else "HELD")
    assert world.is_in_input(upload) is not recorded
    if recorded:
        assert world.versions(QUARANTINE) == [item["location_version_id"]]
    assert item["status"] in world.told()


def test_a_lost_answer_to_the_record_is_found_and_told(world: World) -> None:
    """botocore sends PutItem again when no answer comes; the second finds the first."""
    upload = world.upload()
    with world.failing("dynamodb.PutItem", after=True), pytest.raises(Fault):
        world.run(upload)
    assert world.told() == []
    world.run(upload)
    assert world.told() == ["PROCESSED"]


def test_the_input_version_stays_when_the_record_cannot_be_written(world: World) -> None:
    upload = world.upload()
    rejecting(world)
    with world.failing("dynamodb.PutItem", times=9), pytest.raises(Fault):
        world.run(upload)
    assert world.is_in_input(upload)
    assert world.told() == []


def test_nothing_is_told_before_it_is_done(world: World) -> None:
    upload = world.upload()
    rejecting(world)
    with world.failing("s3.DeleteObject"), pytest.raises(Fault):
        world.run(upload)
    assert world.told() == []
    assert world.is_in_input(upload)
    world.run(upload)
    assert world.told() == ["QUARANTINED"]
    assert world.versions(INPUT) == []


def test_a_newer_upload_of_the_key_survives_the_rejection_of_an_older_one(world: World) -> None:
    old = world.upload(body=b"old")
    new = world.upload(body=b"new")
    rejecting(world)
    world.run(old)
    assert world.versions(INPUT) == [new.version_id]
    assert world.quarantined()["Body"].read() == b"old"


def test_only_versions_are_deleted_never_keys(world: World) -> None:
    rejecting(world)
    upload = world.upload()
    world.run(upload)
    [delete] = [call for call in world.calls if call.operation == "DeleteObject"]
    assert delete.request == {
        "Bucket": INPUT,
        "Key": upload.key,
        "VersionId": upload.version_id,
    }
