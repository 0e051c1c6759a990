"""Lives a history and says whether the promise was kept."""

from dataclasses import MISSING, fields, is_dataclass
from enum import Enum

from .coverage import Coverage
from .histories import History
from .invariants import violations
from .troubles import Trouble
from .world import World


def judge(history: History, coverage: Coverage | None = None) -> World:
    """Raise an AssertionError that tells the story, should anything be lost, doubled or untrue."""
    world = World(history, coverage).live()
    _assert_kept(world)
    world.live_on_in_calm()
    _assert_kept(world)
    world.conclude()
    return world


def _assert_kept(world: World) -> None:
    if found := violations(world):
        raise AssertionError(broken(found, world, f"judge({recipe(world.history)})"))


def broken(found: list[str], world: World, again: str) -> str:
    """The story of a broken promise."""
    complaints = "\n".join(f"  - {what}" for what in found)
    return (
        f"The promise was broken:\n{complaints}\n\nWhat happened:\n{world.story}\n\n"
        f"To live it again: {again}"
    )


def recipe(value: object) -> str:
    """The history as Python, without what is as usual."""
    if isinstance(value, Enum):
        return str(value.__class__.__name__) + "." + value.name
    if isinstance(value, Trouble):
        return f"Trouble({recipe(value.kind)}, {value.took_effect})"
    if isinstance(value, tuple):
        return "(" + "".join(f"{recipe(part)}, " for part in value).rstrip(" ") + ")"
    if is_dataclass(value):
        said = [
            f"{f.name}={recipe(getattr(value, f.name))}"
            for f in fields(value)
            if f.default is MISSING or getattr(value, f.name) != f.default
        ]
        return f"{type(value).__name__}({', '.join(said)})"
    return repr(value)
