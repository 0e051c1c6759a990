"""`scalper download`: files come here, and nothing here is harmed."""

import errno
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operate.act.download import local_path
from operate.act.pace import Pace
from operate.read.errors import OperateError

from .conftest import Scalper, World


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_file_comes_from_wherever_it_is(world: World, scalper: Scalper, tmp_path: Path) -> None:
    world.accept("in/accepted.csv", b"accepted")
    world.reject("set-aside.csv")
    world.hold("held.csv")
    answer = scalper(
        "download", "in/accepted.csv", "set-aside.csv", "held.csv", "--to", str(tmp_path)
    )
    assert answer.exit_code == 0
    assert files(tmp_path) == {
        "in/accepted.csv": b"accepted",
        "set-aside.csv": b"content",
        "held.csv": b"content",
    }


def test_the_newest_upload_is_meant_unless_another_is_named(
    world: World, scalper: Scalper, tmp_path: Path
) -> None:
    old = world.reject("a.csv")
    world.accept("a.csv", b"newer")
    old_id = old.delivery.upload.upload_id
    scalper("download", "a.csv", "--to", str(tmp_path))
    scalper("download", "a.csv", "--upload", old_id, "--to", str(tmp_path))
    assert files(tmp_path) == {"a.csv": b"newer", f"a.csv.{old_id}": b"content"}


def test_nothing_is_overwritten_and_nothing_read_twice(
    world: World, scalper: Scalper, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(b"my own")
    upload = world.reject("a.csv")
    name = f"a.csv.{upload.delivery.upload.upload_id}"
    assert "is here: " in scalper("download", "a.csv", "--to", str(tmp_path)).output
    assert "is here already: " in scalper("download", "a.csv", "--to", str(tmp_path)).output
    assert files(tmp_path) == {"a.csv": b"my own", name: b"content"}


def test_many_come_by_a_selection(world: World, scalper: Scalper, tmp_path: Path) -> None:
    for at in range(3):
        world.reject(f"{at}.csv", "PROCESS_FAILED")
    world.hold("other.csv")
    scalper("download", "--reason", "PROCESS_FAILED", "--to", str(tmp_path))
    assert sorted(files(tmp_path)) == ["0.csv", "1.csv", "2.csv"]


def test_a_dry_run_writes_nothing(world: World, scalper: Scalper, tmp_path: Path) -> None:
    world.reject("a.csv")
    answer = scalper("download", "a.csv", "--dry-run", "--to", str(tmp_path))
    assert "would be written to" in answer.output
    assert files(tmp_path) == {}


def test_what_is_gone_is_told(world: World, scalper: Scalper, tmp_path: Path) -> None:
    world.mark_gone("a.csv")
    copy = world.reject("b.csv")
    moved = world.item(copy)["location_version_id"]["S"]
    world.remove("quarantine", "b.csv", moved)
    answer = scalper("download", "a.csv", "b.csv", "--to", str(tmp_path))
    assert answer.exit_code == 1
    assert "a.csv: is GONE: there is nothing to download" in answer.output
    assert "b.csv: is not where its record says: see scalper reconcile" in answer.output
    assert files(tmp_path) == {}


def test_a_key_never_leads_out_of_the_folder(
    world: World, scalper: Scalper, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    for key in ("../out.csv", "/abs.csv", "a/../../out.csv", "./x", "a//b", "nul\x01l"):
        world.hold(key)
    scalper("download", "--reason", "AWS_ERROR", "--to", str(inside))
    assert set(files(tmp_path)) == {
        "inside/%2E%2E/out.csv",
        "inside/%/abs.csv",
        "inside/a/%2E%2E/%2E%2E/out.csv",
        "inside/%2E/x",
        "inside/a/%/b",
        "inside/nul%01l",
    }


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_whatever_the_key_the_path_stays_below_and_fits_the_file_system(key: str) -> None:
    path = local_path(key)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert all(part and len(part.encode()) <= 255 for part in path.parts)
    assert str(path).isprintable()


@settings(max_examples=300)
@given(st.text("a./%2E\\\0", max_size=8), st.text("a./%2E\\\0", max_size=8))
def test_different_keys_have_different_paths(first: str, second: str) -> None:
    assert (first == second) == (str(local_path(first)) == str(local_path(second)))


def test_long_names_that_differ_at_the_end_stay_apart() -> None:
    first, second = local_path("x" * 300 + "1"), local_path("x" * 300 + "2")
    assert first != second


@pytest.mark.parametrize("keys", [("a", "a/b"), ("a/b", "a")])
def test_a_file_and_a_folder_of_one_name_are_both_here(
    keys: tuple[str, str], world: World, scalper: Scalper, tmp_path: Path
) -> None:
    """S3 has no folders, so keys may be `a` and `a/b`."""
    for key in keys:
        world.accept(key, key.encode())
    for _ in range(2):
        assert scalper("download", *keys, "--to", str(tmp_path)).exit_code == 0
    expected = {
        ("a", "a/b"): {"a": b"a", "a%/b": b"a/b"},
        ("a/b", "a"): {"a/b": b"a/b", "a%": b"a"},
    }
    assert files(tmp_path) == expected[keys]


def test_a_file_that_cannot_be_written_does_not_stop_the_others(
    world: World, scalper: Scalper, tmp_path: Path
) -> None:
    for key in ("closed/a", "open/b"):
        world.reject(key)
    (tmp_path / "closed").symlink_to("nowhere/closed")
    answer = scalper("download", "--prefix", "", "--reason", "WRONG_TYPE", "--to", str(tmp_path))
    assert answer.exit_code == 1
    assert f"! closed/a: cannot be written to {tmp_path / 'closed/a'}: File exists" in answer.output
    assert files(tmp_path) == {"open/b": b"content"}


def test_a_full_disk_stops_the_command(
    world: World, scalper: Scalper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.reject("a")
    monkeypatch.setattr("operate.act.download.os.replace", full)
    with pytest.raises(OperateError, match=r"Cannot write .*: No space left on device"):
        scalper("download", "a", "--to", str(tmp_path))
    assert files(tmp_path) == {}
