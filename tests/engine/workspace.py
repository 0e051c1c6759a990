"""Drives the real `pulumi` command on copies of this repository's program."""

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation
from pulumi.automation import EngineEvent, LocalWorkspace, PulumiCommand
from semver import VersionInfo

from local.cloud import Cloud
from local.resources import TABLE, resource_for
from tests.engine.provider import StandIn
from tests.packaging.installed import ROOT, copy_files

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.1

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that nobody knows yet."""

Change = tuple[str, str]
"""An operation of the engine and the logical name of the resource, as in ("update", "x")."""


@dataclass
class Outcome:
    """What an operation did, or would do."""

    steps: dict[str, str] = field(default_factory=dict)
    """The operation on each resource, by URN."""
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of the resources, by logical name."""

    @property
    def changes(self) -> set[Change]:
        """What is not as it was, apart from the stack itself, whose outputs may change."""
        return {
            (operation, name_in(urn))
            for urn, operation in self.steps.items()
            if operation not in ("same", "read", "refresh") and "pulumi:pulumi:Stack:" not in urn
        }

    def note(self, event: EngineEvent) -> None:
        if before := event.resource_pre_event:
            self._note_step(before.metadata)
        elif after := event.res_outputs_event:
            self._note_step(after.metadata)

    def _note_step(self, step: automation.StepEventMetadata) -> None:
        # A replacement comes in three steps; the one that is called so says what matters.
        if self.steps.get(step.urn) != "replace":
            self.steps[step.urn] = step.op.value
        if step.new:
            self.inputs[name_in(step.urn)] = dict(step.new.inputs or {})
            self.outputs[name_in(step.urn)] = dict(step.new.outputs or {})


@dataclass(frozen=True)
class Engine:
    """What every run of the command shares: the emulator, the stand-in and the environment."""

    cloud: Cloud
    stand_in: StandIn
    environment: Mapping[str, str]

    def left_of(self, resources: Iterable[Mapping[str, Any]]) -> set[str]:
        """The logical names of these resources of a state that AWS still has, of whatever type."""
        return {name_in(it["urn"]) for it in in_aws(resources) if self._is_there(it)}

    def _is_there(self, resource: Mapping[str, Any]) -> bool:
        handler = resource_for(resource["type"], self.cloud)
        name, inputs = name_in(resource["urn"]), resource.get("inputs", {})
        return handler.look(name, resource["id"], inputs) is not None


class Stack:
    """One stack of a checkout; every operation is a run of the real command."""

    def __init__(self, engine: Engine, checkout: Path, name: str = "dev") -> None:
        self.name, self.checkout = name, checkout
        self.key_prefix = ""
        self.exports: dict[str, str] = {}
        """The stack's outputs since its last `up`."""
        self._cloud = engine.cloud
        self._numbers = count(1)
        workspace = LocalWorkspace(
            work_dir=str(checkout), env_vars=engine.environment, pulumi_command=command()
        )
        self._stack = automation.Stack.create_or_select(name, workspace)

    # What people do.

    def configure(self, **arguments: Any) -> None:
        """Give the pipeline these arguments beside those of the dev stack; None removes one."""
        settings = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
        pipeline = {**settings["config"]["silent-scalper:pipeline"], **arguments}
        given = {name: value for name, value in pipeline.items() if value is not None}
        path = self.checkout / f"Pulumi.{self.name}.yaml"
        written = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        written = {**(written or {}), "config": {"silent-scalper:pipeline": given}}
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        self.key_prefix = given.get("prefix", "")

    def set_config(self, key: str, value: str) -> None:
        """Set a key of the stack's configuration; `a:b.c` is the field c of the object a:b."""
        self._stack.set_config(key, automation.ConfigValue(value), path="." in key)

    def cancel(self) -> None:
        """Take away the lock that a run left which could not clean up."""
        self._stack.cancel()

    def preview(self, **options: Any) -> Outcome:
        outcome = Outcome()
        self._stack.preview(on_event=outcome.note, **options)
        return outcome

    def up(self, **options: Any) -> Outcome:
        """Bring the stack up, and see a file go through every pipeline of it."""
        outcome = Outcome()
        result = self._stack.up(on_event=outcome.note, **options)
        self.exports = {name: str(output.value) for name, output in result.outputs.items()}
        self.files_go_through()
        return outcome

    def refresh(self, **options: Any) -> Outcome:
        outcome = Outcome()
        self._stack.refresh(on_event=outcome.note, **options)
        return outcome

    def destroy(self, **options: Any) -> Outcome:
        outcome = Outcome()
        self._stack.destroy(on_event=outcome.note, **options)
        return outcome

    # What can be seen of it.

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, as the engine keeps them."""
        deployment: Mapping[str, Any] = self._stack.export_stack().deployment or {}
        return list(deployment.get("resources", []))

    def ids(self) -> dict[str, str]:
        """The physical id of every resource that has one, by logical name."""
        return {name_in(it["urn"]): it["id"] for it in self.resources() if it.get("id")}

    def files_go_through(self) -> None:
        """One into each input bucket that the stack exports, until its record says PROCESSED."""
        for export, bucket in self.exports.items():
            if export.endswith("input_bucket"):
                table = self.exports[export.replace("input_bucket", "metadata_table")]
                key = f"{self.key_prefix}file-{next(self._numbers)}.csv"
                self._cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"a,b\n1,2\n")
                assert self.fate_of(table, key) == "PROCESSED"

    def fate_of(self, table: str, key: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            items = self._cloud.dynamodb.query(
                TableName=table,
                KeyConditionExpression="object_key = :key",
                ExpressionAttributeValues={":key": {"S": key}},
            )["Items"]
            if items:
                return items[0]["status"]["S"]
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{key} has no record in {table} after {PATIENCE_SECONDS} s")


def in_aws(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of a state's resources that the emulator holds: not components, not providers."""
    return [
        it for it in resources if it["type"].startswith("aws:") and TABLE[it["type"]].exists_here
    ]


def name_in(urn: str) -> str:
    """The logical name of the resource."""
    return urn.split("::", 3)[3]


def check_out(folder: Path, *, main: str | None = None) -> Path:
    """A copy of the program as a fresh clone has it.

    `main` replaces `__main__.py`, for somebody else's program around the component.
    """
    copy_files(folder)
    if main is not None:
        (folder / "__main__.py").write_text(main, encoding="utf-8")
    use_python(folder, Path(sys.prefix))
    return folder


def use_python(checkout: Path, environment: Path) -> None:
    """Make `environment` the virtual environment that the project file names."""
    link = checkout / ".venv"
    link.unlink(missing_ok=True)
    link.symlink_to(environment, target_is_directory=True)


def command() -> PulumiCommand:
    found = PulumiCommand(skip_version_check=True)
    # A pulumi that was built from source may not know its version.
    found.version = found.version or VersionInfo.parse(version("pulumi"))
    return found
