"""What S3 says is read exactly once decoded, and what is no upload of ours is never guessed at."""

from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler import processor
from handler.doors.s3_notification import other_event, parse, records_of
from handler.model.errors import Code, Fault
from handler.model.event import is_test

from .hostile import KEYS
from .world import INPUT, QUARANTINE, Context, World, saved_event

HOSTILE_KEYS = [
    "plus+plus",
    "100%",
    "%2B is not a plus",
    "a b/c  d",
    "in/東京 🎬.mp4",
    "../../etc/passwd",
    "//",
    "a//b/",
    # moto lists keys as plain XML, which cannot carry the other control characters.
    "tab\tnewline\n.csv",
    "\u202efdp.exe",
    "?versionId=null",
    "a&b=c;d#e?f",
    "'; echo injected #",
    "-rf",
    "scalper:email-budget",
    "é" * 512,
    "x" * 1_024,
    ".csv",
    "a.",
]


def record(**changes: Any) -> dict[str, Any]:
    """A real record with parts of its object (or, upper-cased `WHOLE`, of itself) changed."""
    changed: dict[str, Any] = saved_event("s3_put")["Records"][0]
    changed["s3"]["object"] |= changes
    return changed


def test_a_real_event_is_read() -> None:
    upload = parse(record(), INPUT)
    assert upload.key == "in/March report 100% (final)+notes.csv"
    assert upload.file_name == "March report 100% (final)+notes.csv"
    assert upload.file_type == "csv"
    assert upload.size_bytes == 1024
    assert upload.version_id == "096fKKXTRTtl3on89fVO.nfljtsv6qko"
    assert upload.upload_id == "0055AED6DCD90281E500000000000000"
    assert upload.uploaded_at.isoformat() == "2026-03-02T09:15:27.412000+00:00"
    multipart = parse(saved_event("s3_multipart")["Records"][0], INPUT)
    assert multipart.key == "video/東京 🎬.mp4"


@given(key=KEYS)
@example(key="%2520")
@example(key="+")
def test_every_key_is_decoded_exactly_once(key: str) -> None:
    assert parse(record(key=quote_plus(key)), INPUT).key == key


@given(key=KEYS)
def test_a_name_and_a_type_are_never_empty(key: str) -> None:
    upload = parse(record(key=quote_plus(key)), INPUT)
    assert upload.file_name
    assert upload.file_type
    assert upload.key.rstrip("/").endswith(upload.file_name.rstrip("/"))


def test_files_of_any_name_are_set_aside_under_their_own_names(world: World) -> None:
    world.deploy(rules={"max_size_bytes": 1}, email_on="all")
    for key in HOSTILE_KEYS:
        upload = world.upload(key, body=b"too large")
        world.run(upload)
        assert world.record(upload)["status"] == "QUARANTINED", key
        assert len(world.versions(QUARANTINE, key)) == 1, key
    assert world.versions(INPUT) == []
    told = [a.message["object_key"] for a in world.alerts() if a.status == "QUARANTINED"]
    assert told == HOSTILE_KEYS


@given(shorter=st.text("0123456789ABCDEF", min_size=1, max_size=20), longer=st.integers(1, 255))
def test_a_later_sequencer_sorts_later_although_it_is_longer(shorter: str, longer: int) -> None:
    ids = [
        parse(record(sequencer=sequencer), INPUT).upload_id
        for sequencer in (shorter, shorter + f"{longer:02x}")
    ]
    assert ids == sorted(ids)
    assert len({len(upload_id) for upload_id in ids}) == 1


def test_the_case_of_a_sequencer_makes_no_second_upload() -> None:
    assert (
        parse(record(sequencer="0055aed6"), INPUT).upload_id
        == parse(record(sequencer="0055AED6"), INPUT).upload_id
    )


@pytest.mark.parametrize("version_id", [None, "", "null"])
def test_a_version_that_a_newer_upload_can_take_over_is_no_version(version_id: str | None) -> None:
    """While versioning is suspended every upload is `null`: deleting it deletes the next."""
    assert parse(record(versionId=version_id), INPUT).version_id is None


@pytest.mark.parametrize("event", [{}, None, [], "text", 7, {"Records": None}, {"Records": {}}])
def test_an_event_without_records_is_a_fault_so_that_it_is_kept(world: World, event: Any) -> None:
    with pytest.raises(
        Fault, match="CONFIGURATION: not an S3 upload event, it has no list"
    ) as seen:
        world.run(event)
    assert seen.value.code is Code.CONFIGURATION


def test_an_event_with_no_record_in_its_list_is_nothing_to_do(world: World) -> None:
    world.run({"Records": []})
    assert world.called() == []


