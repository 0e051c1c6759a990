"""An old file that comes back never hides a newer upload of its key, and is no second file."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from handler.model.errors import Code, Fault

from .test_retries import DELAYS, copes, fails
from .world import INPUT, QUARANTINE, Uploaded, World


def set_aside(world: World, body: bytes = b"a,b\n1,2\n", request_id: str = "request-1") -> Uploaded:
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload(body=body)
    world.rescue(upload, "failed_process", request_id)
    world.deploy(process=copes)
    return upload


def newest(world: World) -> str:
    return world.versions(INPUT)[0]


def test_a_newer_upload_stays_the_newest_and_the_old_file_stays_in_quarantine(
    world: World,
) -> None:
    old = set_aside(world)
    new = world.upload(body=b"newer\n")
    world.forget_calls()
    world.retry(old)
    assert "s3.CopyObject" not in world.called(), "nor is it hidden for a moment"
    item = world.record(old)
    assert item["status"] == "PROCESSED"
    assert item["location"] == f"s3://{QUARANTINE}/in/orders.csv"
    assert world.versions(QUARANTINE) == [item["location_version_id"]]
    assert world.versions(INPUT) == [new.version_id]


def test_an_older_upload_is_hidden_as_it_was_before(world: World) -> None:
    older = world.upload(body=b"older\n")
    world.age(older)
    upload = set_aside(world)
    world.retry(upload)
    assert newest(world) == world.record(upload)["version_id"] != older.version_id


def test_an_upload_that_comes_between_look_and_copy_is_not_hidden(world: World) -> None:
    old = set_aside(world)
    new: list[Uploaded] = []

    def overtake(**_: Any) -> None:
        if not new:
            new.append(world.upload(body=b"newer\n"))

    world.aws.hook("before-parameter-build.s3.CopyObject", overtake)
    world.retry(old)
    assert newest(world) == new[0].version_id
    assert world.record(old)["location"].startswith(f"s3://{QUARANTINE}/")


def test_a_newer_upload_with_the_etag_of_the_older_one_is_not_hidden(world: World) -> None:
    """The condition cannot tell them apart, so it is looked at again."""
    older = world.upload(body=b"as ever\n")
    world.age(older)
    old = set_aside(world)
    new: list[Uploaded] = []

    def overtake(**_: Any) -> None:
        if not new:
            new.append(world.upload(body=b"as ever\n"))

    world.aws.hook("before-parameter-build.s3.CopyObject", overtake)
    world.retry(old)
    assert newest(world) == new[0].version_id
    assert world.record(old)["location"].startswith(f"s3://{QUARANTINE}/")


def test_two_uploads_of_a_key_come_back_in_any_order_with_the_newer_one_on_top(
    world: World,
) -> None:
    first, second = set_aside(world), set_aside(world, b"second\n", "request-2")
    world.retry(first, request_id="retry-a")
    world.retry(second, request_id="retry-b")
    assert newest(world) == world.record(second)["version_id"]
    assert world.versions(QUARANTINE) == []


def test_the_newer_one_stays_on_top_when_it_came_back_first(world: World) -> None:
    first, second = set_aside(world), set_aside(world, b"second\n", "request-2")
    world.retry(second, request_id="retry-b")
    world.retry(first, request_id="retry-a")
    assert world.versions(INPUT) == [world.record(second)["version_id"]]
    assert world.record(first)["location"].startswith(f"s3://{QUARANTINE}/")


def test_a_copy_that_a_user_makes_of_a_restored_file_is_an_upload_like_any_other(
    world: World,
) -> None:
    upload = set_aside(world)
    world.retry(upload)
    restored = world.record(upload)["version_id"]
    copied = world.copy_in_input(upload.key, restored)
    world.run(world.restored(upload.key, copied), "request-of-the-user")
    assert len(world.items()) == 2


def test_an_ordinary_copy_pays_one_look_and_an_upload_none(world: World) -> None:
    upload = world.upload()
    event = world.restored(upload.key, upload.version_id)
    world.forget_calls()
    world.run(event)
    assert world.called() == ["s3.HeadObject", "dynamodb.PutItem", "sns.Publish"]


def test_what_a_try_restored_in_vain_is_removed_when_the_next_one_fails(world: World) -> None:
    upload = set_aside(world)
    with world.failing("dynamodb.PutItem", times=9), pytest.raises(Fault):
        world.retry(upload)
    assert len(world.versions(INPUT)) == 1, "restored, and not recorded"
    world.rescue_retry(upload, cause="failed_aws")
    assert world.versions(INPUT) == []
    assert world.status(upload) == "QUARANTINED"


def test_a_copy_that_is_gone_is_gone(world: World) -> None:
    upload = set_aside(world)
    world.delete_copy(upload.key, world.record(upload)["location_version_id"])
    world.deploy()
    world.retry(upload)
    assert world.status(upload) == "GONE"
    assert world.versions(INPUT) == []


def test_a_key_that_is_written_all_the_time_is_a_fault_and_not_a_loop(world: World) -> None:
    old = set_aside(world)
    refusal: Any = {
        "Error": {"Code": "PreconditionFailed"},
        "ResponseMetadata": {"HTTPStatusCode": 412},
    }
    with (
        world.failing("s3.CopyObject", times=99, error=ClientError(refusal, "CopyObject")),
        pytest.raises(Fault) as fault,
    ):
        world.retry(old)
    assert fault.value.code is Code.AWS_ERROR
    assert "again and again" in str(fault.value)


@pytest.mark.parametrize("with_process", [True, False])
def test_a_restored_file_that_was_removed_again_is_never_accepted(
    world: World, with_process: bool
) -> None:
    upload = set_aside(world)
    with world.failing("dynamodb.PutItem", times=9), pytest.raises(Fault):
        world.retry(upload)
    event = world.restored(upload.key, newest(world))
    world.rescue_retry(upload, cause="failed_aws")
    world.deploy(process=copes if with_process else None)
    world.run(event, "late")
    assert "PROCESSED" not in {item["status"] for item in world.items()}


def test_a_copied_file_that_s3_lets_nobody_look_at_is_held(world: World) -> None:
    world.deploy(process=copes, retries=DELAYS)
    upload = world.upload()
    upload.record["eventName"] = "ObjectCreated:Copy"
    refusal: Any = {"Error": {"Code": "400"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    refused = ClientError(refusal, "HeadObject")
    with world.failing("s3.HeadObject", times=99, error=refused):
        with pytest.raises(Fault):
            world.run(upload)
        world.rescue(upload, "failed_aws")
    assert world.status(upload) == "HELD"
    assert world.told() == ["HELD"]


def test_the_record_has_the_etag_of_what_was_restored(world: World) -> None:
    """Whose parts are others than those of the upload."""
    upload = set_aside(world)
    world.change(upload, etag="0123456789abcdef0123456789abcdef-2")
    event = world.record(upload)
    world.retry(upload)
    item = world.record(upload)
    [record] = world.restored(upload.key, item["version_id"])["Records"]
    assert item["etag"] == record["s3"]["object"]["eTag"] != event["etag"]


def test_an_upload_that_brings_our_metadata_along_is_newer_all_the_same(world: World) -> None:
    old = set_aside(world)
    forged = {"scalper-upload-id": old.upload_id, "scalper-restored-by": "retry-0"}
    new = world.upload(body=b"newer\n", Metadata=forged)
    world.retry(old)
    assert newest(world) == new.version_id
    assert world.record(old)["location"].startswith(f"s3://{QUARANTINE}/")


def test_a_busy_key_is_not_looked_at_upload_by_upload(world: World) -> None:
    old = set_aside(world)
    for number in range(20):
        world.age(world.upload(body=b"%d" % number), 3_600 - number)
    world.change(old, uploaded_at="2020-01-01T00:00:00.000Z")
    world.forget_calls()
    world.retry(old)
    assert world.called().count("s3.HeadObject") == 1
    assert world.record(old)["location"].startswith(f"s3://{QUARANTINE}/")


def test_a_retry_that_takes_over_removes_what_the_abandoned_one_restored(world: World) -> None:
    upload = set_aside(world)
    with world.failing("dynamodb.PutItem", times=9), pytest.raises(Fault):
        world.retry(upload)
    world.change(upload, claimed_at="2020-01-01T00:00:00.000Z")
    world.retry(upload, 1, "retry-2")
    item = world.record(upload)
    assert item["status"] == "PROCESSED"
    assert world.versions(INPUT) == [item["version_id"]]
    assert item["location"].startswith(f"s3://{INPUT}/")
    assert world.versions(QUARANTINE) == []
