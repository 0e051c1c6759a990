"""`scalper find`, and what `show` suggests for a bare file name."""

import json
from typing import Any

import pytest

from operate.commands import finding
from operate.read import names
from operate.read.errors import OperateError
from operate.read.names import Search, find

from .conftest import Scalper, World


def found(scalper: Scalper, *arguments: str) -> list[tuple[str, str, str | None]]:
    answer: dict[str, Any] = json.loads(scalper("find", "--json", *arguments).output)
    return [(it["key"], it["bucket"], it["status"]) for it in answer["files"]]


@pytest.fixture
def several(world: World) -> World:
    world.accept("partners/acme/orders.csv")
    world.accept("partners/acme/orders.csv", b"newer")
    world.accept("partners/bergmann/orders.csv")
    world.reject("partners/acme/broken.csv")
    world.upload("orders.csv")
    return world


def test_files_are_found_by_the_beginning_of_their_key(several: World, scalper: Scalper) -> None:
    assert found(scalper, "partners/acme/") == [
        ("partners/acme/orders.csv", "input", "PROCESSED"),
        ("partners/acme/broken.csv", "quarantine", "QUARANTINED"),
    ]


def test_files_are_found_by_the_end_of_their_key_once(several: World, scalper: Scalper) -> None:
    assert found(scalper, "orders.csv") == [
        ("orders.csv", "input", None),
        ("partners/acme/orders.csv", "input", "PROCESSED"),
        ("partners/bergmann/orders.csv", "input", "PROCESSED"),
    ]
    assert "no record" in scalper("find", "orders.csv").output


def test_what_is_in_no_bucket_is_not_found_and_that_is_said(
    several: World, scalper: Scalper
) -> None:
    several.mark_gone("gone.csv")
    assert found(scalper, "gone.csv") == []
    assert "begins or ends with gone.csv" in scalper("find", "gone.csv").output
    assert "is not found" in scalper("find", "--help").output.replace("\n ", "")
    assert "GONE" in scalper("show", "gone.csv").output


def test_what_was_not_read_is_said(
    several: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Search()
    assert len(list(find(several.deployment, "bergmann/orders.csv", search, most=2))) == 0
    assert not search.is_all
    monkeypatch.setattr(finding, "MOST_VERSIONS", 2)
    answer = scalper("find", "bergmann/orders.csv")
    assert "--all reads all" in answer.output
    assert "partners/bergmann/orders.csv" in scalper("find", "bergmann/orders.csv", "--all").output


def test_no_more_are_shown_than_asked_for(several: World, scalper: Scalper) -> None:
    assert len(found(scalper, "csv", "--limit", "2")) == 2
    assert "… and more" in scalper("find", "csv", "--limit", "2").output


def test_a_name_that_moves_the_cursor_is_shown_as_it_is(world: World, scalper: Scalper) -> None:
    world.accept("a\u202eb.csv")
    assert "\\u202e" in scalper("find", ".csv").output


def test_show_suggests_the_keys_that_end_with_a_bare_name(several: World, scalper: Scalper) -> None:
    with pytest.raises(OperateError) as refused:
        scalper("show", "broken.csv")
    assert "scalper show 'partners/acme/broken.csv'" in str(refused.value).replace(
        "show partners/acme/broken.csv", "show 'partners/acme/broken.csv'"
    )
    with pytest.raises(OperateError) as unknown:
        scalper("show", "nowhere.csv")
    assert "scalper show" not in str(unknown.value)


def test_no_more_is_suggested_than_fits(world: World) -> None:
    for number in range(5):
        world.accept(f"{number}/same.csv")
    assert len(names.ending_with(world.deployment, "same.csv")) == names.SUGGESTED
