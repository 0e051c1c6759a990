"""What each role must be able to do, each by name, done with the handler's own code."""

import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from handler import processor, user_code
from handler.aws import copies
from handler.aws.alerts import Alerts
from handler.aws.email_budget import EmailBudget
from handler.doors.s3_notification import parse
from handler.model.delivery import Delivery
from handler.model.errors import Code
from handler.model.item import Status
from handler.pipeline import Pipeline

from .conftest import Role

TAGS = [{"Key": "team", "Value": "data"}]
_numbers = itertools.count(1)


def an_accepted_file_is_recorded_and_told(role: Role) -> None:
    assert role.pipeline().fates.accept(upload(role, "a.csv")).status is Status.PROCESSED


def both_topics_take_what_is_published(role: Role) -> None:
    """The quiet one what nobody is e-mailed, the other what people must hear of."""
    pipeline = Pipeline({**role.environment, "SCALPER_EMAIL_ON": "none"}, role.clients)
    assert pipeline.fates.accept(upload(role, "a.csv")).status is Status.PROCESSED
    budget = EmailBudget(role.clients.dynamodb, pipeline.settings)
    alerts = Alerts(role.clients.sns, pipeline.settings, budget)
    alerts.tell_everybody("Least privilege", {"status": "A_TEST"}, "text")


def process_reads_the_exact_version(role: Role) -> None:
    pipeline = role.pipeline()
    delivery = upload(role, "a.csv")
    with user_code.file_in_s3(delivery.upload, lambda: pipeline.clients.s3).open() as stream:
        assert stream.read() == b"a,b\n1,2\n"


def a_refused_file_is_moved(role: Role) -> None:
    delivery = upload(role, "a.exe")
    assert processor.decide(role.pipeline(), delivery).status is Status.QUARANTINED
    # What S3 refuses to delete is noted and published, not raised.
    assert versions(role, "input_bucket", delivery) == [], "AccessDenied, as the log says"
    assert len(versions(role, "quarantine_bucket", delivery)) == 1


def a_refused_file_keeps_its_tags(role: Role) -> None:
    delivery = upload(role, "a.exe", tags=TAGS)
    processor.decide(role.pipeline(), delivery)
    assert tags_in_quarantine(role, delivery) == TAGS


def a_large_file_is_copied_in_parts(role: Role) -> None:
    """The emulator drops the tags that an upload in parts brings, so they are not looked at."""
    delivery = upload(role, "a.exe", tags=TAGS)
    with patch.object(copies, "ONE_CALL_BYTES", 1):
        processor.decide(role.pipeline(), delivery)
    assert len(versions(role, "quarantine_bucket", delivery)) == 1


def a_copy_in_parts_that_fails_leaves_nothing(role: Role) -> None:
    delivery, pipeline = upload(role, "a.exe"), role.pipeline()
    with (
        patch.object(copies, "ONE_CALL_BYTES", 1),
        patch.object(pipeline.clients.s3, "upload_part_copy", side_effect=InterruptedError),
    ):
        try:
            processor.decide(pipeline, delivery)
        except InterruptedError:
            answer = role.cloud.s3.list_multipart_uploads(
                Bucket=role.outputs["quarantine_bucket"], Prefix=delivery.upload.key
            )
            assert not answer.get("Uploads")
            return
    raise AssertionError("the copy did not fail")


def a_stray_copy_is_removed(role: Role) -> None:
    pipeline, delivery = role.pipeline(), upload(role, "a.csv")
    copy = role.cloud.s3.put_object(
        Bucket=role.outputs["quarantine_bucket"], Key=delivery.upload.key, Body=b""
    )
    pipeline.quarantine.remove(delivery.upload, copy["VersionId"])
    assert versions(role, "quarantine_bucket", delivery) == []


def a_deleted_file_is_told_from_a_forbidden_one(role: Role) -> None:
    delivery = upload(role, "a.exe")
    role.cloud.s3.delete_object(
        Bucket=role.outputs["input_bucket"],
        Key=delivery.upload.key,
        VersionId=str(delivery.upload.version_id),
    )
    assert processor.decide(role.pipeline(), delivery).status is Status.GONE


def a_deleted_copy_is_told_from_a_forbidden_one(role: Role) -> None:
    delivery = upload(role, "a.csv")
    assert not role.pipeline().quarantine.has(delivery.upload, str(delivery.upload.version_id))


def an_upload_that_is_held_again_is_counted(role: Role) -> None:
    fates, first = role.pipeline().fates, upload(role, "a.csv", rescuing=True)
    fates.hold(first, Code.AWS_ERROR, "No.")
    again = Delivery(first.upload, "another", first.started, rescuing=True)
    assert fates.hold(again, Code.AWS_ERROR, "No.").recorded is False


def what_a_retry_restored_in_vain_is_found(role: Role) -> None:
    delivery = upload(role, "a.csv")
    role.pipeline().restorer.remove(delivery.upload, delivery.owner, delivery.upload.uploaded_at)
    assert len(versions(role, "input_bucket", delivery)) == 1


def a_file_comes_back_from_quarantine(role: Role) -> None:
    delivery, copy = set_aside(role)
    restored = role.pipeline().restorer.restore(
        delivery.upload, copy, delivery.owner, delivery.upload.uploaded_at
    )
    assert restored is not None
    assert versions(role, "input_bucket", delivery) == [restored.version_id]


