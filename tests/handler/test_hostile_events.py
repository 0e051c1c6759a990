"""Anything may call the functions with anything: what is no event of ours is a clear fault."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.diagnosis import diagnose
from handler.doors.s3_notification import parse, records_of
from handler.model.errors import Code, Fault

from .hostile import JSON, KEYS, mutated
from .world import INPUT, World, fault_of, saved_event


def record(**changes: Any) -> dict[str, Any]:
    changed: dict[str, Any] = saved_event("s3_put")["Records"][0]
    changed["s3"]["object"] |= changes
    return changed


def failure(payload: Any) -> dict[str, Any]:
    return saved_event("failed_aws") | {"requestPayload": payload}


def is_clear(fault: Fault) -> bool:
    """A person reads this at night: it has a code, a text of bearable length, and can be sent."""
    text = str(fault)
    return (
        fault.code in {Code.CONFIGURATION, Code.AWS_ERROR}
        and len(fault.reason) in range(20, 1_001)
        and bool(text.encode())
    )


def event_of_this_pipeline(name: str) -> dict[str, Any]:
    """Of its own bucket: nothing of another's is looked at any closer."""
    event = saved_event(name)
    event["Records"][0]["s3"]["bucket"]["name"] = INPUT
    return event


EVENT = st.builds(event_of_this_pipeline, st.sampled_from(["s3_put", "s3_multipart"]))


@settings(max_examples=500)
@given(event=EVENT.flatmap(mutated))
def test_any_record_is_an_upload_or_a_clear_fault(event: Any) -> None:
    for each in event.get("Records", []) if isinstance(event.get("Records"), list) else []:
        if fault := fault_of(partial(parse, each, INPUT)):
            assert is_clear(fault), fault
            assert fault.code is Code.CONFIGURATION
            continue
        upload = parse(each, INPUT)
        assert 1 <= len(upload.key.encode()) <= 1024
        assert len(upload.upload_id) == 32
        assert type(upload.size_bytes) is int
        assert upload.size_bytes >= 0
        assert upload.uploaded_at.utcoffset() == timedelta(0)
        assert isinstance(upload.version_id, str | None)


@settings(max_examples=200)
@given(event=JSON | EVENT.flatmap(mutated))
def test_the_processor_deals_with_any_event_or_says_what_is_wrong_with_it(
    world: World, event: Any
) -> None:
    fault = fault_of(lambda: world.run(event))
    assert fault is None or is_clear(fault), fault


@settings(max_examples=200)
@given(event=JSON | EVENT.flatmap(mutated).map(failure) | st.builds(failure, JSON))
def test_the_rescuer_deals_with_any_event_or_says_what_is_wrong_with_it(
    world: World, event: Any
) -> None:
    world.deploy(entry="main.process")
    fault = fault_of(lambda: world.invoke_rescuer(event))
    assert fault is None or is_clear(fault), fault


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: {"Records": [e]}], ids=["event", "record"])
@pytest.mark.parametrize("details", [False, True])
def test_an_event_nested_too_deeply_to_be_shown_is_a_clear_fault(
    world: World, wrap: Any, details: bool
) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    event = wrap({"eventSource": "aws:s3", "s3": deep} if details else deep)
    with pytest.raises(Fault) as seen:
        world.run(event)
    assert is_clear(seen.value)
    with pytest.raises(Fault) as seen:
        world.invoke_rescuer(failure(event))
    assert is_clear(seen.value)


@given(
    retry=JSON
    | st.fixed_dictionaries(
        {
            "object_key": KEYS | JSON,
            "upload_id": st.sampled_from(["0055AED6DCD90281E500000000000000", "0" * 33]) | JSON,
            "retries": st.integers(0, 3) | JSON,
        }
    )
)
def test_any_retry_is_done_or_refused_clearly(world: World, retry: Any) -> None:
    world.deploy(entry="main.process")
    for invoke in (world.run, lambda event: world.invoke_rescuer(failure(event))):
        fault = fault_of(partial(invoke, {"Retry": retry}))
        assert fault is None or is_clear(fault), fault
        assert fault is None or fault.code is Code.CONFIGURATION


FAILURES = ["failed_process", "failed_aws", "failed_timed_out", "failed_killed", "failed_throttled"]


@given(record=st.builds(saved_event, st.sampled_from(FAILURES)).flatmap(mutated))
def test_any_failure_record_of_a_good_upload_gives_it_a_fate(world: World, record: Any) -> None:
    """Only when Lambda hands over no S3 event at all is there nothing to give a fate to."""
    upload = world.upload()
    record["requestPayload"] = upload.event
    if not isinstance(record.get("requestContext"), dict) or not record["requestContext"]:
        record["requestContext"] = {"condition": "RetriesExhausted"}
    world.deploy(entry="main.process")
    world.invoke_rescuer(record)
    assert world.status(upload) in {"QUARANTINED", "HELD"}


