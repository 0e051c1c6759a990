"""`scalper list`: which files wait."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.model.errors import Code
from handler.model.item import Status, iso
from operate.commands import looking
from operate.read.files import Selection, Waiting, count_waiting, read, waiting

from .conftest import Scalper, World


def keys(world: World, selection: Selection = Selection(), **more: Any) -> list[str]:  # noqa: B008
    return [file.key for file in waiting(world.deployment, selection, **more)]


def test_what_waits_comes_in_order_of_time_over_all_shards(world: World) -> None:
    for number in range(40):
        upload = world.hold(f"{number}.csv") if number % 2 else world.reject(f"{number}.csv")
        status = "HELD" if number % 2 else "QUARANTINED"
        # Not in the order of arrival.
        at = f"2026-01-01T00:00:{number * 7 % 40:02}.000Z"
        world.change(upload, attention_at={"S": f"{status}#{at}"})
    world.accept("good.csv")
    oldest_first = [f"{number}.csv" for number in sorted(range(40), key=lambda n: n * 7 % 40)]
    assert keys(world) == oldest_first
    assert keys(world, newest_first=True) == oldest_first[::-1]
    assert count_waiting(world.deployment, Selection()) == 40


def test_pages_of_a_shard_follow_one_another(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operate.read.files.PAGE", 2)
    for number in range(60):
        world.hold(f"{number}.csv")
    assert sorted(keys(world)) == sorted(f"{number}.csv" for number in range(60))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["a/1.csv", "a/2.csv", "b/3.exe"]),
        (Selection(statuses=[Status.HELD]), ["a/1.csv"]),
        (Selection(reasons=["PROCESS_FAILED", "AWS_ERROR"]), ["a/1.csv", "a/2.csv"]),
        (Selection(prefix="a/"), ["a/1.csv", "a/2.csv"]),
        (Selection(glob="*.exe"), ["b/3.exe"]),
        (Selection(glob="a/[13].csv", reasons=["PROCESS_FAILED"]), []),
        (Selection(since=datetime.now(UTC) + timedelta(hours=1)), []),
        (Selection(until=datetime.now(UTC) - timedelta(hours=1)), []),
    ],
)
def test_the_options_choose(world: World, selection: Selection, expected: list[str]) -> None:
    world.hold("a/1.csv")
    world.reject("a/2.csv", "PROCESS_FAILED")
    world.reject("b/3.exe")
    assert sorted(keys(world, selection)) == expected
    assert count_waiting(world.deployment, selection) == len(expected)


def test_who_uploaded_is_shown_and_chooses(world: World, scalper: Scalper) -> None:
    for key, sender in (("a.csv", "AWS:AROAPARTNER:upload"), ("b.csv", "123456789012")):
        world.change(world.hold(key), sender={"S": sender}, sender_address={"S": "203.0.113.15"})
    world.hold("of-nobody.csv")
    assert keys(world, Selection(sender="AWS:AROAPARTNER:*")) == ["a.csv"]
    assert keys(world, Selection(sender="123456789012")) == ["b.csv"]
    assert count_waiting(world.deployment, Selection(sender="*PARTNER*")) == 1
    [line] = [it for it in scalper("list", "--sender", "AWS:*").output.splitlines() if ".csv" in it]
    assert line.endswith("a.csv  by AWS:AROAPARTNER:upload")
    listed = json.loads(scalper("list", "--json").output)["files"]
    assert {it["key"]: it["sender"] for it in listed} == {
        "a.csv": "AWS:AROAPARTNER:upload", "b.csv": "123456789012", "of-nobody.csv": None
    }  # fmt: skip
    shown = scalper("show", "a.csv").output
    assert "  By        AWS:AROAPARTNER:upload, from 203.0.113.15\n" in shown
    released = scalper("release", "--sender", "1234*").output
    assert "b.csv" in released
    assert "a.csv" not in released


def test_since_and_until_count_the_moment_of_the_decision(world: World) -> None:
    held = datetime.fromisoformat(world.item(world.hold("a.csv"))["processed_at"]["S"])
    assert keys(world, Selection(since=held, until=held)) == ["a.csv"]
    later = held + timedelta(milliseconds=1)
    assert keys(world, Selection(since=later)) == []


def test_records_are_read_by_the_hundred(world: World) -> None:
    uploads = [world.accept(f"{number}.csv") for number in range(101)]
    asked = [(upload.key, upload.delivery.upload.upload_id) for upload in uploads]
    found = read(world.deployment, [*asked, ("missing.csv", "00")])
    assert sorted(item["object_key"] for item in found) == sorted(key for key, _ in asked)


NEEDY = (
    "failed.csv", "failed-in-a-retry.csv", "held.csv", "overdue.csv", "concluded.csv", "died.csv"
)  # fmt: skip


def test_each_line_says_who_has_to_do_something(world: World, scalper: Scalper) -> None:
    world.reject("rejected.csv")
    world.reject("failed.csv", "PROCESS_FAILED")
    world.reject("failed-in-a-retry.csv", "AWS_ERROR")
    world.hold("held.csv")
    soon = iso(datetime.now(UTC) + timedelta(minutes=10, seconds=30))
    world.change(world.hold("later.csv"), retry_at={"S": soon})
    world.change(world.hold("overdue.csv"), retry_at={"S": "2026-01-01T00:00:00.000Z"})
    now = datetime.now(UTC)
    world.change(world.hold("tried.csv"), claimed_at={"S": iso(now + timedelta(seconds=1))})
    world.change(world.hold("concluded.csv"), claimed_at={"S": "2026-01-01T00:00:00.000Z"})
    died = world.hold("died.csv")
    long_ago = now - timedelta(hours=7, seconds=60)
    world.change(
        died,
        claimed_at={"S": iso(long_ago)},
        attention_at={"S": f"HELD#{iso(long_ago - timedelta(hours=1))}"},
    )
    lines = scalper("list").output.splitlines()
    said = {line.split()[-1]: " ".join(line.split()) for line in lines[1:]}
    assert "WRONG_TYPE 7 bytes for its sender" in said["rejected.csv"]
    for key in NEEDY:
        assert "needs somebody" in said[key], key
    assert "tried again in 10 min" in said["later.csv"]
    assert "being tried again" in said["tried.csv"]


def test_a_person_is_shown_the_newest_and_told_of_the_rest(world: World, scalper: Scalper) -> None:
    for number in range(3):
        world.hold(f"{number}.csv")
    answer = scalper("list", "--limit", "2")
    assert len(answer.stdout.splitlines()) == 1 + 2
    assert "and more: --limit 0 lists all" in answer.stderr
    answer = scalper("list", "--limit", "0", "--oldest")
    assert [line.split()[-1] for line in answer.stdout.splitlines()[1:]] == [
        "0.csv",
        "1.csv",
        "2.csv",
    ]
    assert answer.stderr == ""


def test_for_machines_it_is_one_object_of_all(world: World, scalper: Scalper) -> None:
    assert json.loads(scalper("list", "--json").output) == {"files": [], "count": 0}
    upload = world.hold("a\n[b].csv")
    (file,) = json.loads(scalper("list", "--json").output)["files"]
    assert file["key"] == upload.key
    assert file["status"] == "HELD"
    assert file["reason_code"] == "AWS_ERROR"
    assert file["retry_at"] is None


def test_nothing_that_waits_is_good_news(scalper: Scalper) -> None:
    assert scalper("list").output == "No file waits.\n"
    assert scalper("list", "--reason", "WRONG_TYPE").output == "No such file waits.\n"


def test_a_hostile_name_stays_on_its_line_as_it_is_written(world: World, scalper: Scalper) -> None:
    world.hold("a\n\x1b[31m\t[bold]\u202e.csv")
    *_, line = scalper("list").output.splitlines()
    assert line.endswith(r"a\n\x1b[31m\t[bold]\u202e.csv")


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--since", "soon", "is no time; write 2h for two hours ago"),
        ("--reason", "wrong type", "is no reason code"),
        ("--status", "GONE", "is not one of"),
    ],
)
def test_a_wrong_option_is_told(scalper: Scalper, option: str, value: str, told: str) -> None:
    answer = scalper("list", option, value)
    assert answer.exit_code == 2
    assert told in answer.stderr


@pytest.mark.parametrize("retry_minutes", [None, -1, 59, 60 * 24 * 99])
def test_every_line_but_the_key_fits_into_80_columns(
    monkeypatch: pytest.MonkeyPatch, retry_minutes: int | None
) -> None:
    now = datetime.now(UTC)
    retry_at = None if retry_minutes is None else iso(now + timedelta(minutes=retry_minutes))
    longest = max(Code, key=len)
    for since in (now - timedelta(days=365), now):
        status = Status.QUARANTINED
        file = Waiting("k", "1", status, iso(since), longest, 999 * 1024, retry_at, None)
        key, facts = looking._two_lines(file, now).plain.split("\n")
        assert key == "k"
        assert len(facts) <= 80, facts