def a_large_file_comes_back_in_parts(role: Role) -> None:
    delivery, copy = set_aside(role)
    with patch.object(copies, "ONE_CALL_BYTES", 1):
        role.pipeline().restorer.restore(
            delivery.upload, copy, delivery.owner, delivery.upload.uploaded_at
        )
    assert len(versions(role, "input_bucket", delivery)) == 1


def a_return_in_parts_that_fails_leaves_nothing(role: Role) -> None:
    (delivery, copy), pipeline = set_aside(role), role.pipeline()
    with (
        patch.object(copies, "ONE_CALL_BYTES", 1),
        patch.object(pipeline.clients.s3, "upload_part_copy", side_effect=InterruptedError),
    ):
        try:
            pipeline.restorer.restore(
                delivery.upload, copy, delivery.owner, delivery.upload.uploaded_at
            )
        except InterruptedError:
            answer = role.cloud.s3.list_multipart_uploads(
                Bucket=role.outputs["input_bucket"], Prefix=delivery.upload.key
            )
            assert not answer.get("Uploads")
            return
    raise AssertionError("the copy did not fail")


def a_retry_is_scheduled(role: Role) -> None:
    key = f"{role.name}/{next(_numbers)}"
    item = {"object_key": key, "upload_id": "0", "retry_at": "2099-01-01T00:00:00.000Z"}
    role.pipeline().schedules.make(item)


def the_rescuer_is_called(role: Role) -> None:
    """As Lambda does with the processor's role when it gives up."""
    role.clients.lambda_.invoke(
        FunctionName=role.outputs["rescuer_function"],
        InvocationType="Event",
        Payload=json.dumps({"requestPayload": {"Event": "s3:TestEvent"}, "requestContext": {}}),
    )


def an_event_is_kept(role: Role) -> None:
    """As Lambda does with the rescuer's role when it gives up."""
    role.clients.sqs.send_message(QueueUrl=role.kept_events_url, MessageBody="{}")


Expectation = Callable[[Role], None]

BOTH: list[Expectation] = [
    an_accepted_file_is_recorded_and_told,
    both_topics_take_what_is_published,
    process_reads_the_exact_version,
    a_refused_file_is_moved,
    a_refused_file_keeps_its_tags,
    a_large_file_is_copied_in_parts,
    a_copy_in_parts_that_fails_leaves_nothing,
    a_stray_copy_is_removed,
    a_deleted_file_is_told_from_a_forbidden_one,
    a_deleted_copy_is_told_from_a_forbidden_one,
    an_upload_that_is_held_again_is_counted,
    what_a_retry_restored_in_vain_is_found,
]
RESTORING: list[Expectation] = [
    a_file_comes_back_from_quarantine,
    a_large_file_comes_back_in_parts,
    a_return_in_parts_that_fails_leaves_nothing,
]
EXPECTATIONS: dict[str, list[Expectation]] = {
    "processor": [*BOTH, *RESTORING, the_rescuer_is_called],
    "rescuer": [*BOTH, an_event_is_kept],
}


def upload(
    role: Role, name: str, *, tags: list[dict[str, str]] | None = None, rescuing: bool = False
) -> Delivery:
    """A file in the input bucket that S3 tells nobody of, and the event it would have sent."""
    number = next(_numbers)
    key, body = f"{role.name}/{number}/{name}", b"a,b\n1,2\n"
    tagging = "&".join(f"{tag['Key']}={tag['Value']}" for tag in tags or [])
    answer = role.cloud.s3.put_object(
        Bucket=role.outputs["input_bucket"], Key=key, Body=body, Tagging=tagging
    )
    record: dict[str, Any] = {
        "eventSource": "aws:s3",
        "eventTime": datetime.now(UTC).isoformat(),
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": role.outputs["input_bucket"]},
            "object": {
                "key": key,
                "size": len(body),
                "eTag": answer["ETag"].strip('"'),
                "versionId": answer["VersionId"],
                "sequencer": f"{number:016X}",
            },
        },
    }
    parsed = parse(record, role.outputs["input_bucket"])
    return Delivery(parsed, f"owner-{number}", time.monotonic(), rescuing)


def set_aside(role: Role) -> tuple[Delivery, str]:
    """A file in quarantine, and the version id of its copy there."""
    delivery = upload(role, "a.exe")
    processor.decide(role.pipeline(), delivery)
    (copy,) = versions(role, "quarantine_bucket", delivery)
    return delivery, copy


def versions(role: Role, bucket: str, delivery: Delivery) -> list[str]:
    answer = role.cloud.s3.list_object_versions(
        Bucket=role.outputs[bucket], Prefix=delivery.upload.key
    )
    return [it["VersionId"] for it in answer.get("Versions", [])]


def tags_in_quarantine(role: Role, delivery: Delivery) -> Any:
    (version_id,) = versions(role, "quarantine_bucket", delivery)
    return role.cloud.s3.get_object_tagging(
        Bucket=role.outputs["quarantine_bucket"], Key=delivery.upload.key, VersionId=version_id
    )["TagSet"]
