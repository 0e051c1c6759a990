"""`scalper discard`: recorded, deleted, told; in that order."""

import json
from typing import Any

import pytest

from handler.aws.quarantine import Quarantine
from handler.aws.records import plain_item
from operate.act import actions
from operate.act.pace import Pace
from operate.read.errors import OperateError

from .conftest import ACCOUNT, QUIET_TOPIC, TOPIC, Scalper, Uploaded, World


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


@pytest.fixture
def told(world: World) -> Any:
    """What a machine that is subscribed to both topics hears."""
    url = world.sqs.create_queue(QueueName="machine")["QueueUrl"]
    arn = f"arn:aws:sqs:{world.sqs.meta.region_name}:{ACCOUNT}:machine"
    for topic in (TOPIC, QUIET_TOPIC):
        world.clients.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def listen() -> list[Any]:
        found = world.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(it["Body"]) for it in found.get("Messages", [])]

    return listen


def versions(world: World, bucket: str) -> list[tuple[str, str]]:
    found = world.s3.list_object_versions(Bucket=bucket).get("Versions", [])
    return [(it["Key"], it["VersionId"]) for it in found]


def record(world: World, upload: Uploaded) -> dict[str, Any]:
    return plain_item(world.item(upload))


def test_a_quarantined_file_is_deleted_and_its_record_says_by_whom(
    world: World, scalper: Scalper, told: Any
) -> None:
    world.tell(SCALPER_RECORD_RETENTION_DAYS="90")
    upload = world.reject("a.csv")
    told()
    before = record(world, upload)
    answer = scalper("discard", "a.csv", "--yes")
    assert (answer.exit_code, answer.output) == (0, "a.csv: is discarded\n")
    assert versions(world, "quarantine") == []
    item = record(world, upload)
    assert (item["status"], item["reason_code"]) == ("GONE", "DISCARDED")
    assert item["reason"] == f"Discarded by arn:aws:sts::{ACCOUNT}:user/moto."
    assert item["history"] == [
        {
            "attempt": 1,
            "at": before["processed_at"],
            "status": "QUARANTINED",
            "reason_code": "WRONG_TYPE",
            "reason": "No.",
        }
    ]
    assert not {"attention_shard", "attention_at", "event"} & item.keys()
    assert item["expires_at"] > 0
    (alert,) = told()
    assert json.loads(alert["Message"])["reason_code"] == "DISCARDED"
    assert alert["MessageAttributes"]["email"]["Value"] == "no"
    assert world.kinds() == []
    assert scalper("list").output == "No file waits.\n"


def test_a_held_file_is_deleted_from_the_input_bucket_and_a_newer_one_stays(
    world: World, scalper: Scalper
) -> None:
    held, newer = world.hold("a.csv"), world.accept("a.csv")
    scalper("discard", "a.csv", "--yes")
    assert versions(world, "input") == [("a.csv", newer.version_id)]
    assert record(world, held)["status"] == "GONE"
    assert record(world, newer)["status"] == "PROCESSED"


def test_a_file_is_deleted_also_where_it_was_set_aside_and_not_yet_taken_away(
    world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(Quarantine, "delete_input", lambda *_: None)
        rejected = world.reject("a.csv")
    newer = world.accept("a.csv")
    upload_id = rejected.delivery.upload.upload_id
    scalper("discard", "a.csv", "--upload", upload_id, "--yes")
    assert versions(world, "quarantine") == []
    assert versions(world, "input") == [("a.csv", newer.version_id)]


@pytest.mark.parametrize("answer", ["n\n", "", None])
def test_it_asks_and_takes_nothing_but_a_yes(
    world: World, scalper: Scalper, answer: str | None
) -> None:
    upload = world.reject("a.csv")
    with pytest.raises(OperateError, match=r"[Nn]othing was discarded"):
        scalper("discard", "a.csv", answer=answer)
    assert record(world, upload)["status"] == "QUARANTINED"
    result = scalper("discard", "a.csv", answer="y\n")
    assert "a.csv  QUARANTINED  WRONG_TYPE\nDiscard 1 file for good?" in result.stderr
    assert record(world, upload)["status"] == "GONE"


def test_an_accepted_file_is_never_discarded(world: World, scalper: Scalper) -> None:
    upload = world.accept("a.csv")
    answer = scalper("discard", "a.csv", "--yes")
    assert answer.exit_code == 1
    assert "is PROCESSED, and stays as it is" in answer.output
    assert versions(world, "input") == [("a.csv", upload.version_id)]


@pytest.fixture
def half_discarded(world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch) -> Uploaded:
    """A file whose discarding died after it was recorded."""
    upload = world.reject("a.csv")

    def die(*_: Any) -> None:
        raise OperateError("died")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "_delete", die)
        with pytest.raises(OperateError, match="died"):
            scalper("discard", "a.csv", "--yes")
    assert record(world, upload)["status"] == "GONE"
    assert len(versions(world, "quarantine")) == 1
    return upload