@settings(max_examples=1_000)
@given(record=JSON | st.builds(saved_event, st.sampled_from(FAILURES)).flatmap(mutated))
def test_nothing_but_proof_sets_a_file_aside(record: Any) -> None:
    """A record whose error is not one of the three kinds of proof blames nobody."""
    if not isinstance(record, dict):
        record = {}
    cause = diagnose(record, has_process=False, files=1)
    if cause.refusal:
        assert str(record["responsePayload"]["errorMessage"]).startswith(f"{cause.code}: ")


@given(
    key=KEYS | st.text(st.sampled_from(" +%2Bé/&="), min_size=1),
    raw=st.randoms(use_true_random=False),
)
def test_a_key_comes_back_however_its_bytes_were_encoded(key: str, raw: Any) -> None:
    """S3 leaves some bytes as they are and writes others as %XX; which, is for S3 to say."""
    encoded = "".join(
        chr(byte)
        if chr(byte).isalnum() and byte < 128 and raw.random() < 0.5
        else "+"
        if byte == 32 and raw.random() < 0.5
        else f"%{byte:02x}"
        if raw.random() < 0.5
        else f"%{byte:02X}"
        for byte in key.encode()
    )
    assert parse(record(key=encoded), INPUT).key == key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": ""}, "its key does not have 1 to 1024 bytes"),
        ({"key": "k" * 1025}, "its key does not have 1 to 1024 bytes"),
        ({"key": "é" * 513}, "its key does not have 1 to 1024 bytes"),
        ({"key": "\ud800"}, "UnicodeEncodeError"),
        ({"key": 7}, "Error"),
        ({"size": -1}, "its size is not a whole number"),
        ({"size": 1.5}, "its size is not a whole number"),
        ({"size": float("inf")}, "its size is not a whole number"),
        ({"size": True}, "its size is not a whole number"),
        ({"size": None}, "its size is not a whole number"),
        ({"versionId": 7}, "its version id is not a text"),
        ({"versionId": ["x"]}, "its version id is not a text"),
        ({"sequencer": "0" * 33}, "its sequencer is not a hex number of at most 32 digits"),
        ({"sequencer": "1\n"}, "its sequencer is not a hex number"),
    ],
)
def test_what_s3_never_sends_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Fault, match="not an S3 upload event") as seen:
        parse(record(**changes), INPUT)
    assert seen.value.code is Code.CONFIGURATION
    assert words in seen.value.reason


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_utc_has_not_is_refused(moment: str) -> None:
    with pytest.raises(Fault, match="OverflowError"):
        parse(record() | {"eventTime": moment}, INPUT)


def test_a_malformed_event_is_quoted_on_one_printable_line() -> None:
    hostile = {'"\n\x1b[2J{"status":"FORGED"}': "\u202e" * 10_000}
    with pytest.raises(Fault) as seen:
        records_of(hostile)
    assert seen.value.reason.isprintable()
    assert len(seen.value.reason) < 700


def test_an_event_like_any_other_is_quoted_so_that_it_can_be_found() -> None:
    foreign = record()
    foreign["s3"]["bucket"]["name"] = "somebody-elses"
    with pytest.raises(Fault) as seen:
        parse(foreign, INPUT)
    assert "'awsRegion': 'eu-north-1'" in seen.value.reason


@given(key=KEYS)
@example(key='x\n{"_aws":{"CloudWatchMetrics":[]},"status":"FORGED"}')
def test_any_key_is_one_line_of_the_log_and_one_alert(
    world: World, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    capsys.readouterr()
    world.forget_calls()
    world.deploy(rules={"min_size_bytes": 2}, email_on="all")
    upload = world.upload(body=b"12")
    upload.record["s3"]["object"] |= {"key": "".join(f"%{b:02x}" for b in key.encode()), "size": 2}
    world.run(upload)
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["key"] == key
    assert json.loads(line)["status"] == "PROCESSED"
    assert "_aws" not in json.loads(line)
    told = [call.request for call in world.calls if call.operation == "Publish"]
    assert all(request["Subject"].isprintable() for request in told)
    assert all(request["Message"].isascii() for request in told)
    message = json.loads(told[-1]["Message"])
    # Once the budget is spent, it goes to the topic that is for machines alone.
    machines = json.loads(message["default"]) if "default" in message else message
    assert machines["object_key"] == key
