"""Runs the steps of the workflows as a runner does: their own script, their own environment."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.packaging.installed import ROOT

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def workflow(name: str) -> dict[Any, Any]:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    parsed: dict[Any, Any] = yaml.safe_load(text)
    return parsed


@dataclass(frozen=True)
class Runner:
    """A job's folder, with what GitHub's expressions come to."""

    folder: Path
    expressions: Mapping[str, str]
    environment: Mapping[str, str]

    def step(self, name: str, job: str, step: str) -> "subprocess.CompletedProcess[str]":
        """Run one step of a workflow, found by its name or its id."""
        (found,) = (
            one
            for one in workflow(name)["jobs"][job]["steps"]
            if step in (one.get("name"), one.get("id"))
        )
        given = {key: self._evaluated(value) for key, value in found.get("env", {}).items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
            cwd=self.folder,
            env={**self.environment, **given},
            capture_output=True,
            text=True,
            check=False,
        )

    def _evaluated(self, value: str) -> str:
        return _EXPRESSION.sub(lambda found: self.expressions[found[1]], str(value))


def checkout(folder: Path, *stacks: str) -> Path:
    """What a step finds: the programs of the workflows and the settings of the stacks."""
    folder.mkdir(parents=True)
    (folder / "workflows").symlink_to(ROOT / "workflows", target_is_directory=True)
    for stack in stacks:
        (folder / f"Pulumi.{stack}.yaml").write_text("config: {}\n", encoding="utf-8")
    return folder


def tools(folder: Path, **scripts: str) -> str:
    """A PATH on which the given shell scripts come first, and `python` is this one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3"):
        (folder / name).symlink_to(sys.executable)
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
