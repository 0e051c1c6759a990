"""Data that must not go, and runs that do not reach their end."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi.automation import CommandError

from local.errors import LocalError
from tests.engine.workspace import Engine, Stack

pytestmark = pytest.mark.heavy

PATIENCE_SECONDS = 60


def test_protected_data_refuses_to_be_destroyed_and_says_how_to_go_on(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    stack = new_stack("production")
    stack.configure(protect_data=True)
    stack.up()
    made = stack.ids()
    # As people type it: the preview comes first, and stops it before anything is taken away.
    refused = subprocess.run(
        ["pulumi", "destroy", "--yes", "--non-interactive", "--stack", stack.name],
        **at(engine, stack),
        capture_output=True,
        text=True,
        check=False,
    )
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "cannot be deleted" in told
    assert "intake-input" in told
    assert "protect" in told
    assert stack.ids() == made
    stack.files_go_through()
    with pytest.raises(Exception, match=r"[Dd]eletion protection"):
        engine.cloud.dynamodb.delete_table(TableName=made["intake-FileMetadata"])

    # Without the preview everything round the data goes; the data stays, and up makes it whole.
    with pytest.raises(CommandError, match="protect"):
        stack.destroy()
    data = {f"intake-{name}" for name in ("input", "quarantine", "FileMetadata")}
    assert data <= engine.left_of(stack.resources())
    assert {operation for operation, _ in stack.up().changes} == {"create"}
    assert {(name, made[name]) for name in data} <= stack.ids().items()

    # The way out that the documentation names: say so, bring it up, destroy.
    stack.configure(protect_data=False)
    stack.up()
    resources = stack.resources()
    stack.destroy()
    assert engine.left_of(resources) == set()


class Held:
    """Holds an operation back until it is let go."""

    def __init__(self, operation: str, name: str) -> None:
        self._wanted = (operation, name)
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, operation: str, name: str) -> None:
        if (operation, name) == self._wanted:
            self.reached.set()
            self.let_go.wait(PATIENCE_SECONDS)


@pytest.fixture
def held(engine: Engine) -> Iterator[Held]:
    held = Held("create", "intake-processor")
    engine.stand_in.watcher = held
    yield held
    held.let_go.set()
    engine.stand_in.watcher = lambda operation, name: None


def test_an_up_that_aws_refused_half_way_is_finished_by_the_next_one(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    stack = new_stack("refused")
    stack.configure()

    def refuse(operation: str, name: str) -> None:
        if (operation, name) == ("create", "intake-processor"):
            raise LocalError("the account has no room for another function")

    engine.stand_in.watcher = refuse
    try:
        with pytest.raises(CommandError, match="no room for another function"):
            stack.up()
    finally:
        engine.stand_in.watcher = lambda operation, name: None
    the_next_up_finishes(engine, stack)


def test_an_up_that_was_interrupted_is_finished_by_the_next_one(
    engine: Engine, new_stack: Callable[..., Stack], held: Held
) -> None:
    stack = new_stack("interrupted")
    stack.configure()
    with running_up(engine, stack) as process:
        assert held.reached.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        # Ctrl-C lets the call to AWS that is under way come to its end.
        held.let_go.set()
        assert process.wait(PATIENCE_SECONDS) != 0
    the_next_up_finishes(engine, stack)


def test_an_up_that_was_killed_is_finished_by_cancel_and_the_next_one(
    engine: Engine, new_stack: Callable[..., Stack], held: Held
) -> None:
    stack = new_stack("killed")
    stack.configure()
    with running_up(engine, stack) as process:
        assert held.reached.wait(PATIENCE_SECONDS)
        for pid in [process.pid, *descendants(process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    held.let_go.set()
    with pytest.raises(CommandError, match="pulumi cancel"):
        stack.up()
    stack.cancel()
    the_next_up_finishes(engine, stack)


def running_up(engine: Engine, stack: Stack) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack.name],
        **at(engine, stack),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def descendants(pid: int) -> list[int]:
    """All that a process has started: the engine's plug-ins have process groups of their own."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    children = [child for child, parent in pairs if parent == pid]
    return [*children, *(deeper for child in children for deeper in descendants(child))]


def at(engine: Engine, stack: Stack) -> dict[str, Any]:
    return {"cwd": stack.checkout, "env": {**os.environ, **engine.environment}}


def the_next_up_finishes(engine: Engine, stack: Stack) -> None:
    before = stack.ids()
    assert "intake-input" in before
    assert "intake-input-notification" not in before
    changes = stack.up().changes
    assert {operation for operation, _ in changes} == {"create"}
    assert before.items() <= stack.ids().items()
    assert stack.preview(expect_no_changes=True).changes == set()
    stack.destroy()
