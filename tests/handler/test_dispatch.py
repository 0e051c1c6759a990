"""An event may hold several files: each gets its turn, and what failed says of whom it speaks."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from handler import File, dispatch, log
from handler.model.errors import Code, DeadlineReached, Fault
from handler.outcomes import fates as fates_module

from .world import QUARANTINE, World


def process(file: File) -> None:
    """Fails, or not, as the file's name says."""
    if "amount" in file.name:
        raise KeyError("amount")
    if "price" in file.name:
        raise ValueError("price " + "x" * 2_000 if "long" in file.name else "price")
    if "aws" in file.name:
        file.open()


def event_of(world: World, *keys: str) -> dict[str, Any]:
    return {"Records": [world.upload(key).record for key in keys]}


def failing(world: World, *keys: str) -> tuple[dict[str, Any], Fault]:
    world.deploy(process=process)
    event = event_of(world, *keys)
    with (
        world.failing("s3.GetObject", times=99),
        pytest.raises(Fault) as seen,
    ):
        world.run(event)
    return event, seen.value


def fates(world: World) -> dict[str, str]:
    return {item["object_key"]: item["status"] for item in world.items()}


def test_a_file_that_fails_does_not_keep_those_before_and_after_it_from_their_fate(
    world: World,
) -> None:
    _, fault = failing(world, "in/1.csv", "in/amount.csv", "in/2.csv")
    assert fates(world) == {"in/1.csv": "PROCESSED", "in/2.csv": "PROCESSED"}
    assert str(fault) == "PROCESS_FAILED: process raised KeyError: 'amount'"


def test_files_that_fail_alike_share_a_reason(world: World) -> None:
    _, fault = failing(world, "in/amount1.csv", "in/amount2.csv")
    assert str(fault) == "PROCESS_FAILED: process raised KeyError: 'amount'"


def test_where_files_fail_differently_each_record_says_which_reason_is_whose(world: World) -> None:
    event, fault = failing(world, "in/amount.csv", "in/price.csv")
    reason = (
        "in/amount.csv: PROCESS_FAILED: process raised KeyError: 'amount'; "
        "in/price.csv: PROCESS_FAILED: process raised ValueError: price"
    )
    assert str(fault) == f"PROCESS_FAILED: {reason}"

    world.rescue(event, error=str(fault))

    assert [(item["status"], item["reason"]) for item in world.items()] == [
        ("QUARANTINED", reason)
    ] * 2
    assert len(world.versions(QUARANTINE)) == 2


@pytest.mark.parametrize("keys", [("in/amount.csv", "in/aws.csv"), ("in/aws.csv", "in/amount.csv")])
def test_no_file_is_set_aside_where_process_is_not_to_blame_for_all(
    world: World, keys: tuple[str, ...]
) -> None:
    event, fault = failing(world, *keys)
    assert fault.code is Code.AWS_ERROR
    assert "in/amount.csv: PROCESS_FAILED: process raised KeyError: 'amount'" in fault.reason
    assert "in/aws.csv: AWS_ERROR: S3 GetObject failed" in fault.reason

    world.rescue(event, error=str(fault))

    assert fates(world) == {"in/amount.csv": "HELD", "in/aws.csv": "HELD"}
    assert all(item["reason"] == fault.reason for item in world.items())


def test_the_error_that_decided_is_the_cause(world: World) -> None:
    _, fault = failing(world, "in/amount.csv", "in/aws.csv")
    assert isinstance(fault.__cause__, Fault)
    assert str(fault.__cause__).startswith("AWS_ERROR: S3 GetObject failed")


def test_long_names_and_long_reasons_leave_room_for_the_others(world: World) -> None:
    folder = "folder/" * 60
    _, fault = failing(world, f"{folder}long-price.csv", "in/amount.csv", f"{folder}amount2.csv")
    assert len(fault.reason) <= 1_000
    assert "…" not in fault.reason
    first, second, third = fault.reason.split("; ")
    assert "/long-price.csv: PROCESS_FAILED: process raised ValueError: price xxx" in first
    assert second == "in/amount.csv: PROCESS_FAILED: process raised KeyError: 'amount'"
    assert third.endswith("/amount2.csv: PROCESS_FAILED: process raised KeyError: 'amount'")


def test_how_long_it_took_counts_from_the_files_own_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "clock", SimpleNamespace(monotonic=lambda: 5.0))
    monkeypatch.setattr(fates_module, "clock", SimpleNamespace(monotonic=lambda: 7.25))
    upload = world.upload()
    monkeypatch.setattr(log, "clock", SimpleNamespace(monotonic=lambda: 7.25))
    world.run(upload)
    assert world.record(upload)["duration_ms"] == 2250


def test_what_time_did_not_suffice_for_is_not_held_against_process(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(**_: Any) -> None:
        raise DeadlineReached

    world.deploy(process=process)
    world.aws.hook("before-call.dynamodb.PutItem", slow)
    with pytest.raises(Fault) as seen:
        world.run(event_of(world, "in/amount.csv", "in/late.csv", "in/never-begun.csv"))
    assert seen.value.code is Code.OUT_OF_TIME
    assert seen.value.reason == (
        "in/amount.csv: PROCESS_FAILED: process raised KeyError: 'amount'; "
        "the rest: OUT_OF_TIME: the time of the invocation was up; raise timeout_seconds"
    )
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["code"] == "OUT_OF_TIME"


def test_a_bug_of_ours_is_named_and_keeps_its_traceback(world: World) -> None:
    def broken(**_: Any) -> None:
        raise ZeroDivisionError("ours")

    world.aws.hook("before-call.dynamodb.PutItem", broken)
    with pytest.raises(Fault, match="INTERNAL_ERROR: ZeroDivisionError: ours") as seen:
        world.run(world.upload())
    assert isinstance(seen.value.__cause__, ZeroDivisionError)


def test_a_bug_of_ours_spares_the_other_files(world: World) -> None:
    broken = iter([ZeroDivisionError("ours")])

    def once(**_: Any) -> None:
        for error in broken:
            raise error

    world.aws.hook("before-call.dynamodb.PutItem", once)
    with pytest.raises(Fault, match="INTERNAL_ERROR"):
        world.run(event_of(world, "in/1.csv", "in/2.csv"))
    assert fates(world) == {"in/2.csv": "PROCESSED"}
