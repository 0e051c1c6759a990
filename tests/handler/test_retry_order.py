"""What a retry costs, in which order, and what a crash between its calls leaves."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest

from handler import Rejection
from handler.model.errors import Fault

from .test_retries import DELAYS, copes, fails
from .world import INPUT, QUARANTINE, Crash, Uploaded, World

CLAIM = "dynamodb.UpdateItem"
LOOK = ["s3.ListObjectVersions"]
ACCEPTED = [
    CLAIM,
    "s3.GetObject",
    *LOOK,
    "s3.HeadObject",
    "s3.CopyObject",
    "s3.HeadObject",
    *LOOK,
    "s3.HeadObject",
    "dynamodb.PutItem",
    "s3.DeleteObject",
    "sns.Publish",
]
"""Look, copy, check, look again, record, and only then remove the copy in quarantine."""
ACCEPTED_HELD = [CLAIM, "s3.GetObject", "dynamodb.PutItem", "sns.Publish"]
REJECTED = [CLAIM, "s3.GetObject", "dynamodb.PutItem", "s3.DeleteObject", *LOOK, "sns.Publish"]
FAILED = [
    CLAIM,
    "dynamodb.PutItem",
    "s3.DeleteObject",
    *LOOK,
    "scheduler.CreateSchedule",
    "sns.Publish",
]
FAILED_HELD = [
    CLAIM,
    "s3.HeadObject",
    "dynamodb.PutItem",
    "scheduler.CreateSchedule",
    "sns.Publish",
]
HELD_SET_ASIDE = [
    CLAIM,
    *LOOK,
    "s3.HeadObject",
    "s3.CopyObject",
    "s3.HeadObject",
    "dynamodb.PutItem",
    "s3.DeleteObject",
    "scheduler.CreateSchedule",
    "sns.Publish",
]


def rejects(file: object) -> None:
    with file.open() as stream:  # type: ignore[attr-defined]
        stream.read()
    raise Rejection("BAD", "It is bad.")


def retried(world: World, upload: Uploaded) -> None:
    world.retry(upload)


def failed(world: World, upload: Uploaded) -> None:
    world.rescue_retry(upload, cause="failed_process")


def interrupted(world: World, upload: Uploaded) -> None:
    world.rescue_retry(upload, cause="failed_aws")


class Way(NamedTuple):
    """From a fate to another by a retry."""

    name: str
    cause: str
    """Why it was set aside or held."""
    process: Callable[..., object]
    invoke: Callable[[World, Uploaded], None]
    calls: list[str]
    status: str


WAYS = [
    Way("accepted", "failed_process", copes, retried, ACCEPTED, "PROCESSED"),
    Way("accepted held", "failed_aws", copes, retried, ACCEPTED_HELD, "PROCESSED"),
    Way("rejected", "failed_process", rejects, retried, REJECTED, "QUARANTINED"),
    Way("failed", "failed_process", fails, failed, FAILED, "QUARANTINED"),
    Way("failed held", "failed_aws", fails, interrupted, FAILED_HELD, "HELD"),
    Way("held set aside", "failed_aws", fails, failed, HELD_SET_ASIDE, "QUARANTINED"),
]


class Point(NamedTuple):
    way: Way
    number: int
    after: bool

    def __str__(self) -> str:
        moment = "after" if self.after else "before"
        return f"{self.way.name}-{moment}-{self.number}-{self.way.calls[self.number]}"


POINTS = [
    Point(way, number, after)
    for way in WAYS
    for number in range(len(way.calls))
    for after in (False, True)
]


def waiting(world: World, way: Way) -> Uploaded:
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, way.cause)
    world.deploy(process=way.process)
    world.forget_calls()
    return upload


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_calls_of_a_retry_in_their_order(world: World, way: Way) -> None:
    way.invoke(world, waiting(world, way))
    assert world.called() == way.calls


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_crash_around_any_call_leaves_one_file_and_the_next_try_ends_right(
    world: World, point: Point
) -> None:
    upload = waiting(world, point.way)
    # A death inside of `process` looks like its failure.
    died = (Crash, Fault)
    with world.crashing_at(point.number, after=point.after), pytest.raises(died):
        point.way.invoke(world, upload)
    somewhere(world)
    world.deploy(process=point.way.process)

    point.way.invoke(world, upload)

    item = world.record(upload)
    assert item["status"] == point.way.status
    assert (item["retries"], item["attempt"]) == (1, 2)
    assert item["owner"] == item["retry_owner"], "the retry is over"
    assert len(item["history"]) == 1
    status = point.way.status
    there = [] if status == "QUARANTINED" else [item["version_id"]]
    assert world.versions(INPUT) == there
    aside = [item["location_version_id"]] if status == "QUARANTINED" else []
    assert world.versions(QUARANTINE) == aside
    assert status in world.told()[1:]
    assert ("retry_at" in item) is (point.way.invoke is not retried)
    numbers = {one["Name"].rpartition("-")[2] for one in world.schedules()}
    assert numbers == ({"0", "1"} if "retry_at" in item else {"0"})


@pytest.mark.parametrize("point", [p for p in POINTS if p.way.invoke is retried], ids=str)
def test_a_retry_that_dies_for_good_is_brought_to_an_end_by_the_rescuer(
    world: World, point: Point
) -> None:
    upload = waiting(world, point.way)
    with world.crashing_at(point.number, after=point.after), suppress(Crash, Fault):
        point.way.invoke(world, upload)
    world.deploy(process=point.way.process)

    world.rescue_retry(upload, cause="failed_aws")

    item = world.record(upload)
    assert item["owner"] == item["retry_owner"], "the retry is over"
    assert item["retries"] == 1
    somewhere(world)
    assert len(world.versions(INPUT) + world.versions(QUARANTINE)) == 1, "one file, in one place"
    assert item["status"] in world.told()[1:]


def somewhere(world: World) -> None:
    assert world.versions(INPUT) + world.versions(QUARANTINE), "the file is lost"
