"""`scalper figures`: exact, of any day, and honest about what is not in it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler.aws.records import typed_item
from handler.model.item import iso
from handler.model.settings import Settings
from operate.audit import daily
from operate.read import since_count
from operate.read.day_items import FIGURES_KEY, LAST_COUNT
from operate.read.figures import By, figures
from operate.screens.figures_screen import one_line

from .conftest import Scalper, World
from .test_day_book import put, record

NOW = datetime.now(UTC)
TODAY = f"{NOW:%Y-%m-%d}"


def check(world: World) -> None:
    daily.check(Settings.from_environment(world.environment), world.deployment, 0)


@pytest.fixture
def logs(world: World) -> Any:
    """What the functions have logged; `write` adds a line of the processor."""
    for function in ("processor", "rescuer"):
        world.clients.logs.create_log_group(logGroupName=f"/aws/lambda/{function}")

    def write(*lines: dict[str, Any] | str, function: str = "processor") -> None:
        group, stream = f"/aws/lambda/{function}", f"stream-{len(lines)}-{id(lines)}"
        world.clients.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        at = int(datetime.now(UTC).timestamp() * 1000)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        world.clients.logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": at + n, "message": text} for n, text in enumerate(texts)],
        )

    return write


def line(number: int, status: str = "PROCESSED", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "key": f"{number}.csv",
        "upload_id": f"{number:032X}",
        "type": "csv",
        "size": 10,
        "ms": 20,
        **more,
    }


def asked(scalper: Scalper, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(scalper("figures", "--json", *arguments).output)
    return found


def test_counted_files_and_those_since_are_together(
    world: World, scalper: Scalper, logs: Any
) -> None:
    record(world, 1, NOW - timedelta(days=1), duration_ms=100)
    record(world, 2, NOW, status="QUARANTINED", reason_code="WRONG_TYPE")
    check(world)
    logs(line(3), line(4, "HELD", code="AWS_ERROR"))
    found = asked(scalper, "--by", "day", "--days", "3")
    assert [row["files"] for row in found["rows"]] == [0, 1, 3]
    assert found["total"]["by_status"] == {"held": 1, "processed": 2, "quarantined": 1}
    assert found["from_log"] == {"files": 2, "retried": 0, "all": True}
    assert (found["total"]["duration_ms"]["max"], found["total"]["wait_ms"]["max"]) == (100, 2000)


def test_the_log_counts_an_upload_once_and_no_file_that_was_counted_before(
    world: World, scalper: Scalper, logs: Any
) -> None:
    record(world, 1, status="HELD")
    check(world)
    logs(
        line(1, retry=1),  # counted before, tried again since
        line(2, "HELD", code="AWS_ERROR"),
        line(2, retry=1),  # held and accepted since
        line(3),
        line(3, stood=True),  # a second delivery
    )
    found = asked(scalper)
    assert found["total"]["by_status"] == {"held": 1, "processed": 2}
    assert found["from_log"] == {"files": 2, "retried": 1, "all": True}


@pytest.mark.parametrize(
    "printed",
    ['{"status": "PROCESSED", "upload_id": 7}', '{"status": ["upload_id"]}', "upload_id",
     '{"status": "PROCESSED", "key": "a", "upload_id": "b", "size": "large"}',
     '{"status": "PROCESSED", "key": "a", "upload_id": "b", "size": 1, "code": {}}',
     '{"status": "FAULT", "key": "a", "upload_id": "b", "size": 1}', '["upload_id"]'],
)  # fmt: skip
def test_what_process_prints_is_no_file(
    world: World, scalper: Scalper, logs: Any, printed: str
) -> None:
    check(world)
    logs(printed)
    assert asked(scalper)["from_log"]["files"] == 0


def test_the_log_is_read_within_a_bound_and_that_is_said(
    world: World, scalper: Scalper, logs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(world)
    asked_for = []
    answer = {"events": [], "nextToken": "more"}

    def endless(**request: Any) -> Any:
        asked_for.append(request)
        return answer

    monkeypatch.setattr(world.clients.logs, "filter_log_events", endless)
    assert asked(scalper)["from_log"]["all"] is False
    assert len(asked_for) == 2 * since_count.MOST_CALLS
    assert "and more, which were not read" in scalper("figures").output


def test_before_the_first_check_it_says_what_to_type(world: World, scalper: Scalper) -> None:
    from operate.read.errors import OperateError

    with pytest.raises(OperateError, match="scalper figures --from-table"):
        scalper("figures")


def test_the_whole_table_can_be_counted_now(world: World, scalper: Scalper) -> None:
    record(world, 1, NOW - timedelta(days=2))
    record(world, 2, NOW - timedelta(days=500))
    found = asked(scalper, "--from-table")
    assert (found["total"]["files"], found["from_log"]) == (1, None)
    assert scalper("figures", "--from-table").exit_code == 0


@pytest.mark.parametrize("hours", [30, -5])
def test_old_figures_and_those_of_a_wrong_clock_are_called_so(
    world: World, scalper: Scalper, logs: Any, hours: int
) -> None:
    record(world, 1)
    check(world)
    put(world, LAST_COUNT, counted_at=iso(NOW - timedelta(hours=hours)), records=1, undated=0)
    answer = scalper("figures")
    assert answer.exit_code == 1
    assert "The daily check has not finished since" in answer.output


def test_a_garbled_day_is_named_and_the_others_stand(
    world: World, scalper: Scalper, logs: Any
) -> None:
    record(world, 1, NOW - timedelta(days=1))
    check(world)
    put(world, TODAY, figures="?")
    answer = scalper("figures", "--days", "2")
    assert answer.exit_code == 1
    assert f"the next check mends them: {TODAY}." in answer.output
    assert "1 file" in answer.output


@pytest.mark.parametrize("garbled", [{}, {"counted_at": "?"}, {"counted_at": 5, "records": "x"}])
def test_where_nobody_knows_how_old_they_are_it_is_said(
    world: World, scalper: Scalper, logs: Any, garbled: dict[str, Any]
) -> None:
    record(world, 1)
    check(world)
    put(world, LAST_COUNT, **garbled)
    answer = scalper("figures")
    assert answer.exit_code == 1
    assert "Nobody knows when these were counted" in answer.output


def test_a_file_of_the_future_is_in_no_day_that_is_shown_and_is_said(
    world: World, scalper: Scalper, logs: Any
) -> None:
    record(world, 1, NOW + timedelta(days=5000))
    check(world)
    found = asked(scalper)
    assert found["total"]["files"] == 0
    assert len(found["days_ahead"]) == 1
    assert "some clock was wrong" in scalper("figures").output


def test_a_day_without_files_is_shown_as_one(world: World, scalper: Scalper, logs: Any) -> None:
    check(world)
    for by in By:
        answer = scalper("figures", "--days", "1", "--by", str(by))
        assert answer.exit_code == 0
        assert "0 files" in answer.output
    assert asked(scalper)["total"]["duration_ms"] is None


def test_a_strangers_name_reaches_neither_the_terminal_nor_a_spreadsheet_raw(
    world: World, scalper: Scalper, logs: Any
) -> None:
    record(world, 1, file_type="=cmd|' /c calc'!a0", object_key="x\x1b[2J\u202e.csv")
    record(world, 2, file_type="\x1b[2j")
    check(world)
    shown = scalper("figures").output
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    rows = list(csv.reader(io.StringIO(scalper("figures", "--csv").output)))
    assert {row[0] for row in rows[1:]} == {"'=cmd|' /c calc'!a0", "\x1b[2j"}


def test_csv_has_a_line_for_each_row(world: World, scalper: Scalper, logs: Any) -> None:
    record(world, 1)
    record(world, 2, status="QUARANTINED", reason_code="WRONG_TYPE", file_type="exe")
    check(world)
    answer = scalper("figures", "--csv", "--by", "type")
    head, *rows = csv.reader(io.StringIO(answer.output))
    values = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(it["type"], it["files"], it["quarantined"]) for it in values] == [
        ("csv", "1", "0"),
        ("exe", "1", "1"),
    ]
    assert values[0]["duration_ms_p50"] == "10"
    assert scalper("figures", "--csv", "--json").exit_code == 2


def test_senders_are_counted_where_records_name_them(
    world: World, scalper: Scalper, logs: Any
) -> None:
    for number in range(3):
        record(world, number, sender="arn:aws:iam::111122223333:role/acme")
    record(world, 4)
    check(world)
    (row,) = asked(scalper, "--by", "sender")["rows"]
    assert (row["name"], row["files"]) == ("arn:aws:iam::111122223333:role/acme", 3)


def test_one_query_is_all_that_is_asked_of_the_table(
    world: World, scalper: Scalper, logs: Any
) -> None:
    check(world)
    calls: list[str] = []
    note = lambda model, **_: calls.append(model.name)  # noqa: E731
    emitter = world.dynamodb.meta.events
    emitter.register("before-parameter-build.dynamodb", note)
    try:
        figures(world.deployment, 400)
    finally:
        emitter.unregister("before-parameter-build.dynamodb", note)
    assert calls == ["Query"]


def test_the_one_line_says_what_there_is(world: World) -> None:
    record(world, 1)
    record(world, 2, status="HELD", file_type="json")
    said = one_line(figures(world.deployment, 1, from_table=True))
    assert said == (
        "2 files of 2 types, 200 bytes: 1 PROCESSED, 1 HELD (50.0 % not accepted); half within "
        "10 ms, 95 % within 10 ms"
    )


def test_an_item_that_is_no_day_is_nothing(world: World, scalper: Scalper, logs: Any) -> None:
    check(world)
    item = {"object_key": FIGURES_KEY, "upload_id": "2026-99-99", "figures": "?"}
    world.dynamodb.put_item(TableName="records", Item=typed_item(item))
    assert scalper("figures", "--days", "400").exit_code == 0