def test_the_test_event_of_s3_is_answered_without_touching_anything(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run(saved_event("s3_test"))
    assert world.called() == []
    assert "the notification works" in capsys.readouterr().out
    assert not is_test({"Records": []})


def test_the_test_event_needs_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCALPER_PIPELINE", raising=False)
    processor.handler(saved_event("s3_test"), Context("request-1"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["s3"]["bucket"].update(name="somebody-elses"), "not of the bucket"),
        (lambda r: r.update(eventSource="aws:sqs"), "does not come from S3"),
        (lambda r: r.pop("eventSource"), "KeyError"),
        (lambda r: r.pop("s3"), "KeyError"),
        (lambda r: r.update(s3=None), "TypeError"),
        (lambda r: r["s3"].update(object=[]), "TypeError"),
        (lambda r: r["s3"]["object"].pop("key"), "KeyError"),
        (lambda r: r["s3"]["object"].update(key=None), "AttributeError"),
        (lambda r: r["s3"]["object"].update(key="%FF%FE"), "UnicodeDecodeError"),
        (lambda r: r["s3"]["object"].pop("size"), "KeyError"),
        (lambda r: r["s3"]["object"].update(size="much"), "its size"),
        (lambda r: r["s3"]["object"].pop("sequencer"), "KeyError"),
        (lambda r: r["s3"]["object"].update(sequencer=""), "sequencer"),
        (lambda r: r["s3"]["object"].update(sequencer="xyz"), "sequencer"),
        (lambda r: r["s3"]["object"].update(sequencer=12), "TypeError"),
        (lambda r: r.update(eventTime="yesterday"), "ValueError"),
        (lambda r: r.update(eventTime="2026-03-02T09:15:27"), "time zone"),
        (lambda r: r.pop("eventTime"), "KeyError"),
    ],
)
def test_a_malformed_record_is_a_fault_that_says_why(change: Any, words: str) -> None:
    malformed = record()
    change(malformed)
    with pytest.raises(Fault, match="not an S3 upload event") as seen:
        parse(malformed, INPUT)
    assert words in str(seen.value)
    assert seen.value.code is Code.CONFIGURATION


def test_a_malformed_record_is_quoted_only_in_part() -> None:
    with pytest.raises(Fault) as seen:
        records_of({"garbage": "x" * 1_000_000})
    assert len(str(seen.value)) < 1_100


def test_a_removal_brings_no_file_and_is_passed_over(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    removal = saved_event("s3_removed")
    assert other_event(removal["Records"][0])
    world.run(removal)
    assert world.called() == []
    assert "ObjectRemoved:DeleteMarkerCreated" in capsys.readouterr().out


def test_a_message_of_a_queue_is_refused_not_guessed_at(world: World) -> None:
    with pytest.raises(Fault, match="does not come from S3"):
        world.run(saved_event("sqs_message"))
    assert world.called() == []


def test_a_malformed_record_does_not_take_the_good_ones_with_it(world: World) -> None:
    first, last = world.upload("in/first.csv"), world.upload("in/last.csv")
    foreign = record()
    foreign["s3"]["bucket"]["name"] = "somebody-elses"
    event = {"Records": [first.record, foreign, None, {}, last.record]}
    with pytest.raises(Fault, match="CONFIGURATION"):
        world.run(event)
    assert world.told() == ["PROCESSED", "PROCESSED"]
    assert world.status(first) == world.status(last) == "PROCESSED"


def test_a_file_that_faults_does_not_take_the_others_with_it_and_a_retry_repeats_no_record(
    world: World,
) -> None:
    uploads = [world.upload(f"in/{n}.csv") for n in range(3)]
    event = {"Records": [upload.record for upload in uploads]}

    def process(file: Any) -> None:
        if file.name == "1.csv" and not mended:
            raise RuntimeError("a bug")

    mended: list[bool] = []
    world.deploy(process=process)
    with pytest.raises(Fault, match="PROCESS_FAILED: process raised RuntimeError: a bug"):
        world.run(event)
    assert [world.status(u) for u in uploads] == ["PROCESSED", None, "PROCESSED"]

    mended.append(True)
    world.run(event)
    assert [world.status(u) for u in uploads] == ["PROCESSED"] * 3
    assert all(world.record(u)["attempt"] == 1 for u in uploads)


def test_when_aws_and_process_both_fail_the_event_is_not_blamed_on_the_files(world: World) -> None:
    """The rescuer sets aside by the error that is raised: an outage must win."""
    uploads = [world.upload(f"in/{n}.csv") for n in range(2)]

    def process(file: Any) -> None:
        if file.name == "0.csv":
            raise RuntimeError("a bug")

    world.deploy(process=process)
    with world.failing("dynamodb.PutItem"), pytest.raises(Fault) as seen:
        world.run({"Records": [upload.record for upload in uploads]})
    assert seen.value.code is Code.AWS_ERROR


def test_an_upload_to_a_bucket_without_versioning_is_accepted_but_never_moved(
    world: World,
) -> None:
    upload = world.upload()
    upload.record["s3"]["object"].pop("versionId")
    world.run(upload)
    assert world.status(upload) == "PROCESSED"
    assert "version_id" not in world.record(upload)

    other = world.upload("in/other.csv")
    other.record["s3"]["object"].pop("versionId")
    world.deploy(rules={"accepted_types": ["pdf"]})
    with pytest.raises(Fault, match=r"CANNOT_BE_MOVED.*switch versioning on again"):
        world.run(other)
    world.rescue(other, "failed_cannot_be_moved")
    assert world.record(other)["reason_code"] == "CANNOT_BE_MOVED"
    assert world.status(other) == "HELD"
    assert world.is_in_input(other)


def test_a_file_named_like_the_email_budget_has_a_record_of_its_own(world: World) -> None:
    world.deploy(email_on="all")
    upload = world.upload("scalper:email-budget")
    world.run(upload)
    assert world.status(upload) == "PROCESSED"
    (budget,) = [item for item in world.items() if "status" not in item]
    assert budget["object_key"] != upload.key
