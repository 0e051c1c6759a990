"""The days' figures that the daily check writes: right under all that can befall a file."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.aws.records import plain_item, typed_item
from handler.model.item import iso
from handler.model.settings import Settings
from operate.audit import daily
from operate.audit.day_writer import write
from operate.read import sources
from operate.read.day import MOST_BYTES, NAMED, REST, Day
from operate.read.day_book import day_book
from operate.read.day_items import FIGURES_KEY, KEPT_DAYS, LAST_COUNT

from .conftest import World

NOW = datetime.now(UTC)
TODAY = f"{NOW:%Y-%m-%d}"


def check(world: World) -> None:
    daily.check(Settings.from_environment(world.environment), world.deployment, 0)


def item_of(world: World, day: str) -> dict[str, Any] | None:
    key = typed_item({"object_key": FIGURES_KEY, "upload_id": day})
    found = world.dynamodb.get_item(TableName="records", Key=key).get("Item")
    return found and plain_item(found)


def put(world: World, day: str, **values: Any) -> None:
    item = {"object_key": FIGURES_KEY, "upload_id": day, **values}
    world.dynamodb.put_item(TableName="records", Item=typed_item(item))


def day_of(world: World, day: str = TODAY) -> Day:
    item = item_of(world, day)
    assert item is not None
    return Day.unpack(day, item["figures"])


def record(world: World, number: int, uploaded: datetime = NOW, **values: Any) -> dict[str, Any]:
    """A record as the handler writes it, of any age; None in `values` leaves an attribute out."""
    item = {
        "object_key": f"{number}.csv",
        "upload_id": f"{number:032X}",
        "file_type": "csv",
        "size_bytes": 100,
        "uploaded_at": iso(uploaded),
        "processed_at": iso(uploaded + timedelta(seconds=2)),
        "duration_ms": 10,
        "status": "PROCESSED",
        "attempt": 1,
        "owner": "owner",
        **values,
    }
    item = {name: value for name, value in item.items() if value is not None}
    world.dynamodb.put_item(TableName="records", Item=typed_item(item))
    return item


def statuses(day: Day) -> Mapping[str, int]:
    return {status: tally.files for status, tally in day.total.by_status.items()}


def test_every_file_of_the_day_is_counted_by_fate_type_hour_and_reason(world: World) -> None:
    world.accept("a.csv", b"12345")
    world.accept("b.JSON", b"1")
    world.reject("c.csv", "WRONG_TYPE")
    world.hold("d", "AWS_ERROR")
    check(world)
    day = day_of(world)
    assert statuses(day) == {"PROCESSED": 2, "QUARANTINED": 1, "HELD": 1}
    assert {name: group.files for name, group in day.types.items()} == {
        "csv": 2, "json": 1, "none": 1,
    }  # fmt: skip
    assert sum(group.files for group in day.hours.values()) == 4
    assert {code: it.files for code, it in day.reasons.items()} == {"WRONG_TYPE": 1, "AWS_ERROR": 1}
    assert day.types["csv"].bytes == 5 + len(b"content")
    assert day.total.durations.files == day.total.waits.files == 3, "what is held is not over"
    assert day.total.sizes.files == 4


def test_a_held_file_that_is_accepted_later_moves_from_one_count_to_the_other(
    world: World,
) -> None:
    held = world.hold("a.csv")
    check(world)
    assert statuses(day_of(world)) == {"HELD": 1}
    held.pipeline.fates.accept(held.delivery)
    check(world)
    day = day_of(world)
    assert statuses(day) == {"PROCESSED": 1}
    assert (day.total.attempts, day.total.retried) == (2, 1)


def test_a_second_delivery_and_a_retry_count_no_file_twice(world: World) -> None:
    twice = world.accept("a.csv")
    twice.pipeline.fates.accept(twice.delivery)
    world.accept_again("b.csv")
    check(world)
    day = day_of(world)
    assert statuses(day) == {"PROCESSED": 2}
    assert (day.total.files, day.total.attempts) == (2, 3)


def test_a_retry_days_later_counts_on_the_day_of_the_upload(world: World) -> None:
    then = NOW - timedelta(days=3)
    record(world, 1, then, processed_at=iso(NOW), attempt=3)
    check(world)
    day = day_of(world, f"{then:%Y-%m-%d}")
    assert day.total.waits.largest == pytest.approx(3 * 86_400_000, abs=1)
    assert item_of(world, TODAY) is None


def test_days_that_did_not_change_are_not_written_again(world: World) -> None:
    record(world, 1, NOW - timedelta(days=1))
    world.accept("a.csv")
    check(world)
    written = item_of(world, TODAY)
    check(world)
    assert item_of(world, TODAY) == written
    world.accept("b.csv")
    check(world)
    changed = item_of(world, TODAY)
    assert changed
    assert changed["revision"] == 2
    yesterday = item_of(world, f"{NOW - timedelta(days=1):%Y-%m-%d}")
    assert yesterday
    assert yesterday["revision"] == 1


def test_a_day_whose_records_have_begun_to_expire_is_never_made_smaller(world: World) -> None:
    old = NOW - timedelta(days=10)
    date = f"{old:%Y-%m-%d}"
    gone = [record(world, it, old, expires_at=int(NOW.timestamp()) + 60) for it in range(3)]
    check(world)
    for item in gone[:2]:
        key = typed_item({it: item[it] for it in ("object_key", "upload_id")})
        world.dynamodb.delete_item(TableName="records", Key=key)
    check(world)
    assert day_of(world, date).files == 3


def test_a_day_whose_records_have_begun_to_expire_is_not_made_wrong_by_late_ones(
    world: World,
) -> None:
    """As many came by a backfill as have expired: the number alone would not tell."""
    old = NOW - timedelta(days=10)
    date = f"{old:%Y-%m-%d}"
    item = record(world, 1, old, expires_at=int(NOW.timestamp()) - 5)
    check(world)
    key = typed_item({it: item[it] for it in ("object_key", "upload_id")})
    world.dynamodb.delete_item(TableName="records", Key=key)
    record(world, 2, old, file_type="late")
    record(world, 3, old, file_type="late")
    check(world)
    assert day_of(world, date).types.keys() == {"csv"}


@pytest.mark.parametrize(
    "figures",
    [None, b"", b"garbage", zlib.compress(b"[]"), zlib.compress(b'{"v": 99}'), "text", 7,
     zlib.compress(b"[" * 100_000), zlib.compress(b" " * 10_000_000)],
    ids=["none", "empty", "garbage", "no-map", "newer", "text", "number", "deep", "bomb"],
)  # fmt: skip
def test_a_garbled_day_is_counted_anew(
    world: World, capsys: pytest.CaptureFixture[str], figures: Any
) -> None:
    world.accept("a.csv")
    raw = typed_item({"object_key": FIGURES_KEY, "upload_id": TODAY, "revision": "x"})
    if isinstance(figures, bytes):
        raw["figures"] = {"B": figures}
    elif figures is not None:
        raw |= typed_item({"figures": figures})
    world.dynamodb.put_item(TableName="records", Item=raw)
    check(world)
    assert statuses(day_of(world)) == {"PROCESSED": 1}
    assert '"unreadable": 1' in capsys.readouterr().out


def test_a_deleted_day_is_counted_anew_and_says_what_it_lacks(world: World) -> None:
    world.tell(SCALPER_RECORD_RETENTION_DAYS="5")
    record(world, 1, NOW - timedelta(days=10))
    record(world, 2, NOW - timedelta(days=1))
    check(world)
    assert day_of(world, f"{NOW - timedelta(days=10):%Y-%m-%d}").is_incomplete
    assert not day_of(world, f"{NOW - timedelta(days=1):%Y-%m-%d}").is_incomplete


@pytest.mark.parametrize("is_first_day", [True, False])
def test_of_two_checks_at_once_the_second_leaves_what_the_first_wrote(
    world: World, is_first_day: bool
) -> None:
    world.accept("a.csv")
    if not is_first_day:
        check(world)
        world.accept("c.csv")
    with day_book() as one, day_book() as other:
        for book in (one, other):
            for _ in sources.records(world.deployment, also=book.add, aside=book.look_at):
                pass
        world.accept("b.csv")
        assert write(world.deployment, one).written == 1
        assert write(world.deployment, other).elsewhere == 1
    check(world)
    assert day_of(world).files == 2 + (not is_first_day)


def test_a_clock_that_was_ahead_stops_no_later_check(world: World) -> None:
    world.accept("a.csv")
    put(world, LAST_COUNT, counted_at="2099-01-01T00:00:00.000Z", records=5, undated=0, revision=3)
    check(world)
    last = item_of(world, LAST_COUNT)
    assert last
    assert (last["records"], last["revision"]) == (1, 4)
    assert last["counted_at"] < "2099"


def test_what_an_older_version_or_a_stranger_wrote_is_counted_as_far_as_it_goes(
    world: World,
) -> None:
    record(world, 1, file_type=None, duration_ms=None, attempt=None, size_bytes=None)
    record(world, 2, status="LOST_IN_SPACE")
    record(world, 3, status=None)
    record(world, 4, uploaded_at="when?", processed_at=None)
    record(world, 5, uploaded_at="0001-01-01T00:00:00+14:00", processed_at=None)
    record(world, 6, attempt="many", duration_ms=-4, size_bytes="large", reason_code=7)
    check(world)
    day = day_of(world)
    assert statuses(day) == {"PROCESSED": 2, "UNKNOWN": 2}
    assert day.types["none"].files == 1
    assert day.total.durations.files == 0
    last = item_of(world, LAST_COUNT)
    assert last
    assert (last["records"], last["undated"]) == (6, 2)


def test_a_day_names_thirty_types_and_counts_the_rest_together(world: World) -> None:
    for number in range(NAMED + 10):
        for copy in range(2 if number < NAMED else 1):
            record(world, number * 2 + copy, file_type=f"t{number:02}")
    record(world, 1000, file_type="x" * 500)
    check(world)
    day = day_of(world)
    assert day.types.keys() == {f"t{number:02}" for number in range(NAMED)} | {REST}
    assert (day.types[REST].files, day.other_types) == (11, 11)
    assert day.files == NAMED * 2 + 11


def test_days_that_are_no_longer_kept_are_not_written(world: World) -> None:
    old = NOW - timedelta(days=KEPT_DAYS + 2)
    record(world, 1, old)
    check(world)
    assert item_of(world, f"{old:%Y-%m-%d}") is None


def test_the_items_expire_with_the_days(world: World) -> None:
    world.accept("a.csv")
    check(world)
    item = item_of(world, TODAY)
    assert item
    midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
    assert item["expires_at"] == int((midnight + timedelta(days=KEPT_DAYS)).timestamp())


def test_nobody_takes_the_figures_for_files(world: World, scalper: Any) -> None:
    world.accept("a.csv")
    world.reject("b.csv")
    check(world)
    for command in (("list",), ("status", "--count"), ("reconcile", "--grace", "0s")):
        assert "scalper:figures" not in scalper(*command).output
    assert world.findings() == []
    assert world.counts() == {"processed": 1, "quarantined": 1}
    assert list(sources.statuses(world.deployment)).count("PROCESSED") == 1


def test_a_check_that_may_not_write_fails_and_has_told_what_it_found(world: World) -> None:
    from operate.read.errors import OperateError

    from .test_daily import told

    world.upload("lost.csv")

    def refuse(**_: Any) -> None:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutItem")

    world.dynamodb.meta.events.register("before-call.dynamodb.PutItem", refuse)
    try:
        with pytest.raises(OperateError, match=r"write the day's figures .*: not allowed"):
            check(world)
    finally:
        world.dynamodb.meta.events.unregister("before-call.dynamodb.PutItem", refuse)
    assert len(told()) == 1


def test_an_item_is_far_below_what_dynamodb_takes() -> None:
    assert MOST_BYTES + 2 * len(FIGURES_KEY) < 100_000
