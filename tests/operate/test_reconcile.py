"""Each kind of finding is produced once, and what only looks like one is not reported."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.aws.quarantine import Quarantine
from handler.aws.records import typed_item
from handler.model.item import iso
from operate.audit.findings import EXPLAINED, Kind
from operate.read import sources
from operate.read.errors import OperateError

from .conftest import TOPIC, World

HOUR = 60 * 60


def test_a_deployment_where_every_file_has_its_fate_is_accounted_for(world: World) -> None:
    world.accept("a.csv")
    world.accept("a.csv", b"again")
    world.reject("b.exe")
    world.hold("c.csv")
    world.mark_gone("d.csv")
    assert world.findings() == []
    assert world.counts() == {"processed": 2, "quarantined": 1, "held": 1, "gone": 1}


def test_an_upload_without_a_record_has_no_fate(world: World) -> None:
    world.accept("a.csv")
    lost = world.upload("a.csv", b"newer")
    (finding,) = world.findings()
    assert (finding.kind, finding.about, finding.version_id) == (
        Kind.NO_FATE, "a.csv", lost.version_id,
    )  # fmt: skip


def test_an_old_version_without_a_record_is_not_covered_by_a_newer_one(world: World) -> None:
    lost = world.upload("a.csv")
    world.accept("a.csv", b"newer")
    (finding,) = world.findings()
    assert (finding.kind, finding.version_id) == (Kind.NO_FATE, lost.version_id)


def test_an_upload_within_the_grace_is_in_flight(world: World) -> None:
    world.upload("a.csv")
    assert world.findings(grace_seconds=60) == []
    assert world.counts(grace_seconds=60) == {"in_flight": 1}


def test_a_removed_accepted_file_is_missed(world: World) -> None:
    upload = world.accept("a.csv")
    world.remove("input", "a.csv", upload.version_id)
    assert world.kinds() == ["processed-file-missing"]


def test_a_delete_marker_removes_nothing_and_is_no_file(world: World) -> None:
    world.accept("a.csv")
    world.s3.delete_object(Bucket="input", Key="a.csv")
    assert world.findings() == []


def test_a_removed_held_file_is_missed(world: World) -> None:
    upload = world.hold("a.csv")
    world.remove("input", "a.csv", upload.version_id)
    assert world.kinds() == ["held-file-missing"]


def test_a_removed_copy_is_missed(world: World) -> None:
    upload = world.reject("a.exe")
    copy = world.item(upload)["location_version_id"]["S"]
    world.remove("quarantine", "a.exe", copy)
    (finding,) = world.findings()
    assert finding.kind == Kind.COPY_MISSING
    assert copy in finding.detail


def test_a_copy_recorded_in_another_place_is_missed(world: World) -> None:
    upload = world.reject("a.exe")
    world.change(upload, location={"S": "s3://elsewhere/a.exe"})
    assert world.kinds() == ["copy-missing"]


def test_a_copy_of_another_size_is_told(world: World) -> None:
    upload = world.reject("a.exe")
    world.change(upload, size_bytes={"N": "8"})
    (finding,) = world.findings()
    assert finding.kind == Kind.COPY_DIFFERS
    assert finding.detail == "the copy has 7 bytes, the file had 8"


@pytest.mark.parametrize("change", [{"size_bytes": {"N": "8"}}, {"etag": {"S": "0" * 32}}])
def test_a_file_that_differs_from_its_record_is_told(world: World, change: Any) -> None:
    upload = world.accept("a.csv")
    world.change(upload, **change)
    assert world.kinds() == ["file-differs"]


def test_a_quarantined_file_that_was_left_in_the_input_bucket_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload("a.exe")
    monkeypatch.setattr(upload.pipeline.quarantine, "delete_input", lambda upload: None)
    upload.pipeline.fates.reject(upload.delivery, "WRONG_TYPE", "No.")
    assert world.kinds() == ["still-in-input"]


def test_what_s3_refused_to_delete_is_told_as_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload("a.exe")
    monkeypatch.setattr(upload.pipeline.quarantine, "delete_input", lambda upload: None)
    upload.pipeline.fates.reject(upload.delivery, "WRONG_TYPE", "No.")
    one = {"bucket": "input", "version_id": upload.version_id, "reason": "it is locked"}
    world.change(upload, **typed_item({"undeleted": [one]}))
    [finding] = world.findings()
    assert finding.kind == "undeleted"
    assert (finding.about, finding.version_id) == ("a.exe", upload.version_id)
    assert finding.detail == "in input: it is locked"


def test_a_file_recorded_as_gone_that_is_there_is_told(world: World) -> None:
    upload = world.upload("a.csv")
    upload.pipeline.fates.mark_gone(upload.delivery)
    assert world.kinds() == ["gone-but-there"]


def test_a_copy_of_an_accepted_file_is_told_as_such(world: World) -> None:
    upload = world.upload("a.csv")
    upload.pipeline.quarantine.copy_of(upload.delivery.upload, "WRONG_TYPE")
    upload.pipeline.fates.accept(upload.delivery)
    assert world.kinds() == ["processed-but-quarantined"]


def test_a_copy_that_no_record_names_is_told(world: World) -> None:
    world.s3.put_object(Bucket="quarantine", Key="a.csv", Body=b"")
    assert world.kinds() == ["stray-copy"]


def test_a_second_copy_of_a_quarantined_file_is_told(world: World) -> None:
    upload = world.reject("a.csv")
    head = world.s3.head_object(Bucket="quarantine", Key="a.csv")
    world.s3.put_object(
        Bucket="quarantine", Key="a.csv", Body=b"content", Metadata=head["Metadata"]
    )
    (finding,) = world.findings()
    assert finding.kind == Kind.STRAY_COPY
    assert finding.upload_id == upload.delivery.upload.upload_id
    assert finding.detail == "says it is of an upload that is QUARANTINED"


def test_a_copy_within_the_grace_may_yet_get_its_record(world: World) -> None:
    upload = world.upload("a.csv")
    upload.pipeline.quarantine.copy_of(upload.delivery.upload, "WRONG_TYPE")
    assert world.findings(grace_seconds=60) == []


def test_two_records_of_one_version_are_told(world: World) -> None:
    upload = world.accept("a.csv")
    world.change(upload, upload_id={"S": "F" * 32})
    assert world.kinds() == ["two-records"]


@pytest.mark.parametrize(
    "change", [{"status": {"S": "PARKED"}}, {"status": None}, {"processed_at": None}]
)
def test_a_record_of_unknown_making_is_told(world: World, change: Any) -> None:
    upload = world.accept("a.csv")
    world.change(upload, **change)
    assert world.kinds() == ["unknown-record"]


def test_the_counters_of_the_email_budget_are_no_records(world: World) -> None:
    world.accept("a.csv")
    items = world.dynamodb.scan(TableName="records")["Items"]
    assert len(items) > 1
    assert world.findings() == []


def test_a_file_that_a_retry_restored_is_well(world: World) -> None:
    upload = world.accept_again("a.csv")
    assert world.item(upload)["restored_from"]["S"]
    # A copy of what was uploaded in parts, or is encrypted, has another ETag than its upload had.
    world.change(upload, etag={"S": f"{'0' * 32}-2"})
    assert world.findings() == []
    assert world.counts() == {"processed": 1}
    world.change(upload, size_bytes={"N": "8"})
    assert world.kinds() == ["file-differs"]


def test_a_restored_file_that_was_removed_is_missed(world: World) -> None:
    upload = world.accept_again("a.csv")
    world.remove("input", "a.csv", world.item(upload)["version_id"]["S"])
    assert world.kinds() == ["processed-file-missing"]


def test_an_accepted_file_that_stayed_in_quarantine_is_well(world: World) -> None:
    upload = world.accept_again("a.csv", newer=b"newer")
    assert world.item(upload)["location"]["S"] == "s3://quarantine/a.csv"
    assert world.findings() == []
    assert world.counts() == {"processed": 2}


def test_an_accepted_file_that_is_gone_from_quarantine_is_missed(world: World) -> None:
    upload = world.accept_again("a.csv", newer=b"newer")
    copy = world.item(upload)["location_version_id"]["S"]
    world.change(upload, size_bytes={"N": "8"})
    assert world.kinds() == ["copy-differs"]
    world.remove("quarantine", "a.csv", copy)
    assert world.kinds() == ["copy-missing"]


def test_a_copy_that_a_dying_retry_left_behind_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quarantine, "remove", lambda *_: None)
    world.accept_again("a.csv")
    assert world.kinds() == ["processed-but-quarantined"]


@pytest.mark.parametrize("status", ["QUARANTINED", "HELD"])
def test_a_retry_that_did_not_come_is_told_with_the_time_that_it_was_due(
    world: World, status: str
) -> None:
    set_aside = world.reject if status == "QUARANTINED" else world.hold
    upload = set_aside("a.csv", "PROCESS_FAILED")
    world.change(upload, retry_at={"S": ago(2 * HOUR - 60)})
    assert world.findings() == []
    world.change(upload, retry_at={"S": ago(2 * HOUR + 60)})
    assert world.findings(grace_seconds=7 * HOUR) == []
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.RETRY_OVERDUE, "a.csv")
    assert finding.upload_id == upload.delivery.upload.upload_id
    due = world.item(upload)["retry_at"]["S"][:19].replace("T", " ")
    assert finding.detail == f"it was due {due} UTC"
    assert "scalper retry FILE" in EXPLAINED[finding.kind].do


def test_a_retry_that_never_ended_is_told_with_the_time_that_it_began(world: World) -> None:
    upload = world.rejected_again("a.csv")
    assert world.findings() == []
    world.change(upload, claimed_at={"S": ago(7 * HOUR + 60)})
    assert world.findings(grace_seconds=8 * HOUR) == []
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.RETRY_UNFINISHED, "a.csv")
    began = world.item(upload)["claimed_at"]["S"][:19].replace("T", " ")
    assert finding.detail == f"it began {began} UTC"
    assert "scalper retry FILE" in EXPLAINED[finding.kind].do


def test_a_retry_that_ended_long_ago_is_no_finding(world: World) -> None:
    upload = world.accept_again("a.csv")
    world.change(upload, claimed_at={"S": ago(7 * HOUR + 60)})
    assert world.findings() == []


@pytest.mark.parametrize("sender", ["AWS:AROAEXAMPLE:processor", "arn:x:assumed-role/r:processor"])
def test_what_process_puts_into_its_own_bucket_is_found_before_it_loops_for_long(
    world: World, sender: str
) -> None:
    upload = world.accept("a.csv")
    world.change(upload, sender={"S": sender})
    assert [(it.kind, it.about) for it in world.findings()] == [(Kind.WRITTEN_BY_PROCESS, "a.csv")]
    assert "Let process write elsewhere" in EXPLAINED[Kind.WRITTEN_BY_PROCESS].do


@pytest.mark.parametrize(
    "sender",
    [
        "AWS:AROAEXAMPLE:another-processor",
        "AWS:AROAEXAMPLE:processor2",
        "123456789012",
        "processor",
    ],
)
def test_what_anybody_else_puts_there_is_an_upload_like_any_other(
    world: World, sender: str
) -> None:
    world.change(world.accept("a.csv"), sender={"S": sender})
    assert world.findings() == []


def test_a_loop_that_was_mended_is_told_of_for_two_days(world: World) -> None:
    upload = world.accept("a.csv")
    world.change(upload, sender={"S": "AWS:A:processor"}, processed_at={"S": ago(47 * HOUR)})
    assert world.kinds() == ["written-by-process"]
    world.change(upload, processed_at={"S": ago(49 * HOUR)})
    assert world.findings() == []


def test_a_bucket_that_notifies_nobody_is_told(world: World) -> None:
    world.notify()
    assert world.kinds() == ["not-notified"]


def test_a_bucket_that_notifies_another_function_only_is_told(world: World) -> None:
    world.notify(("", ""), function="rescuer")
    assert world.kinds() == ["not-notified"]


def test_what_s3_does_not_tell_of_is_counted_as_outside_the_prefix_and_suffix(world: World) -> None:
    world.notify(("in/", ".csv"))
    world.upload("out/a.csv")
    world.upload("in/a.txt")
    lost = world.upload("in/a.csv")
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.NO_FATE, lost.key)
    world.tell_rules(ignore_patterns=["*.tmp"])
    world.upload("in/a.tmp.csv.tmp.csv")
    world.upload("out/folder/", b"")
    counts = world.counts(60)
    assert (counts["outside_prefix_or_suffix"], counts.get("passed_over", 0)) == (3, 0)


def test_ignored_keys_and_folder_markers_are_passed_over(world: World) -> None:
    world.tell_rules(ignore_patterns=["*.tmp"])
    world.upload("a.tmp")
    world.upload("folder/", b"")
    assert world.findings() == []
    assert world.counts() == {"passed_over": 2}
    world.upload("folder/", b"not empty, so a file")
    assert world.kinds() == ["no-fate"]


@pytest.mark.parametrize("wrapped", [1, 2])
def test_an_upload_whose_event_is_kept_is_not_lost(world: World, wrapped: int) -> None:
    upload = world.upload("a.csv")
    event: Any = {"Records": [upload.record]}
    for _ in range(wrapped):
        event = {"requestContext": {}, "requestPayload": event}
    world.keep_event(event)
    assert world.findings() == []
    assert world.counts() == {"event_kept": 1, "kept_messages": 1}


def test_kept_events_can_be_looked_at_again_and_again(world: World) -> None:
    for number in range(25):
        upload = world.upload(f"{number}.csv")
        world.keep_event({"requestPayload": {"Records": [upload.record]}})
    for _ in range(3):
        assert world.counts() == {"event_kept": 25, "kept_messages": 25}


@pytest.mark.parametrize(
    "body", ["text", [], {}, {"Records": 1}, {"Records": [{}]}, {"requestPayload": None}]
)
def test_a_kept_message_that_is_no_event_is_counted_and_explains_nothing(
    world: World, body: Any
) -> None:
    world.upload("a.csv")
    world.keep_event(body)
    assert world.kinds() == ["no-fate"]
    assert world.counts()["kept_messages_unreadable"] == 1


def test_a_queue_whose_messages_would_move_is_not_looked_into(world: World) -> None:
    other = world.sqs.create_queue(QueueName="other")["QueueUrl"]
    arn = world.sqs.get_queue_attributes(QueueUrl=other, AttributeNames=["QueueArn"])
    policy = f'{{"deadLetterTargetArn": "{arn["Attributes"]["QueueArn"]}", "maxReceiveCount": 1}}'
    kept = world.sqs.get_queue_url(QueueName="kept-events")["QueueUrl"]
    world.sqs.set_queue_attributes(QueueUrl=kept, Attributes={"RedrivePolicy": policy})
    with pytest.raises(OperateError, match="redrive policy"):
        world.findings()


@pytest.mark.parametrize("called", [False, True])
def test_a_retry_that_no_schedule_could_deliver_is_kept_and_readable(
    world: World, called: bool
) -> None:
    event = {"Retry": {"object_key": "a.csv", "upload_id": "F" * 32, "retries": 0}}
    world.keep_event({"Payload": json.dumps(event)} if called else event)
    assert world.findings() == []
    assert world.counts() == {"kept_messages": 1}


def test_what_is_older_than_the_pipeline_has_no_fate_to_have(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("old.csv")
    later = datetime.now(UTC) + timedelta(seconds=5)
    monkeypatch.setattr(sources, "table_created", lambda deployment: later.timestamp())
    assert world.findings() == []
    assert world.counts() == {"before_the_pipeline": 1}


def test_a_restored_table_does_not_excuse_what_came_before_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.accept("first.csv")
    old = (datetime.now(UTC) - timedelta(days=9)).isoformat()
    world.change(first, processed_at={"S": old})
    world.upload("lost.csv")
    later = datetime.now(UTC) + timedelta(seconds=5)
    monkeypatch.setattr(sources, "table_created", lambda deployment: later.timestamp())
    assert world.kinds() == ["no-fate"]


def test_files_whose_retention_is_over_are_not_missed(world: World) -> None:
    for bucket in ("input", "quarantine"):
        world.s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "retention",
                        "Status": "Enabled",
                        "Filter": {},
                        "Expiration": {"Days": 30},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                    }
                ]
            },
        )
    accepted, rejected, held = world.accept("a.csv"), world.reject("b.exe"), world.hold("c.csv")
    copy = world.item(rejected)["location_version_id"]["S"]
    world.remove("input", "a.csv", accepted.version_id)
    world.remove("quarantine", "b.exe", copy)
    world.remove("input", "c.csv", held.version_id)
    missed = ["processed-file-missing", "held-file-missing", "copy-missing"]
    assert world.kinds() == missed
    for upload in (accepted, rejected, held):
        old = (datetime.now(UTC) - timedelta(days=31)).isoformat()
        world.change(upload, processed_at={"S": old})
    # Nobody has looked at a held file yet: it should not have expired.
    assert world.kinds() == ["held-file-missing"]


def test_of_an_unversioned_key_only_the_newest_upload_is_there(world: World) -> None:
    world.s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Suspended"})
    world.accept("a.csv", b"first")
    world.accept("a.csv", b"second, longer")
    assert world.findings() == []
    world.upload("a.csv", b"third, and lost")
    assert world.kinds() == ["file-differs"]


def test_a_file_that_is_dealt_with_meanwhile_is_not_judged(world: World) -> None:
    upload = world.upload("a.csv")
    old = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    upload.pipeline.fates.accept(upload.delivery)
    world.remove("input", "a.csv", upload.version_id)
    assert world.findings(grace_seconds=60) == []
    world.change(upload, processed_at={"S": old})
    assert world.kinds(grace_seconds=60) == ["processed-file-missing"]


def test_an_unconfirmed_address_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribed(world, monkeypatch, "PendingConfirmation")
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.SUBSCRIPTION_UNCONFIRMED, "ops@example.com")


def test_a_suspended_address_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_is_pending", lambda answer: True)
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.SUBSCRIPTION_SUSPENDED, "ops@example.com")


@pytest.mark.parametrize("left", ["nothing", "Deleted"])
def test_a_topic_that_tells_nobody_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    if left == "Deleted":
        subscribed(world, monkeypatch, "Deleted")
    else:
        (subscription,) = world.clients.sns.list_subscriptions()["Subscriptions"]
        world.clients.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    (finding,) = world.findings()
    assert (finding.kind, finding.about) == (Kind.NOBODY_SUBSCRIBED, TOPIC)


def test_every_kind_of_finding_is_explained_and_has_a_test_here() -> None:
    assert set(EXPLAINED) == set(Kind)
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    assert [kind for kind in Kind if kind not in text and f"Kind.{kind.name}" not in text] == []


def ago(seconds: float) -> str:
    return iso(datetime.now(UTC) - timedelta(seconds=seconds))


def subscribed(world: World, monkeypatch: pytest.MonkeyPatch, arn: str) -> None:
    """As SNS lists an address in that state; moto confirms every address at once."""
    row = {
        "SubscriptionArn": arn,
        "Protocol": "email",
        "Endpoint": "ops@example.com",
        "Owner": "",
        "TopicArn": TOPIC,
    }

    class Pages:
        def paginate(self, **_: Any) -> list[Any]:
            return [{"Subscriptions": [row]}]

    class Sns:
        def get_paginator(self, _: str) -> Pages:
            return Pages()

    monkeypatch.setattr(world.clients, "sns", Sns())
