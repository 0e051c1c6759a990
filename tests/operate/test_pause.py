"""`scalper pause` and `resume`: the emergency stop, and the start that catches up."""

import json
from typing import Any

import pytest

from operate.act import pause
from operate.act.pace import Pace
from operate.read import stopped
from operate.read.errors import OperateError

from .conftest import ACCOUNT, Scalper, World


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


def reserve(world: World, number: int) -> None:
    world.lambda_.put_function_concurrency(
        FunctionName="processor", ReservedConcurrentExecutions=number
    )


def reserved(world: World) -> int | None:
    answer = world.lambda_.get_function_concurrency(FunctionName="processor")
    return answer.get("ReservedConcurrentExecutions")


def tags(world: World) -> dict[str, str]:
    arn = world.lambda_.get_function_configuration(FunctionName="processor")["FunctionArn"]
    return world.lambda_.list_tags(Resource=arn)["Tags"]


@pytest.mark.parametrize("before", [None, 7])
def test_it_stops_and_starts_with_what_was_reserved_before(
    world: World, scalper: Scalper, before: int | None
) -> None:
    if before is not None:
        reserve(world, before)
    assert scalper("pause").exit_code == 0
    assert reserved(world) == 0
    who = f"by=arn:aws:sts::{ACCOUNT}:user/moto"
    assert tags(world)[stopped.TAG].startswith(f"concurrency={before or 'none'} at=20")
    assert tags(world)[stopped.TAG].endswith(who)
    assert scalper("resume").exit_code == 0
    assert reserved(world) == before
    assert tags(world) == {}


def test_twice_stopped_remembers_the_first(world: World, scalper: Scalper) -> None:
    reserve(world, 7)
    scalper("pause")
    note = tags(world)
    answer = scalper("pause")
    assert answer.exit_code == 0
    assert "It is stopped already, since 20" in answer.output
    assert tags(world) == note
    scalper("resume")
    assert reserved(world) == 7


def test_the_note_is_there_before_the_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds it stopped must find out how it was."""
    seen: list[dict[str, str]] = []
    stop = world.lambda_.put_function_concurrency

    def watch(**arguments: Any) -> Any:
        seen.append(tags(world))
        return stop(**arguments)

    monkeypatch.setattr(world.lambda_, "put_function_concurrency", watch)
    pause.pause(world.deployment)
    assert [list(tags) for tags in seen] == [[stopped.TAG]]


def test_what_was_held_meanwhile_is_released_and_nothing_else(
    world: World, scalper: Scalper
) -> None:
    world.hold("other.csv", "CONFIGURATION")
    scalper("pause")
    world.hold("late.csv", "NOT_STARTED")
    answer = scalper("resume")
    assert answer.output == "The processor runs.\nlate.csv: is tried again, for the 1st time\n"
    assert [event["Retry"]["object_key"] for _, _, event in world.invoked] == ["late.csv"]


def test_a_start_that_was_stopped_goes_on(
    world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve(world, 7)
    scalper("pause")
    world.hold("late.csv", "NOT_STARTED")

    def interrupt(pace: Pace) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Pace, "wait", interrupt)
        assert scalper("resume").exit_code == 130
    assert reserved(world) == 7
    assert stopped.TAG in tags(world)
    assert scalper("resume").exit_code == 0
    assert [event["Retry"]["object_key"] for _, _, event in world.invoked] == ["late.csv"]
    assert tags(world) == {}


def test_what_somebody_else_stopped_needs_a_word(world: World, scalper: Scalper) -> None:
    reserve(world, 0)
    with pytest.raises(OperateError, match="scalper resume --concurrency none, or a number"):
        scalper("resume")
    assert reserved(world) == 0
    scalper("resume", "--concurrency", "5")
    assert reserved(world) == 5
    reserve(world, 0)
    scalper("resume", "--concurrency", "none")
    assert reserved(world) is None


def test_a_concurrency_that_is_named_is_reserved_also_where_it_runs(
    world: World, scalper: Scalper
) -> None:
    reserve(world, 5)
    scalper("resume", "--concurrency", "10", "--dry-run")
    assert reserved(world) == 5
    scalper("resume", "--concurrency", "10")
    assert reserved(world) == 10
    scalper("resume", "--concurrency", "none")
    assert reserved(world) is None


@pytest.mark.parametrize("word", ["0", "-1", "all"])
def test_a_concurrency_that_is_none_is_refused(scalper: Scalper, word: str) -> None:
    answer = scalper("resume", "--concurrency", word)
    assert answer.exit_code == 2
    assert "is no concurrency; write 10, or none" in answer.stderr


def test_a_note_that_cannot_be_read_is_told(world: World, scalper: Scalper) -> None:
    arn = world.lambda_.get_function_configuration(FunctionName="processor")["FunctionArn"]
    world.lambda_.tag_resource(Resource=arn, Tags={stopped.TAG: "yes"})
    with pytest.raises(OperateError, match="cannot be read: yes"):
        scalper("resume")


def test_a_dry_run_changes_nothing(world: World, scalper: Scalper) -> None:
    assert "would be stopped" in scalper("pause", "--dry-run").output
    assert (reserved(world), tags(world)) == (None, {})
    scalper("pause")
    note = tags(world)
    assert "would run again" in scalper("resume", "--dry-run").output
    assert (reserved(world), tags(world)) == (0, note)


def test_for_machines_both_are_objects(world: World, scalper: Scalper) -> None:
    told = json.loads(scalper("pause", "--json").output)
    assert (told["stopped"], told["note"]["before"]) == (True, None)
    assert json.loads(scalper("resume", "--json").output) == {"files": []}


def test_a_stack_that_was_never_stopped_may_be_started(world: World, scalper: Scalper) -> None:
    assert scalper("resume").exit_code == 0
    assert reserved(world) is None
