"""Whichever door an upload comes through, it is the same upload; and each door is read strictly."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.doors import object_created, s3_notification
from handler.doors.arrivals import door_of, uploads_in
from handler.model.errors import REASON_LENGTH, Code, Fault
from handler.model.event import KEY_BYTES, UPLOAD_ID_LENGTH, Made, Upload

from .hostile import KEYS, mutated
from .world import INPUT, World, fault_of, saved_event, through_eventbridge


def event_of_eventbridge(**changes: Any) -> dict[str, Any]:
    """A documented event with parts of its object changed."""
    event = saved_event("eventbridge_object_created")
    event["detail"]["object"] |= changes
    return event


def read(event: Any) -> Upload:
    return object_created.parse(event, INPUT)


def seen_through_both(s3: str, eventbridge: str) -> tuple[Upload, Upload]:
    record = saved_event(s3)["Records"][0]
    return s3_notification.parse(record, INPUT), read(saved_event(eventbridge))


@pytest.mark.parametrize(
    ("s3", "eventbridge"),
    [
        ("s3_put", "eventbridge_object_created"),
        ("s3_multipart", "eventbridge_object_created_in_parts"),
    ],
)
def test_an_upload_is_the_same_through_both_doors(s3: str, eventbridge: str) -> None:
    direct, routed = seen_through_both(s3, eventbridge)
    # EventBridge names the account, and has no milliseconds.
    assert direct.uploaded_at - routed.uploaded_at < timedelta(seconds=1)
    assert (direct.sender, routed.sender) == ("AWS:AIDAJDPLRKLG7EXAMPLE", "123456789012")

    def without_these(upload: Upload) -> Upload:
        return replace(upload, record={}, sender=None, uploaded_at=direct.uploaded_at)

    assert without_these(direct) == without_these(routed)
    assert direct.sender_address == "203.0.113.15"


@given(key=KEYS)
@example(key="%2520")
@example(key="+")
@example(key="a+b c%20d")
def test_every_key_is_the_same_through_both_doors(key: str) -> None:
    record = saved_event("s3_put")["Records"][0]
    record["s3"]["object"]["key"] = quote_plus(key)
    assert (
        s3_notification.parse(record, INPUT).key == read(event_of_eventbridge(key=key)).key == key
    )


def test_how_an_object_was_made_is_read_from_both_doors() -> None:
    def made(reason: Any) -> Made:
        event = event_of_eventbridge()
        event["detail"]["reason"] = reason
        return read(event).made

    assert made("CopyObject") is Made.BY_COPY
    assert made("CompleteMultipartUpload") is Made.IN_PARTS
    assert {made("PutObject"), made("POST Object"), made("SomethingNew")} == {Made.WHOLE}
    copied = saved_event("s3_copy_in_a_bucket_without_versioning")
    assert uploads_in(copied, INPUT)[0].made is Made.BY_COPY


@pytest.mark.parametrize("door", ["s3", "eventbridge"])
@pytest.mark.parametrize("sender", [None, 7, "", "two words", "a\nline", "é", "x" * 257, ["x"]])
def test_nothing_that_is_said_of_a_sender_keeps_a_file_from_its_fate(
    door: str, sender: Any
) -> None:
    event = saved_event("s3_put" if door == "s3" else "eventbridge_object_created")
    if door == "s3":
        event["Records"][0]["userIdentity"]["principalId"] = sender
        event["Records"][0]["requestParameters"] = sender
    else:
        event["detail"] |= {"requester": sender, "source-ip-address": sender}
    [upload] = uploads_in(event, INPUT)
    assert (upload.sender, upload.sender_address) == (None, None)


EVENTS = st.sampled_from(["eventbridge_object_created", "eventbridge_object_created_in_parts"]).map(
    saved_event
)


@settings(max_examples=500)
@given(event=EVENTS.flatmap(mutated))
def test_any_event_of_eventbridge_is_an_upload_or_a_clear_fault(event: Any) -> None:
    door = door_of(event)
    if fault := fault_of(partial(uploads_in, event, INPUT)):
        assert fault.code is Code.CONFIGURATION
        assert len(fault.reason) in range(20, REASON_LENGTH + 1)
        assert str(fault).encode()
        return
    for upload in uploads_in(event, INPUT):
        assert door is object_created
        assert 1 <= len(upload.key.encode()) <= KEY_BYTES
        assert len(upload.upload_id) == UPLOAD_ID_LENGTH
        assert type(upload.size_bytes) is int
        assert upload.size_bytes >= 0
        assert upload.uploaded_at.utcoffset() == timedelta(0)
        assert isinstance(upload.version_id, str | None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: e["detail"]["bucket"].update(name="somebody-elses"), "not of the bucket"),
        (lambda e: e.update(source="com.example"), "no Object Created of S3"),
        (lambda e: e.pop("source"), "KeyError"),
        (lambda e: e.update({"detail-type": None}), "no Object Created of S3"),
        (lambda e: e.update(source="com.example", **{"detail-type": "x"}), "no Object Created"),
        (lambda e: e.pop("detail"), "KeyError"),
        (lambda e: e.update(detail="{}"), "TypeError"),
        (lambda e: e["detail"].pop("object"), "KeyError"),
        (lambda e: e["detail"]["object"].pop("key"), "KeyError"),
        (lambda e: e["detail"]["object"].update(key=""), "1 to 1024 bytes"),
        (lambda e: e["detail"]["object"].update(key="\ud800"), "UnicodeEncodeError"),
        (lambda e: e["detail"]["object"].update(key=None), "AttributeError"),
        (lambda e: e["detail"]["object"].pop("size"), "KeyError"),
        (lambda e: e["detail"]["object"].update(size="5"), "its size"),
        (lambda e: e["detail"]["object"].pop("sequencer"), "KeyError"),
        (lambda e: e["detail"]["object"].update(sequencer="xyz"), "its sequencer"),
        (lambda e: e["detail"]["object"].update({"version-id": 7}), "its version id"),
        (lambda e: e.update(time="2026-03-02T09:15:27"), "time zone"),
    ],
)
def test_what_eventbridge_never_sends_is_refused_by_name(change: Any, words: str) -> None:
    event = event_of_eventbridge()
    change(event)
    with pytest.raises(Fault, match="not an S3 upload event") as seen:
        uploads_in(event, INPUT)
    assert words in seen.value.reason
    assert seen.value.code is Code.CONFIGURATION


@pytest.mark.parametrize("first", ["s3", "eventbridge"])
@pytest.mark.parametrize("accepted", [True, False])
def test_an_upload_that_comes_through_both_doors_is_one_record(
    world: World, first: str, accepted: bool
) -> None:
    """As during an update that changes `events_from`: its events may come through both."""
    world.deploy(rules={} if accepted else {"accepted_types": ["pdf"]})
    upload = world.upload("in/a+b c%20d.csv")
    events = [upload.event, through_eventbridge(upload)]
    if first == "eventbridge":
        events.reverse()
    for at, event in enumerate(events):
        world.run(event, f"request-{at}")
    assert world.status(upload) == ("PROCESSED" if accepted else "QUARANTINED")
    assert len(world.items()) == len(world.told()) == 1
    assert world.is_in_input(upload) is accepted


@pytest.mark.parametrize("door", ["s3", "eventbridge"])
def test_who_uploaded_is_recorded_and_told_also_after_a_retry(world: World, door: str) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]}, email_on="all")
    upload = world.upload()
    world.run(upload if door == "s3" else through_eventbridge(upload))
    sender = {"s3": "AWS:AIDAJDPLRKLG7EXAMPLE", "eventbridge": "123456789012"}[door]
    [alert] = world.alerts()
    for told in (world.record(upload), alert.message):
        assert (told["sender"], told["sender_address"]) == (sender, "203.0.113.15")
    assert f"\nBy:        {sender}, from 203.0.113.15\n" in alert.text
    world.deploy(rules={})
    world.retry(upload)
    assert world.status(upload) == "PROCESSED"
    assert world.record(upload)["sender"] == world.alerts()[-1].message["sender"] == sender


def test_of_a_sender_that_the_event_does_not_name_nothing_is_said(world: World) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]}, email_on="all")
    upload = world.upload()
    del upload.record["userIdentity"], upload.record["requestParameters"]
    world.run(upload)
    assert not {"sender", "sender_address"} & world.record(upload).keys()
    assert "By:" not in world.alerts()[0].text


def test_a_file_that_eventbridge_brings_is_rescued_and_tried_again(world: World) -> None:
    def process(_: Any) -> None:
        raise RuntimeError("a bug")

    world.deploy(process=process, retries="10")
    upload = world.upload()
    event = through_eventbridge(upload)
    for _ in range(3):
        with pytest.raises(Fault, match="a bug"):
            world.run(event)
    world.rescue(event, "failed_aws")
    assert world.status(upload) == "HELD"
    assert world.record(upload)["event"] == event
    world.deploy(process=lambda _: None)
    world.retry(upload)
    assert world.status(upload) == "PROCESSED"


def test_a_version_that_a_retry_restored_is_no_upload_through_eventbridge_either(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]})
    upload = world.upload()
    world.run(upload)
    world.deploy(rules={})
    world.retry(upload)
    restored = world.restored(upload.key, world.record(upload)["version_id"])
    before = world.items()
    world.run(through_eventbridge(restored), "request-2")
    assert world.items() == before
    assert '"status":"RESTORED"' in capsys.readouterr().out


def test_a_deletion_brings_no_file(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run(saved_event("eventbridge_object_deleted"))
    assert world.called() == []
    assert "passed over: S3 event Object Deleted" in capsys.readouterr().out
