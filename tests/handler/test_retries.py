"""A file that was set aside or held is tried again, and stays one file whatever happens."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handler import processor
from handler.model.errors import Fault
from handler.model.retry_event import ABANDONED_SECONDS
from operate.audit.daily import GRACE_SECONDS

from .hostile import NAMES
from .world import (
    INPUT,
    KEPT_EVENTS_ARN,
    PROCESSOR_ARN,
    QUARANTINE,
    RETRIES,
    Context,
    Uploaded,
    World,
    retry_event,
)

DELAYS = "10,120"
DENIED: Any = ClientError(
    {
        "Error": {"Code": "AccessDeniedException"},
        "ResponseMetadata": {"HTTPStatusCode": 403},  # type: ignore[typeddict-item]
    },
    "CreateSchedule",
)


def fails(file: Any) -> None:
    raise KeyError("amount")


def copes(file: Any) -> dict[str, int]:
    with file.open() as stream:
        return {"bytes": len(stream.read())}


def announced(world: World, upload: Uploaded) -> Any:
    """The retry that the record says will come by itself."""
    event = retry_event(upload, 0)
    return {"Retry": event["Retry"] | {"announced": world.record(upload)["retry_at"]}}


@pytest.fixture
def aside(world: World) -> Uploaded:
    """An upload that `process` failed on every time; a mended `process` is deployed since."""
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, "failed_process")
    world.deploy(process=copes)
    return upload


def test_a_retry_that_succeeds_brings_the_file_back_as_one_file(
    world: World, aside: Uploaded
) -> None:
    before = world.record(aside)
    world.retry(aside)
    item = world.record(aside)
    assert (item["status"], item["attempt"], item["retries"]) == ("PROCESSED", 2, 1)
    assert item["result"] == {"bytes": 8}
    assert world.versions(INPUT) == [item["version_id"]] != [aside.version_id]
    assert item["location"] == f"s3://{INPUT}/in/orders.csv"
    assert world.versions(QUARANTINE) == []
    assert item["history"] == [
        {
            "attempt": 1,
            "at": before["processed_at"],
            "status": "QUARANTINED",
            "reason_code": "PROCESS_FAILED",
            "reason": "process raised KeyError: 'amount'",
        }
    ]
    assert not {"attention_shard", "retry_at", "parked", "reason"} & item.keys()
    assert world.told() == ["QUARANTINED", "PROCESSED"]

    world.run(world.restored(aside.key, item["version_id"]), "request-of-the-copy")
    assert len(world.items()) == 1, "what a retry restored is no second file"


def test_a_copied_file_whose_key_the_functions_may_not_use_is_accepted(world: World) -> None:
    upload = world.upload()
    asked = []
    # S3 wants kms:Decrypt of whoever asks for a checksum, and of nobody else.
    world.aws.hook("before-call.s3.HeadObject", lambda params, **_: asked.append(params["headers"]))
    world.run(world.restored(upload.key, upload.version_id))
    assert [item["status"] for item in world.items()] == ["PROCESSED"]
    assert [headers.get("x-amz-checksum-mode") for headers in asked] == [None]


def test_a_schedule_calls_the_processor_with_the_retry(world: World, aside: Uploaded) -> None:
    [schedule] = world.schedules()
    assert json.loads(schedule["Target"]["Input"]) == announced(world, aside)
    assert schedule["Target"]["Arn"] == PROCESSOR_ARN
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": KEPT_EVENTS_ARN}
    assert schedule["GroupName"] == RETRIES
    assert schedule["ActionAfterCompletion"] == "DELETE"
    at = world.record(aside)["retry_at"][:19]
    assert schedule["ScheduleExpression"] == f"at({at})"


def test_a_schedule_that_a_later_try_was_refused_is_called_off(
    world: World, aside: Uploaded
) -> None:
    """The rescuer had made it and died; its next try cannot know, and says that none will come."""
    [schedule] = world.schedules()
    with world.failing("scheduler.CreateSchedule", error=DENIED):
        world.rescue(aside, "failed_process")
    before = world.record(aside)
    assert before["parked"]
    processor.handler(json.loads(schedule["Target"]["Input"]), Context("by-the-schedule"))
    assert world.record(aside) == before
    world.retry(aside)
    assert world.status(aside) == "PROCESSED", "an operator may still try it again"


def test_retries_that_fail_are_counted_and_end_parked(world: World, aside: Uploaded) -> None:
    world.deploy(process=fails)
    for retries in range(3):
        request_id = f"retry-{retries}"
        with pytest.raises(Fault):
            world.retry(aside, retries, request_id)
        world.rescue_retry(aside, retries, request_id=request_id)
        item = world.record(aside)
        assert (item["retries"], item["attempt"]) == (retries + 1, retries + 2)
        assert item.get("parked", False) is (retries >= 1)
        assert ("retry_at" in item) is (retries < 1)
    assert len(world.schedules()) == 2
    assert [entry["attempt"] for entry in item["history"]] == [1, 2, 3]
    assert world.versions(INPUT) == []
    assert world.versions(QUARANTINE) == [item["location_version_id"]]


@pytest.mark.parametrize("cause", ["failed_process", "failed_aws"])
def test_a_file_that_somebody_discarded_during_its_retry_stays_discarded(
    world: World, cause: str
) -> None:
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, cause)
    with pytest.raises(Fault):
        world.retry(upload)
    world.change(upload, status="GONE", reason_code="DISCARDED")
    discarded = world.record(upload)
    world.rescue_retry(upload)
    world.deploy(process=copes)
    world.retry(upload)
    assert world.record(upload) == discarded
    assert world.told() == ["HELD" if cause == "failed_aws" else "QUARANTINED"]


@pytest.mark.parametrize("name", NAMES)
def test_a_schedule_names_the_upload_whatever_it_is_called(world: World, name: str) -> None:
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload(name)
    world.rescue(upload, "failed_aws")
    [schedule] = world.schedules()
    told = schedule["Target"]["Input"].replace("<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3")
    assert json.loads(told) == announced(world, upload)


def test_a_file_is_no_longer_parked_once_somebody_tries_it_again(world: World) -> None:
    world.deploy(process=fails, retries="10")
    upload = world.upload()
    world.rescue(upload, "failed_process")
    world.rescue_retry(upload)
    assert world.record(upload)["parked"] is True
    with pytest.raises(Fault):
        world.retry(upload, 1, "by-hand")
    assert "parked" not in world.record(upload)


def test_a_retry_waits_for_the_one_at_work_unless_that_one_died(
    world: World, aside: Uploaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(process=fails)
    with pytest.raises(Fault):
        world.retry(aside, 0, "retry-1")
    world.deploy(process=copes)
    world.retry(aside, 1, "by-hand")
    record = world.record(aside)
    assert (record["status"], record["retry_owner"]) == ("QUARANTINED", "retry-1")

    monkeypatch.setattr("handler.aws.claims.ABANDONED_SECONDS", -1)
    world.retry(aside, 1, "by-hand")
    record = world.record(aside)
    assert (record["status"], record["retry_owner"]) == ("PROCESSED", "by-hand")
    assert (record["retries"], record["attempt"]) == (2, 3)


@pytest.mark.parametrize("number", [0, 2, 7])
def test_a_retry_by_another_number_than_the_records_does_nothing(
    world: World, aside: Uploaded, number: int
) -> None:
    world.deploy(process=fails)
    with pytest.raises(Fault):
        world.retry(aside, 0, "retry-1")
    world.rescue_retry(aside, 0, request_id="retry-1")
    before = world.record(aside)
    world.deploy(process=copes)
    for owner in ("retry-1", "another"):
        if (number, owner) != (0, "retry-1"):
            world.forget_calls()
            world.retry(aside, number, owner)
            assert world.called() == ["dynamodb.UpdateItem"]
            assert world.record(aside) == before


@pytest.mark.parametrize("again", [False, True])
def test_a_retry_that_was_taken_for_dead_leaves_its_successors_file_alone(
    world: World, aside: Uploaded, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """Also where the successor is another try of the same retry."""
    successor, number = ("retry-1", 0) if again else ("successor", 1)
    monkeypatch.setattr("handler.aws.claims.ABANDONED_SECONDS", -1)
    overtaken: list[str] = []

    def overtake(**_: Any) -> None:
        if not overtaken:
            overtaken.extend(world.versions(INPUT))
            world.retry(aside, number, successor)

    # It has restored the file by then, and has not recorded it.
    world.aws.hook("before-call.dynamodb.PutItem", overtake)
    world.retry(aside, 0, "retry-1")
    item = world.record(aside)
    assert (item["status"], item["owner"], item["retries"]) == (
        "PROCESSED", successor, number + 1,
    )  # fmt: skip
    assert len(overtaken) == 1
    assert world.versions(INPUT) == [item["version_id"]]
    assert (overtaken == [item["version_id"]]) is again
    assert world.versions(QUARANTINE) == []
    # Whoever finishes what it recorded itself tells it again: better twice than never.
    assert world.told() == ["QUARANTINED", "PROCESSED", *(["PROCESSED"] if again else [])]


def test_the_event_of_a_restored_file_may_come_before_its_record(
    world: World, aside: Uploaded
) -> None:
    early: list[str] = []

    def tell(**_: Any) -> None:
        if not early:
            early.extend(world.versions(INPUT))
            world.run(world.restored(aside.key, early[0]), "request-of-the-copy")

    world.aws.hook("before-call.dynamodb.PutItem", tell)
    world.retry(aside)
    assert early == [world.record(aside)["version_id"]]
    assert len(world.items()) == 1, "what a retry restored is no second file"


def test_process_meets_the_upload_as_it_was_and_reads_it_from_quarantine(
    world: World, aside: Uploaded
) -> None:
    seen: list[Any] = []
    world.deploy(process=lambda file: seen.append((file, file.open().read())))
    world.retry(aside)
    [(file, content)] = seen
    assert (file.bucket, file.version_id) == (INPUT, aside.version_id)
    assert file.address == {
        "Bucket": QUARANTINE,
        "Key": aside.key,
        "VersionId": world.record(aside)["restored_from"],
    }
    assert content == b"a,b\n1,2\n"


def test_a_retry_is_not_abandoned_while_lambda_may_still_try_it() -> None:
    assert ABANDONED_SECONDS == GRACE_SECONDS == 7 * 60 * 60


# A function that dies.

MEMORY = "failed_out_of_memory"


def dies(file: Any) -> None:
    raise SystemError("in the place of an end without a word")


def dying(world: World, upload: Uploaded, tries: int = 3) -> None:
    """So many tries of a retry reach `process`, and none comes back."""
    for _ in range(tries):
        with pytest.raises(Fault):
            world.retry(upload)


def test_a_death_in_the_first_attempt_is_held_and_the_retry_proves_it(world: World) -> None:
    world.deploy(process=dies, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, MEMORY)
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "FUNCTION_DIED")
    assert "a retry will tell" in item["reason"]
    assert "retry_at" in item

    dying(world, upload)
    world.rescue_retry(upload, 0, MEMORY)
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("QUARANTINED", "PROCESS_OUT_OF_MEMORY")
    assert item["reason"] == "process was killed: out of memory."
    assert "tries_in_hand" not in item
    assert not world.is_in_input(upload)


@pytest.mark.parametrize("tries", [0, 1, 2])
def test_a_death_at_a_try_that_may_not_have_had_the_file_proves_nothing(
    world: World, tries: int
) -> None:
    world.deploy(process=dies, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, MEMORY)
    dying(world, upload, tries)
    world.rescue_retry(upload, 0, MEMORY)
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "FUNCTION_DIED")
    assert world.is_in_input(upload)


def test_code_that_dies_while_it_is_loaded_has_no_file_in_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim of a retry comes after it."""
    world.deploy(process=dies, retries=DELAYS)
    upload = world.upload()
    world.rescue(upload, MEMORY)
    world.deploy(entry="main.process")

    def load(entry: str) -> None:
        raise SystemError("in the place of an end without a word")

    monkeypatch.setattr("handler.user_code.load", load)
    dying(world, upload)
    assert "retry_owner" not in world.record(upload)
    world.rescue_retry(upload, 0, MEMORY)
    item = world.record(upload)
    assert (item["status"], item["retries"]) == ("HELD", 1)


def test_where_there_is_no_process_a_retry_counts_no_tries(world: World, aside: Uploaded) -> None:
    world.deploy(retries=DELAYS)
    with world.failing("sns.Publish", times=99), pytest.raises(Fault):
        world.retry(aside)
    assert "tries_in_hand" not in world.record(aside)