@pytest.mark.parametrize("by", [["a.csv"], ["--reason", "WRONG_TYPE"]])
def test_the_same_command_finishes_what_died_half_way(
    world: World, scalper: Scalper, told: Any, half_discarded: Uploaded, by: list[str]
) -> None:
    told()
    answer = scalper("discard", *by, "--yes")
    assert answer.output == "a.csv: was discarded before\n"
    assert versions(world, "quarantine") == []
    (alert,) = told()
    assert json.loads(alert["Message"])["reason_code"] == "DISCARDED"
    assert scalper("list").output == "No file waits.\n"


def test_a_newer_upload_does_not_hide_what_died_half_way(
    world: World, scalper: Scalper, half_discarded: Uploaded
) -> None:
    world.accept("a.csv")
    assert scalper("discard", "a.csv", "--yes").output == "a.csv: was discarded before\n"
    assert versions(world, "quarantine") == []


def test_what_is_finished_is_told_once(world: World, scalper: Scalper, told: Any) -> None:
    upload = world.reject("a.csv")
    scalper("discard", "a.csv", "--yes")
    told()
    upload_id = upload.delivery.upload.upload_id
    answer = scalper("discard", "a.csv", "--upload", upload_id, "--yes")
    assert answer.output == "a.csv: was discarded before\n"
    assert told() == []


def test_show_says_how_to_finish_what_died_half_way(
    scalper: Scalper, half_discarded: Uploaded
) -> None:
    assert "  scalper discard a.csv" in scalper("show", "a.csv").output


def test_a_copy_that_was_left_half_way_is_a_stray(world: World, half_discarded: Uploaded) -> None:
    (finding,) = world.findings()
    assert finding.kind == "stray-copy"
    assert finding.detail == "says it is of an upload that is GONE"
    assert world.kinds(grace_seconds=60) == [], "somebody may be at it just now"


def test_what_was_retried_meanwhile_is_left_alone(world: World, scalper: Scalper) -> None:
    upload = world.reject("a.csv")
    deployment = world.deployment
    act = actions.discarding(deployment, dry_run=False)
    stale = record(world, upload)
    world.change(upload, attempt={"N": "2"}, retry_owner={"S": "request"})
    done = act(stale)
    assert (done.ok, done.words) == (False, "has changed meanwhile: look at it again")
    assert record(world, upload)["status"] == "QUARANTINED"
    assert len(versions(world, "quarantine")) == 1


def test_what_is_being_retried_is_not_thrown_away_under_its_hands(
    world: World, scalper: Scalper
) -> None:
    upload = world.reject("a.csv")
    now = record(world, upload)["processed_at"]
    world.change(upload, retry_owner={"S": "request"}, claimed_at={"S": now})
    answer = scalper("discard", "a.csv", "--yes")
    assert answer.exit_code == 1
    assert "is being tried again since" in answer.output


def test_many_are_discarded_by_a_selection(world: World, scalper: Scalper) -> None:
    rejected = [world.reject(f"{at}.exe") for at in range(3)]
    kept = world.reject("a.csv", "PROCESS_FAILED")
    answer = scalper("discard", "--reason", "WRONG_TYPE", answer="y\n")
    assert "Discard 3 files for good?" in answer.stderr
    assert answer.output.splitlines()[-1] == "3 files done."
    assert {record(world, it)["status"] for it in rejected} == {"GONE"}
    assert record(world, kept)["status"] == "QUARANTINED"


def test_a_dry_run_asks_nothing_and_does_nothing(world: World, scalper: Scalper) -> None:
    upload = world.reject("a.csv")
    answer = scalper("discard", "a.csv", "--dry-run")
    assert "a.csv: would be discarded: quarantine, s3://quarantine/a.csv" in answer.output
    assert record(world, upload)["status"] == "QUARANTINED"


@pytest.mark.parametrize("arguments", [[], ["a.csv", "--reason", "X"]])
def test_keys_or_a_selection_and_not_both(scalper: Scalper, arguments: list[str]) -> None:
    for command in ("discard", "download"):
        answer = scalper(command, *arguments)
        assert answer.exit_code == 2
        assert "one of the two" in answer.stderr
