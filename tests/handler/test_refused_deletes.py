"""S3 refuses for good to delete what was to be deleted: told once, truthfully, and repaired."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from handler.model.errors import Fault

from .test_retries import DELAYS, copes, fails
from .test_retry_order import rejects
from .world import INPUT, QUARANTINE, Uploaded, World

WHY = "S3 DeleteObject answered AccessDenied: Access Denied"
"""By a legal hold, Object Lock, or a policy of the organisation."""


@contextmanager
def keeping(world: World, *buckets: str) -> Iterator[None]:
    """Within the block, S3 refuses to delete any version in these buckets."""
    refusal = ClientError(
        {
            "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
            "ResponseMetadata": {"HTTPStatusCode": 403},  # type: ignore[typeddict-item]
        },
        "DeleteObject",
    )

    def refuse(params: dict[str, object], **_: object) -> None:
        if any(bucket in str(params["url"]) for bucket in buckets):
            raise refusal

    with world.hooked("before-call.s3.DeleteObject", refuse):
        yield


def in_input(upload: Uploaded) -> dict[str, str]:
    return {"bucket": INPUT, "version_id": upload.version_id, "reason": WHY}


def rejecting(world: World, upload: Uploaded) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]}, email_on="all")
    world.run(upload)


def set_aside_by_the_rescuer(world: World, upload: Uploaded) -> None:
    world.deploy(process=fails, email_on="all")
    world.rescue(upload, "failed_process")


@pytest.mark.parametrize("way", [rejecting, set_aside_by_the_rescuer])
def test_a_file_that_may_not_leave_the_input_bucket_is_told_of_once_and_where_it_is(
    world: World, way: Callable[[World, Uploaded], None]
) -> None:
    upload = world.upload()
    with keeping(world, INPUT):
        way(world, upload)

    record = world.record(upload)
    assert record["status"] == "QUARANTINED"
    assert record["undeleted"] == [in_input(upload)]
    assert world.is_in_input(upload)
    assert world.versions(QUARANTINE) == [record["location_version_id"]]
    [alert] = world.alerts()
    assert alert.message["undeleted"] == [in_input(upload)]
    assert alert.email is not None
    assert f"And in:    the input bucket, {INPUT}, because S3 refuses to delete it" in alert.email
    assert WHY in alert.email
    assert "legal hold" in alert.email


def test_a_second_delivery_of_it_tells_nobody_and_leaves_one_copy(world: World) -> None:
    upload = world.upload()
    with keeping(world, INPUT, QUARANTINE):
        rejecting(world, upload)
        before = world.record(upload)
        world.run(upload, "request-2")
        world.rescue(upload, "failed_process", "request-3")
    assert world.record(upload) == before
    assert world.told() == ["QUARANTINED"]
    assert world.versions(QUARANTINE) == [before["location_version_id"]]


def test_a_try_that_dies_before_it_tells_is_followed_by_one_that_tells_the_truth(
    world: World,
) -> None:
    upload = world.upload()
    with keeping(world, INPUT), world.failing("sns.Publish", times=9), pytest.raises(Fault):
        rejecting(world, upload)
    assert world.record(upload)["undeleted"] == [in_input(upload)]

    rejecting(world, upload)

    assert not world.is_in_input(upload)
    assert "undeleted" not in world.record(upload)
    [alert] = world.alerts()
    assert "undeleted" not in alert.message


def test_what_was_gone_already_is_not_said_to_be_there(world: World) -> None:
    upload = world.upload()
    with world.failing("sns.Publish", times=9), pytest.raises(Fault):
        rejecting(world, upload)
    with keeping(world, INPUT):
        rejecting(world, upload)
    assert "undeleted" not in world.record(upload)
    assert not world.is_in_input(upload)


def waiting(world: World) -> Uploaded:
    world.deploy(process=fails, retries=DELAYS, email_on="all")
    upload = world.upload()
    world.rescue(upload, "failed_process")
    world.clear_budget()
    return upload


def test_a_copy_that_may_not_leave_quarantine_is_told_of_once_when_a_retry_is_accepted(
    world: World,
) -> None:
    upload = waiting(world)
    aside = world.record(upload)["location_version_id"]
    world.deploy(process=copes, email_on="all")
    with keeping(world, QUARANTINE):
        world.retry(upload)

    record = world.record(upload)
    assert record["status"] == "PROCESSED"
    left = {"bucket": QUARANTINE, "version_id": aside, "reason": WHY}
    assert record["undeleted"] == [left]
    assert world.versions(INPUT) == [record["version_id"]]
    assert world.versions(QUARANTINE) == [aside]
    alert = world.alerts()[-1]
    assert world.told() == ["QUARANTINED", "PROCESSED"]
    assert alert.message["undeleted"] == [left]
    assert alert.email is not None
    assert f"And in:    quarantine, {QUARANTINE}, because S3 refuses" in alert.email


def test_the_next_retry_deletes_what_s3_would_not_delete_before(world: World) -> None:
    upload = world.upload()
    with keeping(world, INPUT):
        set_aside_by_the_rescuer(world, upload)
    world.deploy(process=rejects, email_on="all")

    world.retry(upload)

    assert "undeleted" not in world.record(upload)
    assert not world.is_in_input(upload)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_file_that_is_accepted_at_last_leaves_no_version_that_no_record_names(
    world: World, is_kept: bool
) -> None:
    upload = world.upload()
    with keeping(world, INPUT):
        set_aside_by_the_rescuer(world, upload)
    world.deploy(process=copes, email_on="all")
    with keeping(world, *([INPUT] if is_kept else [])):
        world.retry(upload)

    record = world.record(upload)
    assert record["status"] == "PROCESSED"
    left = [one["version_id"] for one in record.get("undeleted", [])]
    assert left == ([upload.version_id] if is_kept else [])
    assert sorted(world.versions(INPUT)) == sorted([record["version_id"], *left])
    assert world.versions(QUARANTINE) == []
    assert world.alerts()[-1].message.get("undeleted") == record.get("undeleted")


def test_what_an_abandoned_retry_restored_is_told_of_by_the_one_that_follows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = waiting(world)
    world.deploy(process=copes, email_on="all")
    with world.failing("dynamodb.PutItem", times=9), pytest.raises(Fault):
        world.retry(upload, 0, "retry-1")
    [restored] = world.versions(INPUT)
    monkeypatch.setattr("handler.aws.claims.ABANDONED_SECONDS", -1)

    with keeping(world, INPUT):
        world.retry(upload, 1, "by-hand")

    record = world.record(upload)
    assert record["status"] == "PROCESSED"
    left = {"bucket": INPUT, "version_id": restored, "reason": WHY}
    assert record["undeleted"] == [left]
    assert world.alerts()[-1].message["undeleted"] == [left]
    assert world.versions(QUARANTINE) == []
    assert set(world.versions(INPUT)) == {restored, record["version_id"]}
