"""Runs a Pulumi program as it is, without the engine, on mocks that say what becomes of resources.

The SDK itself awaits inputs that are other resources' outputs, so everything is registered in the
right order, in parallel.
"""

import asyncio
import contextlib
import contextvars
import json
import logging
import runpy
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_pulumi_func

from .errors import UnsupportedError

# What the mocks do is waiting, not computing.
WORKERS = 8


class _Notes(logging.Handler):
    """What the program logs for people."""

    def __init__(self, on_note: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._on_note = on_note

    def emit(self, record: logging.LogRecord) -> None:
        self._on_note(record.getMessage())


def evaluate(
    root: Path,
    stack: str,
    config: Mapping[str, str],
    resources: mocks.Mocks,
    on_note: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Run the program in `root` with `config` and return the stack's outputs.

    What it logs for people goes to `on_note`. Raises what the program raises, or the first error
    of `resources`.
    """
    logger = logging.Logger("program", logging.INFO)
    logger.addHandler(_Notes(on_note))
    project = read_yaml(root / "Pulumi.yaml")
    loops: list[asyncio.AbstractEventLoop] = []

    def give_loop() -> None:
        # The SDK's mocks make one in every thread that has none, and never close it.
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(WORKERS, initializer=give_loop))
        # The SDK gives one error to many futures. The first is raised; the rest say nothing new.
        loop.set_exception_handler(lambda loop, context: None)
        # An earlier program of this process that failed leaves its tasks behind.
        settings.SETTINGS.outputs.clear()
        settings.set_root_resource(cast(Any, None))
        mocks.set_mocks(resources, project["name"], stack, preview=False, logger=logger)
        set_all_config(dict(config))
        await run_pulumi_func(_program(root))
        exported = cast(Any, settings.get_root_resource()).outputs
        future = pulumi.Output.from_input(exported).future()
        return dict(await cast(Awaitable[dict[str, Any]], future))

    # The engine runs a program in its own folder; relative paths start there.
    with contextlib.chdir(root):
        # The SDK keeps its state in context variables: a copy leaves the caller's alone.
        try:
            return contextvars.copy_context().run(asyncio.run, run())
        finally:
            for loop in loops:
                loop.close()


def stack_config(project: dict[str, Any], stack: dict[str, Any]) -> dict[str, str]:
    """The stack's configuration as the engine would give it: defaults, then the stack's own."""
    config: dict[str, Any] = {}
    for key, declared in (project.get("config") or {}).items():
        if isinstance(declared, dict) and "default" in declared:
            config[_qualified(key, project["name"])] = declared["default"]
        elif not isinstance(declared, dict):
            config[_qualified(key, project["name"])] = declared
    for key, value in (stack.get("config") or {}).items():
        if isinstance(value, dict) and "secure" in value:
            raise UnsupportedError(
                f"The stack's {key} is a secret, which only the pulumi command can decrypt."
            )
        config[_qualified(key, project["name"])] = value
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }


def plain(value: Any) -> Any:
    """Inputs as boto3 takes them: secrets opened, and whole numbers, which arrive as floats."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _program(root: Path) -> Callable[[], None]:
    def run() -> None:
        runpy.run_path(str(root), run_name="__main__")

    return run


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in `path`; raise an `UnsupportedError` when there is no such file."""
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        raise UnsupportedError(f"There is no {path.name} in {path.parent}.") from None


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"
