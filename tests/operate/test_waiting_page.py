"""A page of what waits: no file twice and none left out, however little is read."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.model.item import Status, iso
from operate.read import waiting_page
from operate.read.deployment import Deployment
from operate.read.errors import OperateError
from operate.read.files import Selection
from operate.read.waiting_page import Position, groups_within, page_of

from .conftest import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Index:
    """The sparse index as DynamoDB asks for it: files of one moment come in no known order."""

    def __init__(self, files: Sequence[tuple[str, str, int]]) -> None:
        self._shards: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.calls = self.read = 0
        for number, (key, status, seconds) in enumerate(files):
            at = f"{status}#{iso(NOW + timedelta(seconds=seconds))}"
            item = {"object_key": key, "upload_id": f"{number:032X}", "attention_at": at}
            self._shards[f"{number % 16:02d}"].append(
                {name: {"S": value} for name, value in item.items()}
            )
        for items in self._shards.values():
            items.sort(key=lambda it: (it["attention_at"]["S"], hash(it["object_key"]["S"])))

    def query(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        values = request["ExpressionAttributeValues"]
        first, last = (values[name]["S"] for name in (":first", ":last"))
        found = [
            it
            for it in self._shards[values[":shard"]["S"]]
            if first <= it["attention_at"]["S"] <= last
        ]
        if not request.get("ScanIndexForward", True):
            found.reverse()
        if start := request.get("ExclusiveStartKey"):
            found = found[found.index(start) + 1 :]
        looked_at = found[: request["Limit"]]
        self.read += len(looked_at)
        prefix = values.get(":prefix", {"S": ""})["S"]
        answer: dict[str, Any] = {
            "Items": [it for it in looked_at if it["object_key"]["S"].startswith(prefix)]
        }
        if len(looked_at) == request["Limit"]:
            answer["LastEvaluatedKey"] = looked_at[-1]
        return answer

    @property
    def deployment(self) -> Deployment:
        outputs = SimpleNamespace(metadata_table="records")
        return cast(
            Deployment, SimpleNamespace(outputs=outputs, clients=SimpleNamespace(dynamodb=self))
        )


def all_pages(index: Index, selection: Selection, size: int, **more: Any) -> list[str]:
    """The keys of all pages, each told where the one before it ended, as the browser is."""
    keys, after = [], None
    for _ in range(10_000):
        page = page_of(index.deployment, selection, after=after, size=size, at_once=1, **more)
        assert len(page.files) <= size
        keys += [file.key for file in page.files]
        if page.after is None:
            return keys
        after = Position.read(str(page.after))
    raise AssertionError("the pages do not end")


STATUSES = st.sampled_from(["HELD", "QUARANTINED"])


@given(
    st.lists(st.tuples(STATUSES, st.integers(0, 12)), max_size=120),
    st.integers(1, 20),
    st.sampled_from([32, 33, 64, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_every_file_is_on_one_page_the_newest_first(
    waits: list[tuple[str, int]], size: int, most_calls: int
) -> None:
    """Also where many have one moment, and where the bound cuts every page short."""
    files = [(f"{number}", status, seconds) for number, (status, seconds) in enumerate(waits)]
    keys = all_pages(Index(files), Selection(), size, most_calls=most_calls)
    assert sorted(keys) == sorted(key for key, _, _ in files)
    seconds = {key: at for key, _, at in files}
    assert [seconds[key] for key in keys] == sorted(seconds.values(), reverse=True)


def test_ten_thousand_are_paged_without_a_gap_and_each_page_reads_little() -> None:
    files = [(f"{number}", "HELD", number // 3) for number in range(10_000)]
    index = Index(files)
    keys = all_pages(index, Selection(), 50)
    assert sorted(keys) == sorted(key for key, _, _ in files)
    assert index.calls / 200 < 64
    assert index.read / 200 < 32 * waiting_page.FIRST_LOOK


def test_a_filter_that_little_matches_is_looked_for_within_the_bound() -> None:
    files = [
        (f"{'rare' if number == 0 else 'usual'}/{number}", "HELD", number)
        for number in range(40_000)
    ]
    index = Index(files)
    page = page_of(index.deployment, Selection(prefix="rare/"), at_once=1, most_calls=40)
    assert (page.files, page.complete) == ([], False)
    assert page.after is not None
    assert index.calls <= 40
    assert all_pages(index, Selection(prefix="rare/"), 50) == ["rare/0"]


def test_a_time_that_is_chosen_bounds_every_page() -> None:
    index = Index([(f"{number}", "HELD", number) for number in range(300)])
    chosen = Selection(
        since=NOW + timedelta(seconds=100),
        until=NOW + timedelta(seconds=199),
        statuses=[Status.HELD],
    )
    keys = all_pages(index, chosen, 7)
    assert keys == [f"{number}" for number in reversed(range(100, 200))]


def test_what_fails_again_meanwhile_is_not_met_twice(world: World) -> None:
    """It moves to the front, which has been seen."""
    uploads = [world.hold(f"{number}.csv") for number in range(6)]
    for number, upload in enumerate(uploads):
        world.change(upload, attention_at={"S": f"HELD#2026-01-01T00:00:0{number}.000Z"})
    first = page_of(world.deployment, Selection(), size=3)
    assert [file.key for file in first.files] == ["5.csv", "4.csv", "3.csv"]
    world.change(uploads[4], attention_at={"S": "HELD#2026-01-02T00:00:00.000Z"})
    second = page_of(world.deployment, Selection(), after=first.after, size=3)
    assert [file.key for file in second.files] == ["2.csv", "1.csv", "0.csv"]
    assert second.after is None


def test_filters_combine_as_they_do_for_the_command(world: World) -> None:
    world.hold("partners/a.csv")
    world.hold("partners/b.csv", "OUT_OF_TIME")
    world.reject("partners/c.csv")
    world.hold("devices/d.csv")
    chosen = Selection([Status.HELD], ["AWS_ERROR"], prefix="partners/")
    assert [file.key for file in page_of(world.deployment, chosen).files] == ["partners/a.csv"]
    by_glob = replace(chosen, glob="*b.csv", reasons=())
    assert [file.key for file in page_of(world.deployment, by_glob).files] == ["partners/b.csv"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "1", '["x", null, ""]', '["2026-01-01T00:00:00.000Z", 1, ""]', "[" * 10_000],
)
def test_a_position_that_no_page_gave_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(OperateError, match="Begin with the first page"):
        Position.read(text)


def test_groups_are_counted_up_to_a_bound_and_say_so(world: World) -> None:
    for number in range(40):
        world.hold(f"{number}.csv")
    world.reject("bad.csv")
    all_of_them = groups_within(world.deployment, datetime.now(UTC))
    assert [(it.status, it.reason_code, it.files) for it in all_of_them.groups] == [
        ("HELD", "AWS_ERROR", 40),
        ("QUARANTINED", "WRONG_TYPE", 1),
    ]
    assert not all_of_them.more
    some = groups_within(world.deployment, datetime.now(UTC), most=1)
    assert some.more
    assert sum(it.files for it in some.groups) < 41
