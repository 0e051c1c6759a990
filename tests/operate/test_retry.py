"""`scalper retry` and `release`: files are tried again, each once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.aws.records import plain_item
from handler.model.item import iso
from operate.act import pause
from operate.act.pace import Pace
from operate.read.errors import OperateError
from tests.handler.world import through_eventbridge

from .conftest import Scalper, Uploaded, World


def retry_event(upload: Uploaded, retries: int = 0) -> dict[str, Any]:
    named = {"object_key": upload.key, "upload_id": upload.delivery.upload.upload_id}
    return {"Retry": {**named, "retries": retries}}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


def test_a_retry_is_asked_of_the_processor_with_the_number_to_claim(
    world: World, scalper: Scalper
) -> None:
    first, second = world.hold("a.csv"), world.reject("b.csv", "PROCESS_FAILED")
    world.change(second, retries={"N": "2"})
    answer = scalper("retry", "a.csv", "b.csv")
    assert answer.exit_code == 0
    assert world.invoked == [
        ("processor", "Event", retry_event(first)),
        ("processor", "Event", retry_event(second, 2)),
    ]
    assert answer.output == (
        "a.csv: is tried again, for the 1st time\nb.csv: is tried again, for the 3rd time\n"
    )


def test_typed_twice_the_same_number_is_asked_for_so_that_one_is_claimed(
    world: World, scalper: Scalper
) -> None:
    upload = world.hold("a.csv")
    scalper("retry", "a.csv")
    scalper("retry", "a.csv")
    assert [event for _, _, event in world.invoked] == [retry_event(upload)] * 2


def test_a_dry_run_asks_nobody(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    answer = scalper("retry", "a.csv", "--dry-run")
    assert answer.output.splitlines() == [
        "a.csv: would be tried again, for the 1st time",
        "Nothing was changed: this was a dry run.",
    ]
    assert scalper("release", "--all", "--dry-run").exit_code == 0
    assert world.invoked == []


def test_one_wrong_name_among_many_changes_nothing(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    with pytest.raises(OperateError, match=r"There is no file missing\.csv"):
        scalper("retry", "a.csv", "missing.csv")
    assert world.invoked == []


def test_what_is_dealt_with_is_left_alone(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    answer = scalper("retry", "a.csv")
    assert answer.output == "a.csv: is PROCESSED: nothing to try again\n"
    assert answer.exit_code == 0
    assert world.invoked == []


def claimed(world: World, key: str, minutes_ago: int) -> Uploaded:
    upload = world.hold(key)
    moment = iso(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    world.change(upload, retry_owner={"S": "request"}, claimed_at={"S": moment}, retries={"N": "1"})
    return upload


def test_what_is_being_retried_is_not_retried_beside_it(world: World, scalper: Scalper) -> None:
    claimed(world, "a.csv", 10)
    answer = scalper("retry", "a.csv")
    assert answer.exit_code == 1
    assert "a.csv: is being tried again since" in answer.output
    assert world.invoked == []


def test_a_retry_that_died_long_ago_does_not_block_the_next(world: World, scalper: Scalper) -> None:
    upload = claimed(world, "a.csv", 7 * 60 + 10)
    assert scalper("retry", "a.csv").exit_code == 0
    assert [event for _, _, event in world.invoked] == [retry_event(upload, 1)]


def test_of_several_uploads_that_wait_one_must_be_named(world: World, scalper: Scalper) -> None:
    old, new = world.hold("a.csv"), world.hold("a.csv")
    ids = [it.delivery.upload.upload_id for it in (new, old)]
    with pytest.raises(OperateError, match=f"2 uploads wait: {ids[0]}, {ids[1]}. Say which"):
        scalper("retry", "a.csv")
    scalper("retry", "a.csv", "--upload", ids[1])
    assert [event for _, _, event in world.invoked] == [retry_event(old)]
    with pytest.raises(OperateError, match="has no upload 77"):
        scalper("retry", "a.csv", "--upload", "77")


def test_the_upload_that_waits_is_meant_not_a_newer_one_that_is_well(
    world: World, scalper: Scalper
) -> None:
    waits = world.hold("a.csv")
    world.accept("a.csv")
    scalper("retry", "a.csv")
    assert [event for _, _, event in world.invoked] == [retry_event(waits)]


def test_all_of_a_reason_are_released_the_oldest_first(world: World, scalper: Scalper) -> None:
    uploads = [world.reject(f"{at}.csv", "PROCESS_FAILED") for at in range(3)]
    world.hold("other.csv")
    world.accept("good.csv")
    answer = scalper("release", "--reason", "PROCESS_FAILED", "--since", "1h")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[-1] == "3 files done."
    asked = [event for _, _, event in world.invoked]
    assert sorted(map(str, asked)) == sorted(str(retry_event(it)) for it in uploads)


def test_what_fails_again_meanwhile_is_not_met_a_second_time(
    world: World, scalper: Scalper
) -> None:
    later = world.hold("later.csv")
    soon = iso(datetime.now(UTC) + timedelta(minutes=1))
    world.change(later, attention_at={"S": f"HELD#{soon}"})
    assert scalper("release", "--all").output == "No such file waits.\n"
    assert world.invoked == []


@pytest.mark.parametrize("arguments", [[], ["--all", "--reason", "X"], ["--kept-events", "--all"]])
def test_a_release_says_what_it_releases(scalper: Scalper, arguments: list[str]) -> None:
    answer = scalper("release", *arguments)
    assert answer.exit_code == 2
    assert "Say which files" in answer.stderr


def test_while_the_processor_is_stopped_nothing_is_sent(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    pause.pause(world.deployment)
    for command in (["retry", "a.csv"], ["release", "--all"]):
        with pytest.raises(OperateError, match="Start it: scalper resume"):
            scalper(*command)
    assert world.invoked == []


def test_stopped_half_way_it_says_how_to_go_on(
    world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(3):
        world.hold(f"{at}.csv")

    def wait(pace: Pace) -> None:
        if world.invoked:
            raise KeyboardInterrupt

    monkeypatch.setattr(Pace, "wait", wait)
    answer = scalper("release", "--reason", "AWS_ERROR")
    assert answer.exit_code == 130
    assert "Stopped after 1 file. The same command goes on where it stopped." in answer.stderr
    assert f"With --until {datetime.now(UTC):%Y-%m-%d}T" in answer.stderr
    monkeypatch.setattr(Pace, "wait", lambda pace: None)
    scalper("release", "--reason", "AWS_ERROR")
    asked = {event["Retry"]["object_key"] for _, _, event in world.invoked}
    assert asked == {"0.csv", "1.csv", "2.csv"}


def test_for_machines_it_is_one_object(world: World, scalper: Scalper) -> None:
    upload = world.hold("a\n[b].csv")
    told = json.loads(scalper("release", "--all", "--json").output)
    (file,) = told["files"]
    assert file["key"] == upload.key
    assert file["ok"] is True


def test_a_function_that_is_not_ours_is_never_called(world: World, scalper: Scalper) -> None:
    upload = world.hold("a.csv")
    world.lambda_.update_function_configuration(
        FunctionName="processor", Environment={"Variables": {"STAGE": "production"}}
    )
    for command in (["retry", "a.csv"], ["release", "--all"], ["discard", "a.csv", "--yes"]):
        with pytest.raises(OperateError, match="no processor of Silent Scalper"):
            scalper(*command)
    assert world.invoked == []
    assert plain_item(world.item(upload))["status"] == "HELD"


def kept(world: World, upload: Uploaded) -> dict[str, Any]:
    inner = {"requestPayload": {"Records": [upload.record]}, "requestContext": {"requestId": "r"}}
    world.keep_event({"version": "1.0", "requestPayload": inner})
    return inner


def test_kept_events_are_given_to_the_rescuer_unchanged_and_then_deleted(
    world: World, scalper: Scalper
) -> None:
    inner = kept(world, world.upload("a.csv"))
    answer = scalper("release", "--kept-events")
    assert answer.output == "a.csv: has its fate\n"
    assert world.invoked == [("rescuer", "RequestResponse", inner)]
    assert world.counts().get("kept_messages") is None


def test_an_upload_that_a_rule_could_not_deliver_is_given_to_the_processor(
    world: World, scalper: Scalper
) -> None:
    event = through_eventbridge({"Records": [world.upload("a b.csv").record]})
    world.keep_event(event)
    dry = scalper("release", "--kept-events", "--dry-run")
    assert "a b.csv: would be given its event\n" in dry.output
    assert scalper("release", "--kept-events").output == "a b.csv: is given its event\n"
    assert world.invoked == [("processor", "Event", event)]
    assert world.counts().get("kept_messages") is None


def test_a_kept_retry_is_given_to_the_rescuer_too(world: World, scalper: Scalper) -> None:
    inner = {"requestPayload": retry_event(world.hold("a.csv")), "requestContext": {}}
    world.keep_event({"requestPayload": inner})
    assert "kept_messages_unreadable" not in world.counts()
    assert scalper("release", "--kept-events").output == "a.csv: has its fate\n"
    assert world.invoked == [("rescuer", "RequestResponse", inner)]


@pytest.mark.parametrize("called", [False, True])
def test_a_retry_that_no_schedule_could_deliver_is_given_to_the_processor(
    world: World, scalper: Scalper, called: bool
) -> None:
    event = retry_event(world.hold("a.csv"))
    # Which of the two EventBridge Scheduler keeps is not documented for Lambda.
    body = {"FunctionName": "processor", "Payload": json.dumps(event)} if called else event
    world.keep_event(body)
    dry = scalper("release", "--kept-events", "--dry-run")
    assert "a.csv: would be tried again\n" in dry.output
    assert world.counts()["kept_messages"] == 1
    assert scalper("release", "--kept-events").output == "a.csv: is tried again\n"
    assert world.invoked == [("processor", "Event", event)]
    assert world.counts().get("kept_messages") is None


def test_a_kept_retry_waits_while_the_processor_is_stopped(world: World, scalper: Scalper) -> None:
    world.keep_event(retry_event(world.hold("a.csv")))
    world.lambda_.put_function_concurrency(FunctionName="processor", ReservedConcurrentExecutions=0)
    with pytest.raises(OperateError, match="scalper resume"):
        scalper("release", "--kept-events")
    assert world.invoked == []
    assert world.counts()["kept_messages"] == 1


def test_a_kept_event_that_fails_again_stays(world: World, scalper: Scalper) -> None:
    inner = kept(world, world.upload("a.csv"))
    world.answer = {"error": "Unhandled", "payload": {"errorMessage": "AWS_ERROR: no table"}}
    answer = scalper("release", "--kept-events")
    assert answer.exit_code == 1
    assert "! a.csv: could not be recorded: AWS_ERROR: no table" in answer.output
    assert world.invoked == [("rescuer", "RequestResponse", inner)], "once"
    assert world.counts()["kept_messages"] == 1, "and shown again at once"


@pytest.mark.parametrize("payload", ["hello", {"Retry": {}}, {"Records": [{}]}])
def test_a_message_that_is_no_event_of_ours_stays(
    world: World, scalper: Scalper, payload: Any
) -> None:
    world.keep_event({"requestPayload": payload})
    answer = scalper("release", "--kept-events")
    assert answer.exit_code == 1
    assert "is no event of this pipeline: it stays" in answer.output
    assert world.invoked == []
    assert world.counts()["kept_messages"] == 1


def test_a_dry_run_leaves_kept_events_where_they_are(world: World, scalper: Scalper) -> None:
    kept(world, world.upload("a.csv"))
    answer = scalper("release", "--kept-events", "--dry-run")
    assert "a.csv: would be given to the rescuer" in answer.output
    assert world.invoked == []
    assert world.counts()["kept_messages"] == 1
