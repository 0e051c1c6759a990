"""`scalper reconcile` as a person and a script meet it."""

import json
from collections import Counter
from io import StringIO
from typing import Any, cast

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from components.versions import VERSION
from handler.model.text import printable
from operate import __main__ as command
from operate.audit.findings import Finding, Kind
from operate.commands import options
from operate.read.errors import OperateError
from operate.screens.report import show
from tests.handler.hostile import NAMES

from .conftest import Scalper, World


@pytest.fixture
def run(scalper: Scalper) -> Any:
    return lambda *arguments: scalper("reconcile", "--grace", "0s", *arguments)


def test_it_exits_0_when_all_is_accounted_for(world: World, run: Any) -> None:
    world.accept("a.csv")
    answer = run()
    assert answer.exit_code == 0
    assert answer.output.split() == ["1", "processed", "All", "is", "accounted", "for."]


def test_it_exits_1_and_lists_what_is_not(world: World, run: Any) -> None:
    upload = world.upload("a.csv")
    answer = run()
    assert answer.exit_code == 1
    assert f"a.csv, version {upload.version_id}, uploaded 2" in answer.output
    assert "What to do:" in answer.output
    assert "Not all is accounted for: 1 finding." in answer.output


def test_what_is_allowed_is_listed_and_does_not_fail(world: World, run: Any) -> None:
    world.upload("a.csv")
    answer = run("--allow", "no-fate")
    assert answer.exit_code == 0
    assert "1 no-fate (allowed)" in answer.output
    assert "All is accounted for." in answer.output


def test_for_machines_it_is_one_object(world: World, run: Any) -> None:
    upload = world.upload("a\n\t[bold].csv")
    world.accept("b.csv")
    answer = run("--json")
    assert answer.exit_code == 1
    verdict = json.loads(answer.output)
    (finding,) = verdict["findings"]
    assert finding["kind"] == "no-fate"
    assert finding["about"] == upload.key
    assert verdict["found"] == {"no-fate": 1}
    assert verdict["files"]["processed"] == 1
    assert verdict["all_accounted_for"] is False


def test_a_hostile_name_cannot_move_the_cursor_or_use_markup(world: World, run: Any) -> None:
    world.upload("a\n\t[bold]\u202e.csv")
    assert r"  a\n\t[bold]\u202e.csv, version" in run().output


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name])
def test_a_name_is_shown_as_it_is_but_for_what_nobody_can_see(name: str) -> None:
    finding = Finding(Kind.NO_FATE, name, version_id="v\x1b[2J", detail=f"{name}\n")
    shown = shown_to_a_person(finding)
    assert f"  {printable(name)}, version v\\x1b[2J, {printable(name)}\\n\n" in shown
    assert all(printable(c) == c or c == "\n" for c in shown)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]))
    | st.lists(st.sampled_from(["[", "]", "/", "\\", ":smiley:", "bold", "=", " "])).map("".join)
)
def test_any_name_is_one_line_of_plain_text(name: str) -> None:
    shown = shown_to_a_person(Finding(Kind.STRAY_COPY, name))
    assert f"\n  {printable(name)}\n" in shown


def shown_to_a_person(finding: Finding) -> str:
    """What a terminal of their own is sent, without its colours."""

    class Reconciliation:
        def findings(self) -> list[Finding]:
            return [finding]

        def counts(self) -> Counter[str]:
            return Counter()

    terminal = Console(
        file=StringIO(), force_terminal=True, color_system=None, highlight=False, width=80
    )
    show(cast(Any, Reconciliation()), [], terminal)
    return cast(StringIO, terminal.file).getvalue()


def test_an_error_cannot_move_the_cursor_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Any, stack: Any) -> Any:
        raise OperateError("The bucket \x1b[2J\u202e is not there.\nLook again.")

    monkeypatch.setattr(options, "read_outputs", fail)
    monkeypatch.setattr("sys.argv", ["scalper", "reconcile"])
    monkeypatch.setattr(command, "_write_anything", lambda: None)
    with pytest.raises(SystemExit):
        command.main()
    told = "Error: The bucket \\x1b[2J\\u202e is not there.\nLook again.\n"
    assert capsys.readouterr().err == told


def test_a_person_is_shown_some_and_told_how_many_more(world: World, run: Any) -> None:
    for number in range(23):
        world.upload(f"{number}.csv")
    assert "… and 3 more; --json lists all" in run().output


@pytest.mark.parametrize("grace", ["soon", "5", "-1s"])
def test_a_grace_that_is_no_duration_is_refused(run: Any, grace: str) -> None:
    answer = run("--grace", grace)
    assert answer.exit_code == 2
    assert "is no duration; write 90s, 15m, 2h or 1d" in answer.output


def test_an_unknown_kind_is_refused(run: Any) -> None:
    assert run("--allow", "everything").exit_code == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [(OperateError("No."), "Error: No.\n"), (RuntimeError("bug"), "RuntimeError: bug\n")],
)
def test_when_nobody_can_tell_it_exits_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Any, told: str
) -> None:
    def fail(path: Any, stack: Any) -> Any:
        raise error

    monkeypatch.setattr(options, "read_outputs", fail)
    monkeypatch.setattr("sys.argv", ["scalper", "reconcile"])
    # pytest's streams cannot be told how to write what they cannot.
    monkeypatch.setattr(command, "_write_anything", lambda: None)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(told)


def test_the_help_names_every_exit_status() -> None:
    answer = CliRunner().invoke(command.scalper, ["reconcile", "--help"])
    for status in ("0 all is", "1 something is not", "2 nobody"):
        assert status in " ".join(answer.output.split())


def test_it_tells_its_version(scalper: Scalper) -> None:
    assert scalper("--version").output == f"scalper {VERSION}, in a checkout\n"
