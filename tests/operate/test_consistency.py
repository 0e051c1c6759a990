"""Who judges a deployment reads the table as it is now: a stale record is a false alarm."""

from typing import Any

import pytest

from operate.read import files, sources

from .conftest import World

READS = ("Scan", "Query", "BatchGetItem", "GetItem")


def is_consistent(params: dict[str, Any]) -> bool:
    asked = params.get("RequestItems", {"": params})
    return all(it.get("ConsistentRead") is True for it in asked.values())


@pytest.fixture
def reads(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Every read of the table from here on: the call and its parameters."""
    found: list[tuple[str, dict[str, Any]]] = []
    for call in READS:

        def note(params: dict[str, Any], call: str = call, **_: Any) -> None:
            found.append((call, dict(params)))

        world.deployment.clients.dynamodb.meta.events.register(
            f"provide-client-params.dynamodb.{call}", note
        )
    return found


def test_the_judge_reads_what_is_recorded_now(world: World, reads: list[Any]) -> None:
    world.accept("a.csv")
    assert world.findings() == []
    assert [call for call, _ in reads] == ["Scan"]
    assert all(is_consistent(params) for _, params in reads)


def test_the_story_of_a_file_and_what_is_acted_on_are_read_as_they_are_now(
    world: World, reads: list[Any]
) -> None:
    upload = world.hold("a.csv")
    [item] = files.uploads(world.deployment, "a.csv")
    name = (item["object_key"], item["upload_id"])
    assert [one["upload_id"] for one in files.read(world.deployment, [name])] == [name[1]]
    assert upload.delivery.upload.upload_id == name[1]
    assert [call for call, _ in reads] == ["Query", "BatchGetItem"]
    assert all(is_consistent(params) for _, params in reads)


def test_the_records_are_read_once_and_as_they_are_now(world: World, reads: list[Any]) -> None:
    world.accept("a.csv")
    assert len(list(sources.records(world.deployment))) == 1
    assert [is_consistent(params) for _, params in reads] == [True]
