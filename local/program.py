"""Runs the repository's Pulumi program as it is, without the engine.

The program registers its resources with the SDK's own mocks, and each one is made on the
emulator. The SDK itself awaits inputs that are other
resources' outputs, so everything is made in the right order, in parallel.
"""

import asyncio
import contextlib
import contextvars
import json
import runpy
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_pulumi_func

from .cloud import Cloud
from .errors import UnsupportedError
from .outputs import marked, require_unmarked
from .resources import resource_for

# Creating waits for the emulator, not for the processor.
WORKERS = 8


@dataclass(frozen=True)
class Made:
    """A resource that the program registered and the emulator now has."""

    token: str
    logical_name: str
    id: str


Listener = Callable[[Made], None]


def deploy(
    root: Path, stack: str, cloud: Cloud, on_made: Listener = lambda made: None
) -> dict[str, Any]:
    """Run the program in `root` for `stack` and return the stack's outputs."""
    project = _read_yaml(root / "Pulumi.yaml")
    config = stack_config(project, _read_yaml(root / f"Pulumi.{stack}.yaml"))

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(WORKERS))
        # The SDK gives one error to many futures. The first is raised; the rest say nothing new.
        loop.set_exception_handler(lambda loop, context: None)
        # An earlier deployment of this process that failed leaves its tasks behind.
        settings.SETTINGS.outputs.clear()
        settings.set_root_resource(cast(Any, None))
        mocks.set_mocks(EmulatorMocks(cloud, on_made), project["name"], stack, preview=False)
        set_all_config(config)
        await run_pulumi_func(_program(root))
        exported = cast(Any, settings.get_root_resource()).outputs
        future = pulumi.Output.from_input(exported).future()
        outputs = await cast(Awaitable[dict[str, Any]], future)
        require_unmarked("The stack", outputs)
        return dict(outputs)

    # The engine runs a program in its own folder; relative paths start there.
    with contextlib.chdir(root):
        # The SDK keeps its state in context variables: a copy leaves the caller's alone.
        return contextvars.copy_context().run(asyncio.run, run())


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


class EmulatorMocks(mocks.Mocks):
    """Makes what the program registers; components and the stack are the SDK's own affair."""

    def __init__(self, cloud: Cloud, on_made: Listener) -> None:
        self._cloud = cloud
        self._on_made = on_made

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        # What is read instead of made comes without the mark of a custom resource.
        if args.resource_id:
            raise UnsupportedError(f"{args.name}: the emulator holds nothing to read or import.")
        if not args.custom:
            return "", args.inputs
        inputs = plain(args.inputs)
        require_unmarked(args.name, inputs)
        state = resource_for(args.typ, self._cloud).make(args.name, inputs)
        self._on_made(Made(args.typ, args.name, state.id))
        outputs = {"tagsAll": inputs.get("tags"), **inputs, **state.outputs}
        return state.id, marked(args.typ, args.name, outputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        region = {"id": self._cloud.region, "region": self._cloud.region}
        match args.token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                identity = self._cloud.sts.get_caller_identity()
                account = {"accountId": identity["Account"], "id": identity["Account"]}
                return {**account, "arn": identity["Arn"], "userId": identity["UserId"]}, []
            case "aws:index/getRegion:getRegion":
                return {**region, "name": self._cloud.region}, []
            case "aws:index/getPartition:getPartition":
                return {**region, "partition": "aws", "dnsSuffix": "amazonaws.com"}, []
        raise UnsupportedError(
            f"The local deployment cannot answer {args.token}. Add the call to local/program.py."
        )


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


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        raise UnsupportedError(f"There is no {path.name} in {path.parent}.") from None


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"
