"""`scalper backfill` and `reconcile --repair`: files get the event they never had."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.doors.s3_notification import parse
from operate.act.pace import Pace
from operate.act.synthetic_events import event_of, sequencer_of
from operate.read import sources
from operate.read.errors import OperateError
from operate.read.sources import NO_VERSION, Version

from .conftest import REGION, Scalper, World

NOW = ["--grace", "0s"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


def process(world: World) -> None:
    """What the processor does with the events it was handed."""
    for name, kind, event in world.invoked:
        assert (name, kind) == ("processor", "Event")
        for record in event["Records"]:
            upload = world.uploaded(record)
            upload.pipeline.fates.accept(upload.delivery)
    world.invoked.clear()


def asked(world: World) -> list[str]:
    return [event["Records"][0]["s3"]["object"]["key"] for _, _, event in world.invoked]


def test_a_file_without_a_record_is_dealt_with_once_however_often_it_is_typed(
    world: World, scalper: Scalper
) -> None:
    world.accept("seen.csv")
    world.upload("lost and found/ü.csv")
    assert world.kinds() == ["no-fate"]
    answer = scalper("backfill", *NOW)
    assert answer.exit_code == 0
    assert answer.output == "lost and found/ü.csv: is given its event\n"
    scalper("backfill", *NOW)
    first, second = world.invoked
    assert first == second, "so the second finds the record of the first"
    process(world)
    assert world.kinds() == []
    assert world.counts() == {"processed": 2}
    assert scalper("backfill", *NOW).output == "Every file has a record, or is in flight.\n"


def test_what_was_there_before_the_pipeline_is_only_the_last_of_each_key(
    world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (b"old", b"new"):
        world.upload("a.csv", content)
    gone = world.upload("deleted.csv")
    world.s3.delete_object(Bucket="input", Key=gone.key)
    later = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    monkeypatch.setattr(sources, "table_created", lambda deployment: later)
    assert world.counts() == {"before_the_pipeline": 3}
    scalper("backfill", *NOW)
    (_, _, event), *others = world.invoked
    assert others == []
    assert event["Records"][0]["s3"]["object"]["size"] == len(b"new")


def test_a_prefix_chooses(world: World, scalper: Scalper) -> None:
    for key in ("a/1.csv", "a/2.csv", "b/3.csv"):
        world.upload(key)
    scalper("backfill", *NOW, "--prefix", "a/")
    assert sorted(asked(world)) == ["a%2F1.csv", "a%2F2.csv"]


def test_what_is_in_flight_ignored_or_kept_is_left_alone(world: World, scalper: Scalper) -> None:
    world.tell_rules(ignore_patterns=["*.tmp"])
    world.upload("a.tmp")
    kept = world.upload("kept.csv")
    world.keep_event({"requestPayload": {"requestPayload": {"Records": [kept.record]}}})
    scalper("backfill", *NOW)
    assert world.invoked == []
    world.upload("young.csv")
    scalper("backfill")
    assert world.invoked == []


def test_while_events_wait_long_nothing_is_taken_for_overlooked(
    world: World, scalper: Scalper
) -> None:
    world.upload("a.csv")
    world.clients.cloudwatch.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "AsyncEventAge",
                "Dimensions": [{"Name": "FunctionName", "Value": "processor"}],
                "Value": 3_600_000.0,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
            }
        ],
    )
    for command in (["backfill"], ["reconcile", "--repair"]):
        with pytest.raises(OperateError, match=r"Events wait up to 60 minutes .* --grace 6h"):
            scalper(*command, *NOW)
    assert world.invoked == []


def test_reconcile_repairs_what_has_no_fate_and_nothing_else(
    world: World, scalper: Scalper
) -> None:
    world.upload("lost.csv")
    world.remove("input", "gone.csv", world.hold("gone.csv").version_id)
    answer = scalper("reconcile", *NOW, "--repair")
    assert answer.exit_code == 1
    assert "1 upload was given the missing event." in answer.output
    assert asked(world) == ["lost.csv"]
    process(world)
    assert world.kinds() == ["held-file-missing"]


def test_for_machines_repairs_are_in_the_same_object(world: World, scalper: Scalper) -> None:
    world.upload("lost.csv")
    told = json.loads(scalper("reconcile", *NOW, "--repair", "--json").output)
    assert [it["kind"] for it in told["findings"]] == ["no-fate"]
    assert [it["key"] for it in told["repaired"]] == ["lost.csv"]
    assert "repaired" not in json.loads(scalper("reconcile", *NOW, "--json").output)


def test_a_dry_run_asks_nobody(world: World, scalper: Scalper) -> None:
    world.upload("lost.csv")
    assert "would be given" in scalper("backfill", *NOW, "--dry-run").output
    assert "would be given" in scalper("reconcile", *NOW, "--repair", "--dry-run").output
    assert world.invoked == []


VERSION = Version("a b/ü+%.csv", "version", 7, "e" * 32, 1_795_000_000.0)


def test_a_made_up_event_says_what_s3_would_have_said() -> None:
    (record,) = event_of(VERSION, "input", REGION)["Records"]
    upload = parse(record, "input")
    assert (upload.key, upload.version_id) == (VERSION.key, "version")
    assert (upload.etag, upload.size_bytes) == (VERSION.etag, 7)
    assert upload.uploaded_at.timestamp() == VERSION.modified
    assert upload.upload_id == sequencer_of(VERSION)


def test_a_version_that_has_no_id_gets_none() -> None:
    (record,) = event_of(Version("a", NO_VERSION, 7, "", 0.0), "input", REGION)["Records"]
    assert parse(record, "input").version_id is None


def test_made_up_sequencers_sort_by_age_and_before_every_real_one() -> None:
    def made_up(moment: float, version_id: str = "v") -> str:
        return sequencer_of(Version("a", version_id, 7, "", moment))

    moments = [0.0, 1_438_115_548.0, 1_795_000_000.0, 1_795_000_000.5, 4_000_000_000.0]
    ours = [made_up(moment) for moment in moments]
    # From AWS's documentation, from files of today, and from the emulator.
    real = ["0055AED6DCD90281E5", "0065A1B2C3D4E5F607", "00000660F315968BB0"]
    assert sorted(ours) == ours
    assert max(ours) < min(it.ljust(32, "0") for it in real)
    assert made_up(1.0, "one") != made_up(1.0, "two")
    assert {len(it) for it in ours} == {32}


def test_versions_of_the_same_second_stay_apart() -> None:
    ids: set[Any] = {
        sequencer_of(Version("a", f"version {number}", 7, "", 1.0)) for number in range(10_000)
    }
    assert len(ids) == 10_000
