"""Every fate, from a real upload to the record, the bytes and the alert."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Pipeline

QUIET_SECONDS = 3
"""Long enough for an alert too many to arrive."""


def test_an_accepted_file_stays_where_it_is_and_its_result_is_recorded(pipeline: Pipeline) -> None:
    fate = pipeline.fate_of(pipeline.drop("accepted.csv", b"a,b\n1,2\n3,4\n"))
    assert pipeline.problems_of(fate) == []
    assert pipeline.item_of(fate)["result"] == {"rows": 2, "columns": 2}


@pytest.mark.parametrize(
    ("key", "content", "reason_code"),
    [
        ("nothing.csv", b"", "EMPTY_FILE"),
        ("program.exe", b"MZ", "WRONG_TYPE"),
        ("corrupt.csv", b"a,b\n1,2\n1\n", "CORRUPT_CSV"),
        ("latin.csv", "a,ü\n".encode("latin-1"), "NOT_UTF8"),
        ("corrupt.json", b"{", "CORRUPT_JSON"),
    ],
)
def test_a_bad_file_ends_in_quarantine_with_its_reason(
    pipeline: Pipeline, key: str, content: bytes, reason_code: str
) -> None:
    fate = pipeline.fate_of(pipeline.drop(key, content, "QUARANTINED", reason_code))
    assert pipeline.problems_of(fate) == []


def test_a_file_that_ends_the_function_is_held_until_a_retry_proves_it(pipeline: Pipeline) -> None:
    fate = pipeline.fate_of(pipeline.drop("crash-demo.csv", b"a,b\n", "HELD", "FUNCTION_DIED"))
    assert pipeline.problems_of(fate) == []


def test_a_quarantined_copy_says_itself_why_it_is_there(pipeline: Pipeline) -> None:
    fate = pipeline.fate_of(pipeline.drop("why.exe", b"MZ", "QUARANTINED", "WRONG_TYPE"))
    item = pipeline.item_of(fate)
    copy = pipeline.cloud.s3.head_object(
        Bucket=pipeline.deployment.quarantine_bucket,
        Key="why.exe",
        VersionId=item["location_version_id"],
    )
    assert copy["Metadata"] == {
        "scalper-upload-id": item["upload_id"],
        "scalper-reason-code": "WRONG_TYPE",
    }


def test_a_corrected_upload_of_a_key_stands_beside_the_refused_one(pipeline: Pipeline) -> None:
    refused = pipeline.drop("again.csv", b"a,b\n1\n", "QUARANTINED", "CORRUPT_CSV")
    corrected = pipeline.drop("again.csv", b"a,b\n1,2\n")
    for fate in pipeline.fates_of([refused, corrected]):
        assert pipeline.problems_of(fate) == []


def test_a_file_of_many_parts_is_dealt_with_whole(pipeline: Pipeline) -> None:
    rows = 1_500_000
    large = pipeline.drop("large.csv", b"a,b\n" + b"1,2345678\n" * rows)
    fate = pipeline.fate_of(large)
    assert pipeline.problems_of(fate) == []
    assert pipeline.item_of(fate)["result"] == {"rows": rows, "columns": 2}


def test_a_file_that_never_got_its_turn_is_held_and_not_touched(pipeline: Pipeline) -> None:
    with pipeline.deaf_to_uploads():
        waiting = pipeline.drop("waiting.csv", fate="HELD", reason_code="EVENT_TOO_OLD")
    event = pipeline.creation_event(waiting)
    pipeline.invoke("rescuer_function", failure_record(event, condition="EventAgeExceeded"))
    fate = pipeline.fate_of(waiting)
    assert pipeline.problems_of(fate) == []
    assert "event" in pipeline.item_of(fate)


def test_a_held_file_that_is_tried_again_is_processed(pipeline: Pipeline) -> None:
    with pipeline.deaf_to_uploads():
        waiting = pipeline.drop("tried-again.csv", fate="HELD", reason_code="EVENT_TOO_OLD")
    event = pipeline.creation_event(waiting)
    pipeline.invoke("rescuer_function", failure_record(event, condition="EventAgeExceeded"))
    pipeline.fate_of(waiting)
    pipeline.invoke("processor_function", event)
    wait_until(lambda: statuses_told(pipeline, "tried-again.csv") == ["HELD", "PROCESSED"])
    item = pipeline.item_of(pipeline.fate_of(waiting))
    assert (item["status"], item["attempt"]) == ("PROCESSED", 2)


@pytest.mark.parametrize("key", ["vanished.exe", "vanished.csv"])
def test_a_file_deleted_before_it_could_be_read_or_moved_is_gone(
    pipeline: Pipeline, key: str
) -> None:
    with pipeline.deaf_to_uploads():
        missing = pipeline.drop(key, fate="GONE", reason_code="DELETED_BY_SOMEONE")
    bucket = pipeline.deployment.input_bucket
    pipeline.cloud.s3.delete_object(Bucket=bucket, Key=key, VersionId=missing.version_id)
    pipeline.invoke("processor_function", pipeline.creation_event(missing))
    assert pipeline.problems_of(pipeline.fate_of(missing)) == []


@pytest.mark.parametrize(("key", "status"), [("3x.csv", "PROCESSED"), ("3x.exe", "QUARANTINED")])
def test_an_event_that_comes_three_times_is_told_once(
    pipeline: Pipeline, key: str, status: str
) -> None:
    with pipeline.deaf_to_uploads():
        upload = pipeline.drop(key)
    for _ in range(3):
        pipeline.invoke("processor_function", pipeline.creation_event(upload))
    pipeline.fate_of(upload)
    time.sleep(QUIET_SECONDS)
    assert statuses_told(pipeline, key) == [status]


def test_ignored_files_and_folder_markers_leave_no_trace(pipeline: Pipeline) -> None:
    ignored = [pipeline.drop("half.tmp"), pipeline.drop("folder/", b"")]
    # What is uploaded later has its fate: the earlier ones had time for theirs.
    pipeline.fate_of(pipeline.drop("after-the-ignored.csv"))
    time.sleep(1)
    alerted = {alert.upload[0] for alert in pipeline.listener.listen()}
    assert alerted.isdisjoint({"half.tmp", "folder/"})
    for upload in ignored:
        answer = pipeline.cloud.dynamodb.query(
            TableName=pipeline.deployment.table,
            KeyConditionExpression="object_key = :key",
            ExpressionAttributeValues={":key": {"S": upload.sample.key}},
        )
        assert answer["Items"] == []


def test_an_event_that_nobody_can_place_is_kept(pipeline: Pipeline) -> None:
    pipeline.invoke("rescuer_function", {"requestPayload": {"foreign": "event"}})
    sqs = pipeline.cloud.sqs
    (queue,) = sqs.list_queues(QueueNamePrefix="intake-kept-events")["QueueUrls"]
    kept: list[str] = []

    def is_kept() -> bool:
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        kept.extend(message["Body"] for message in messages)
        return bool(kept)

    wait_until(is_kept)
    assert json.loads(kept[0])["requestPayload"] == {"requestPayload": {"foreign": "event"}}


def failure_record(event: dict[str, Any], *, condition: str) -> dict[str, Any]:
    """What Lambda sends to a failure destination when it gave up before a last try."""
    return {
        "version": "1.0",
        "timestamp": "2026-03-01T18:00:00.000Z",
        "requestContext": {
            "requestId": "11111111-2222-3333-4444-555555555555",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:processor:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 1,
        },
        "requestPayload": event,
    }


def statuses_told(pipeline: Pipeline, key: str) -> list[str]:
    heard = pipeline.listener.listen()
    return [alert.message["status"] for alert in heard if alert.upload[0] == key]


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "waited for 30 s"
        time.sleep(0.2)
