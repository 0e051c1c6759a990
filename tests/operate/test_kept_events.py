"""A look into the queue of kept events beside another: what is hidden is not taken for missing."""

import time
from contextlib import closing
from typing import Any

import pytest

from operate.read import kept_events
from operate.read.errors import OperateError
from operate.read.kept_events import Look, look

from .conftest import Scalper, World


@pytest.fixture
def kept(world: World) -> None:
    """An upload whose event is kept."""
    upload = world.upload("a.csv")
    world.keep_event({"requestPayload": {"requestPayload": {"Records": [upload.record]}}})


def begun(world: World) -> Any:
    """A look of somebody else that is under way until it is closed."""
    looking = look(world.deployment, Look())
    next(looking)
    return looking


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconcile", "--grace", "0s"],
        ["reconcile", "--repair", "--grace", "0s"],
        ["backfill", "--grace", "0s"],
        ["release", "--kept-events"],
    ],
)
@pytest.mark.usefixtures("kept")
def test_beside_another_look_nobody_can_tell(
    world: World, scalper: Scalper, arguments: list[str]
) -> None:
    told = pytest.raises(OperateError, match="Somebody else is looking at the kept events")
    with closing(begun(world)), told:
        scalper(*arguments)
    assert world.invoked == []
    assert world.counts() == {"event_kept": 1, "kept_messages": 1}


@pytest.mark.usefixtures("kept")
def test_a_look_that_sqs_has_not_counted_yet_is_noticed_at_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its counts are approximate."""
    counted, asked = kept_events.counted, []

    def late(*arguments: Any) -> tuple[int, int]:
        asked.append(arguments)
        return (1, 0) if len(asked) == 1 else counted(*arguments)

    monkeypatch.setattr(kept_events, "counted", late)
    with closing(begun(world)), pytest.raises(OperateError, match="Try again in a minute"):
        world.findings()


@pytest.mark.usefixtures("kept")
def test_another_look_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_events, "OTHERS_SECONDS", 60)
    other = begun(world)
    monkeypatch.setattr(time, "sleep", lambda seconds: other.close())
    assert world.kinds() == []
