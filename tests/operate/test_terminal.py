"""What a terminal shows after a command: a real emulation of one reads all that it is sent."""

import io
import json
from collections.abc import Callable

import pyte
import pytest

from operate.__main__ import scalper
from operate.act.pace import Pace

from .conftest import World

COLUMNS, LINES = 100, 40


class Terminal(io.StringIO):
    """Standard output, standard error or both."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> list[str]:
        """The lines on the screen, without the empty ones."""
        screen = pyte.Screen(COLUMNS, LINES)
        pyte.Stream(screen).feed(self.getvalue().replace("\n", "\r\n"))
        return [line.rstrip() for line in screen.display if line.strip()]


Typed = Callable[..., int]


@pytest.fixture
def typed(world: World, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type a command with these as its streams; its exit status."""
    monkeypatch.setattr(Pace, "wait", lambda pace: None)
    monkeypatch.setattr("operate.commands.options.read_outputs", lambda path, stack: world.outputs)
    monkeypatch.setattr("operate.commands.options.Deployment.of", lambda outputs: world.deployment)
    # What Rich reads of the real terminal instead of the stream.
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("LINES", str(LINES))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def type_(*arguments: str, out: io.StringIO, err: io.StringIO) -> int:
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        try:
            with pytest.raises(SystemExit) as ended:
                scalper(list(arguments), prog_name="scalper")
        finally:
            monkeypatch.undo()
        return int(ended.value.code or 0)

    return type_


BULK = [
    ("release", "--all"),
    ("discard", "--reason", "WRONG_TYPE", "--yes"),
    ("download", "--reason", "WRONG_TYPE", "--dry-run"),
]


@pytest.mark.parametrize("command", BULK, ids=lambda command: command[0])
def test_progress_leaves_clean_lines(world: World, typed: Typed, command: tuple[str, ...]) -> None:
    for number in range(3):
        world.reject(f"{number}.csv")
    terminal = Terminal()
    assert typed(*command, out=terminal, err=terminal) == 0
    assert "━━━━" in terminal.getvalue(), "no progress was shown"
    lines = terminal.shown()
    assert [line.partition(":")[0] for line in lines[:3]] == ["0.csv", "1.csv", "2.csv"]
    assert lines[3].startswith("3 files ")
    assert not any("━" in line for line in lines)


def test_a_reconciliation_leaves_clean_lines(world: World, typed: Typed) -> None:
    world.upload("a.csv")
    terminal = Terminal()
    assert typed("reconcile", "--grace", "0s", out=terminal, err=terminal) == 1
    assert "reading the deployment" in terminal.getvalue()
    assert terminal.shown()[0].strip() == "0  processed"


@pytest.mark.parametrize(
    "command",
    [*BULK, ("reconcile", "--grace", "0s"), ("backfill", "--grace", "0s")],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("out", [io.StringIO, Terminal])
def test_what_is_for_machines_goes_to_standard_output_whole(
    world: World, typed: Typed, command: tuple[str, ...], out: type[io.StringIO]
) -> None:
    """Also where somebody looks at standard error: `scalper reconcile --json > answer.json`."""
    world.reject("0.csv")
    answer, errors = out(), Terminal()
    typed(*command, "--json", out=answer, err=errors)
    assert json.loads(answer.getvalue())
    assert "0.csv" not in errors.getvalue()
