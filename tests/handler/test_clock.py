"""Time and chance come from one module, so that a simulation of the handler governs both."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import handler
from handler import clock

from ..simulation.histories import History
from ..simulation.stage import handler_on_stage
from ..simulation.timeline import START
from ..simulation.world import World

FOLDER = Path(inspect.getfile(handler)).parent
MODULES = [
    path.relative_to(FOLDER).as_posix()
    for path in sorted(FOLDER.rglob("*.py"))
    if path.name != "clock.py"
]
ASKS = {
    "now",
    "utcnow",
    "today",
    "time_ns",
    "monotonic_ns",
    "urandom",
    "uuid1",
    "uuid4",
    "token_hex",
}
"""Calls that answer with the time or at random, whatever they are called on."""
MODULES_THAT_ANSWER = {"time", "random", "secrets"}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_but_the_clock_asks_python_for_the_time_or_a_random_number(module: str) -> None:
    assert list(asked(ast.parse((FOLDER / module).read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "import random as dice",
        "from time import monotonic",
        "from secrets import token_hex",
        "def late(): import time",
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "os.urandom(8)",
        "uuid.uuid4()",
        "uuid4()",
        "asked = datetime.now",
    ],
)
def test_each_way_to_ask_is_noticed(line: str) -> None:
    assert list(asked(ast.parse(line)))


def asked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (it.name for it in names if it.name in MODULES_THAT_ANSWER)
            case ast.ImportFrom(module=str(module), level=0) if module in MODULES_THAT_ANSWER:
                yield module
            case ast.Attribute(value=ast.Name(id="clock")):
                pass
            case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)) if name in ASKS:
                yield name


def test_the_simulation_governs_all_of_the_clock() -> None:
    own = dict(inspect.getmembers(clock, inspect.isfunction))
    world = World(History())
    with handler_on_stage(world.timeline, world.functions):
        left = [name for name, function in own.items() if getattr(clock, name) is function]
        assert clock.seconds() == clock.monotonic() == clock.now().timestamp() == START
    assert left == []
    assert dict(inspect.getmembers(clock, inspect.isfunction)) == own
