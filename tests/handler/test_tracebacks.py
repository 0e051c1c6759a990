"""What `process` raised is logged once, whole, bounded, and without what is not to be told."""

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handler import File, Rejection
from handler.model.errors import Code, Fault
from handler.tracebacks import traceback_of

from .world import World

HERE = Path(__file__).name


def raised(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def parse(line: str) -> int:
    return int(line)


def price(line: str) -> int:
    try:
        return parse(line)
    except ValueError as error:
        error.add_note("in the column price")
        raise KeyError("price") from error


def test_the_chain_is_whole_and_in_the_order_of_python() -> None:
    lines = traceback_of(raised(lambda: price("x"))).splitlines()
    first, second = lines.index("in the column price"), lines.index("KeyError: 'price'")
    assert "ValueError: invalid literal for int() with base 10: 'x'" in lines[:first]
    assert "    return int(line)" in lines[:first]
    assert lines[first + 2] == (
        "The above exception was the direct cause of the following exception:"
    )
    assert '    raise KeyError("price") from error' in lines[first:second]
    assert any(line.endswith("in price") and HERE in line for line in lines)


def test_an_error_while_another_is_handled_shows_both() -> None:
    def action() -> None:
        try:
            parse("x")
        except ValueError:
            raise KeyError("price")  # noqa: B904 - that there is a context is the point

    text = traceback_of(raised(action))
    assert "During handling of the above exception, another exception occurred:" in text
    assert text.index("ValueError") < text.index("KeyError: 'price'")


def test_a_context_that_was_taken_away_stays_away() -> None:
    def action() -> None:
        try:
            parse("x")
        except ValueError:
            raise KeyError("price") from None

    assert "ValueError" not in traceback_of(raised(action))


def test_the_members_of_a_group_are_there_with_their_lines() -> None:
    inner = ExceptionGroup("inner", [raised(lambda: parse("y"))])  # type: ignore[type-var]
    group = ExceptionGroup("three parts", [raised(lambda: parse("x")), inner, KeyError("a")])  # type: ignore[type-var]
    text = traceback_of(group)
    assert text.startswith("ExceptionGroup: three parts (3 sub-exceptions)")
    assert "ValueError: invalid literal for int() with base 10: 'x'" in text
    assert "ValueError: invalid literal for int() with base 10: 'y'" in text
    assert "  3 of 3:\n    KeyError: 'a'" in text


def test_a_syntax_error_says_where() -> None:
    error = raised(lambda: compile("def f(:\n", "/var/task/process/main.py", "exec"))
    text = traceback_of(error)
    assert '  File "/var/task/process/main.py", line 1\n    def f(:\n' in text


def test_the_reason_of_a_rejection_is_not_written() -> None:
    """It is for the sender, and may quote the file."""

    def action() -> None:
        try:
            raise Rejection("BAD_ROW", "the row 'secret'")
        except Rejection as error:
            error.add_note("secret too")
            raise RuntimeError("cannot go on") from error

    text = traceback_of(raised(action))
    assert "Rejection: BAD_ROW" in text
    assert "secret" not in text.replace('raise Rejection("BAD_ROW", "the row \'secret\'")', "")


# Bounds.


def deep(levels: int) -> None:
    if levels:
        deep(levels - 1)
    raise ValueError("at the bottom")


def test_of_a_deep_stack_both_ends_are_kept() -> None:
    text = traceback_of(raised(lambda: deep(200)))
    assert "in <lambda>" in text
    assert "frames left out]" in text
    assert '    raise ValueError("at the bottom")' in text
    assert len(text.splitlines()) < 60


def test_an_error_of_a_megabyte_is_cut_and_its_end_is_kept() -> None:
    def action() -> None:
        try:
            raise ValueError("x" * 1_000_000)
        except ValueError as error:
            for _ in range(100):
                error.add_note("y" * 1_000_000)
            raise KeyError("the last") from error

    text = traceback_of(raised(action))
    assert len(text) <= 8_000
    assert "characters left out]" not in text or text.count("left out]") >= 1
    assert text.endswith("KeyError: 'the last'")


def test_a_long_traceback_keeps_its_beginning_and_its_end() -> None:
    error: BaseException = ValueError("the first " + "x" * 900)
    for n in range(50):
        link = KeyError(f"{n} " + "x" * 900)
        link.__cause__ = error
        error = link
    text = traceback_of(error)
    assert len(text) <= 8_000
    assert "characters left out]" in text
    assert text.splitlines()[-1].startswith("KeyError: '49 ")


def test_a_group_of_a_hundred_thousand_costs_no_more_than_its_first_members() -> None:
    text = traceback_of(ExceptionGroup("many", [KeyError(n) for n in range(100_000)]))
    assert "  5 of 100000:" in text
    assert "99995 members left out]" in text
    assert len(text) < 1_000


def test_a_chain_that_bites_its_own_tail_ends() -> None:
    one, two = KeyError("one"), KeyError("two")
    one.__cause__, two.__cause__ = two, one
    assert traceback_of(one).count("KeyError") == 2


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


class Notes(Exception):
    __notes__ = 7  # type: ignore[assignment]


class UnprintableNote:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("error", [Unprintable(), Notes("x"), SyntaxError("x"), SyntaxError()])
def test_whatever_its_author_made_of_it_something_is_written(error: BaseException) -> None:
    assert type(error).__name__ in traceback_of(error)


def test_a_note_that_cannot_be_printed_hides_nothing_else() -> None:
    error = KeyError("a")
    error.__notes__ = [UnprintableNote(), "good"]  # type: ignore[list-item]
    assert "KeyError: 'a'" in traceback_of(error)


# In the log.


def logged(world: World, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    [line] = capfd.readouterr().out.splitlines()
    assert line.isascii()
    fields: dict[str, Any] = json.loads(line)
    return fields


def fails(world: World, process: Callable[[File], Any], **put: Any) -> Fault:
    world.deploy(process=process)
    with pytest.raises(Fault) as seen:
        world.run(world.upload(**put))
    return seen.value


def test_what_process_raised_is_in_one_line_of_ascii(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    fails(world, lambda file: price("\N{EURO SIGN}\n{}\x1b[2J"))
    line = logged(world, capfd)
    assert (line["status"], line["code"]) == ("FAULT", "PROCESS_FAILED")
    assert line["traceback"].splitlines()[-1] == "KeyError: 'price'"
    assert "    return int(line)" in line["traceback"]
    assert "handler/" not in line["traceback"].replace("tests/handler", "")


def test_where_process_was_when_its_time_was_up_is_logged(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    def endless(file: File) -> None:
        while True:
            pass

    world.deploy(process=endless)
    with pytest.raises(Fault) as seen:
        world.run(world.upload(), remaining_ms=300)
    assert seen.value.code is Code.PROCESS_TIMED_OUT
    assert "in endless" in logged(world, capfd)["traceback"]


def test_a_read_that_failed_is_logged_with_what_process_was_doing(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    with world.failing("s3.GetObject"):
        fails(world, lambda file: file.open())
    line = logged(world, capfd)
    assert line["code"] == "AWS_ERROR"
    assert "in <lambda>" in line["traceback"]
    assert "EndpointConnectionError" in line["traceback"]


def test_what_process_held_is_let_go_with_its_failure(world: World) -> None:
    """Or the next file of the instance would find the memory full."""

    class Heavy:
        pass

    held: list[weakref.ref[Heavy]] = []

    def inner(heavy: Heavy) -> None:
        raise KeyError("price")

    def process(file: File) -> None:
        heavy = Heavy()
        held.append(weakref.ref(heavy))
        try:
            inner(heavy)
        except KeyError as error:
            raise ValueError("a row") from error

    gc.disable()
    try:
        fault = fails(world, process)
        assert held[0]() is None
    finally:
        gc.enable()
    assert fault.code is Code.PROCESS_FAILED


def test_a_bug_of_ours_is_logged_with_our_own_frames(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    upload = world.upload()
    with world.failing("dynamodb.PutItem", error=KeyError("ours")), pytest.raises(Fault):
        world.run(upload)
    line = logged(world, capfd)
    assert line["code"] == "INTERNAL_ERROR"
    assert "in handle" not in line["traceback"].splitlines()[0]
    assert line["traceback"].endswith("KeyError: 'ours'")


def test_a_rejection_and_an_aws_error_of_ours_log_no_traceback(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    def process(file: File) -> None:
        raise Rejection("BAD", "secret")

    world.deploy(process=process)
    world.run(world.upload())
    out = capfd.readouterr().out
    assert "secret" not in out
    assert "traceback" not in out

    world.deploy()
    with world.failing("dynamodb.PutItem"), pytest.raises(Fault):
        world.run(world.upload("b.csv"), "request-2")
    assert "traceback" not in logged(world, capfd)


def test_the_record_and_the_alert_hold_the_reason_alone(world: World) -> None:
    fault = fails(world, lambda file: price("x"))
    assert str(fault) == "PROCESS_FAILED: process raised KeyError: 'price'"
