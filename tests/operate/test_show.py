"""`scalper show`: the whole story of one file."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.aws.records import plain_item, typed_item
from handler.model.item import iso
from operate.act.download import place_of
from operate.read.errors import OperateError
from operate.read.story import upload_of

from .conftest import Scalper, World


def test_every_upload_of_a_key_is_told_the_newest_first(world: World, scalper: Scalper) -> None:
    world.reject("a.csv")
    world.accept("a.csv")
    answer = scalper("show", "a.csv").output
    assert answer.startswith("a.csv  2 uploads\n")
    assert answer.index("● PROCESSED") < answer.index("● QUARANTINED  WRONG_TYPE")


def test_it_says_why_where_and_what_to_type(world: World, scalper: Scalper) -> None:
    upload = world.reject("it's.csv", "PROCESS_FAILED")
    answer = scalper("show", "it's.csv").output
    copy = world.item(upload)["location_version_id"]["S"]
    assert "Why       No." in answer
    assert f"Now in    quarantine, s3://quarantine/it's.csv, version {copy}" in answer
    assert "Retry     none comes by itself" in answer
    for command in ("logs", "download", "retry"):
        assert f"""scalper {command} 'it'"'"'s.csv'""" in answer


def test_an_older_upload_is_named_in_what_to_type(world: World, scalper: Scalper) -> None:
    old = world.reject("a.csv")
    world.accept("a.csv")
    upload_id = old.delivery.upload.upload_id
    assert f"scalper discard --upload {upload_id} a.csv" in scalper("show", "a.csv").output


def test_one_upload_alone_can_be_asked_for(world: World, scalper: Scalper) -> None:
    old = world.reject("a.csv")
    world.accept("a.csv")
    answer = scalper("show", "a.csv", "--upload", old.delivery.upload.upload_id).output
    assert "PROCESSED" not in answer
    with pytest.raises(OperateError, match=r"no upload 77\. See its uploads: scalper show a\.csv"):
        scalper("show", "a.csv", "--upload", "77")


def test_the_next_automatic_retry_and_the_attempts_before_are_told(
    world: World, scalper: Scalper
) -> None:
    past = {
        "attempt": 1,
        "at": "2026-01-02T03:04:05.000Z",
        "status": "HELD",
        "reason_code": "AWS_ERROR",
        "reason": "DynamoDB was away.",
    }
    soon = iso(datetime.now(UTC) + timedelta(minutes=10, seconds=30))
    upload = world.reject("a.csv", "PROCESS_FAILED")
    world.change(upload, **typed_item({"retry_at": soon, "attempt": 2, "history": [past]}))
    answer = scalper("show", "a.csv").output
    assert f"Retry     {soon[:10]} {soon[11:19]} UTC, 10 min from now, by itself" in answer
    assert "Before    attempt 1, 2026-01-02 03:04:05: HELD AWS_ERROR: DynamoDB was away." in answer
    assert "Nothing for now: it is tried again by itself." in answer


def test_a_file_that_is_being_retried_is_left_alone(world: World, scalper: Scalper) -> None:
    upload = world.hold("a.csv")
    world.change(
        upload, retry_owner={"S": "request-9"}, claimed_at={"S": "2026-01-02T03:04:05.000Z"}
    )
    assert "it is being tried again since 2026-01-02T03:04:05" in scalper("show", "a.csv").output
    world.change(upload, owner={"S": "request-9"})
    assert "being tried again" not in scalper("show", "a.csv").output


def test_what_process_returned_is_shown(world: World, scalper: Scalper) -> None:
    upload = world.upload("a.csv")
    upload.pipeline.fates.accept(upload.delivery, {"rows": 7})
    assert "Result    {'rows': 7}" in scalper("show", "a.csv").output


def test_an_upload_without_a_record_is_told(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    new = world.upload("a.csv")
    world.upload("a.csv.bak")
    answer = scalper("show", "a.csv").output
    assert answer.startswith("a.csv  2 uploads\n")
    assert f"● NO RECORD\n  Uploaded  {datetime.now(UTC):%Y}" in answer
    assert f"the input bucket, version {new.version_id}" in answer
    assert "scalper backfill --prefix a.csv" in answer


def test_an_upload_whose_event_is_kept_is_told(world: World, scalper: Scalper) -> None:
    upload = world.upload("a.csv")
    world.keep_event({"requestPayload": {"requestPayload": {"Records": [upload.record]}}})
    answer = scalper("show", "a.csv").output
    assert "● EVENT KEPT" in answer
    assert "scalper release --kept-events" in answer


def test_an_ignored_file_is_told(world: World, scalper: Scalper) -> None:
    world.tell_rules(ignore_patterns=["*.tmp"])
    world.upload("a.tmp")
    assert "● PASSED OVER" in scalper("show", "a.tmp").output


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("missing.csv", r"There is no file missing\.csv: no record, and no object"),
        ("*.csv", r"looks like a pattern.*scalper list --glob '\*\.csv'"),
        ("s3://input/a.csv", r"Name it without the bucket: a\.csv$"),
        ("s3://quarantine/a.csv", r"Name it without the bucket: a\.csv$"),
    ],
)
def test_a_file_that_does_not_exist_is_told_with_a_hint(
    world: World, scalper: Scalper, key: str, told: str
) -> None:
    world.accept("a.csv")
    with pytest.raises(OperateError, match=told):
        scalper("show", key)


def test_a_key_is_taken_as_it_is_written(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    world.hold("*.csv")
    assert scalper("show", "*.csv").output.startswith("*.csv  1 upload\n")


def test_a_hostile_name_cannot_move_the_cursor_use_markup_or_run(
    world: World, scalper: Scalper
) -> None:
    key = "a\n\t[bold]\u202e$(touch pwned).csv"
    world.hold(key)
    answer = scalper("show", key).output
    assert answer.startswith(r"a\n\t[bold]\u202e$(touch pwned).csv  1 upload")
    assert r"scalper retry $'a\x0a\x09[bold]\xe2\x80\xae$(touch pwned).csv'" in answer


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("out/a.csv", "the key is outside the prefix or suffix that the pipeline deals with"),
        ("in/a.txt", "the key is outside the prefix or suffix that the pipeline deals with"),
        ("in/tmp.csv", "such keys are ignored here"),
        ("in/a.csv", "In flight, or its event was lost"),
    ],
)
def test_a_key_that_the_pipeline_takes_no_notice_of_is_said_to_be_one(
    world: World, scalper: Scalper, key: str, told: str
) -> None:
    world.notify(("in/", ".csv"))
    world.tell_rules(ignore_patterns=["*/tmp.csv"])
    world.upload(key)
    assert told in " ".join(scalper("show", key).output.split())


def test_for_machines_it_is_the_records_themselves(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    new = world.upload("a.csv")
    told: Any = json.loads(scalper("show", "a.csv", "--json").output)
    assert told["key"] == "a.csv"
    assert [item["status"] for item in told["uploads"]] == ["HELD"]
    assert told["uploads"][0]["event"]["s3"]["object"]["key"] == "a.csv"
    (unrecorded,) = told["unrecorded"]
    assert unrecorded["version"]["version_id"] == new.version_id


def test_a_command_that_needs_a_record_says_when_there_is_none_yet(world: World) -> None:
    world.upload("a.csv")
    with pytest.raises(OperateError, match=r"has no record yet.*scalper show a\.csv"):
        upload_of(world.deployment, "a.csv")


@pytest.mark.parametrize("key", ["held.csv", "set-aside.csv", "accepted.csv"])
def test_a_file_that_somebody_deleted_is_not_said_to_be_there(
    world: World, scalper: Scalper, key: str
) -> None:
    kind: dict[str, Callable[[str], Any]] = {
        "held.csv": world.hold,
        "set-aside.csv": world.reject,
        "accepted.csv": world.accept,
    }
    upload = kind[key](key)
    assert "Now in" in scalper("show", key).output
    bucket, version_id = place_of(world.deployment, plain_item(world.item(upload)))
    world.deployment.clients.s3.delete_object(Bucket=bucket, Key=key, VersionId=str(version_id))
    told = scalper("show", key).output
    assert "Now in" not in told
    assert f"version {version_id}: deleted or expired since" in told
    assert ("scalper discard" in told) == (key != "accepted.csv")
    (upload_id,) = json.loads(scalper("show", key, "--json").output)["missing"]
    assert upload_id == upload.delivery.upload.upload_id
