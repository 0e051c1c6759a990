"""The examples, as their users run them: install, preview, up, a file, destroy, on the real engine.

AWS is the emulator and its provider the stand-in of the engine tests; the rest is what it says.
"""

import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from components.checks import checked
from tests.engine.conftest import engine, shared_engine
from tests.engine.workspace import Engine, Stack
from tests.packaging.installed import ROOT, lend, run

__all__ = ["engine", "shared_engine"]

NEEDS = {
    "go": ["pulumi-language-python", "pulumi-language-go", "go"],
    "python_pip": ["pulumi-language-python"],
    "python_package": ["pulumi-language-python"],
    "typescript": ["pulumi-language-python", "pulumi-language-nodejs", "npm"],
    "yaml": ["pulumi-language-python", "pulumi-language-yaml"],
}
"""The component itself is Python whatever the program is in."""

PROGRAMS = {
    "go": "main.go",
    "python_pip": "__main__.py",
    "python_package": "__main__.py",
    "typescript": "index.ts",
    "yaml": "Pulumi.yaml",
}

LONG = {"go", "python_package", "typescript", "yaml"}
"""Their programs talk to a plug-in that the engine starts anew for every command."""


def missing(example: str) -> list[str]:
    return [tool for tool in ["pulumi", *NEEDS[example]] if shutil.which(tool) is None]


def not_run(config: pytest.Config) -> dict[str, str]:
    """Why an example is left out."""
    reasons = {name: f"no {', '.join(missing(name))}" for name in NEEDS if missing(name)}
    if not config.getoption("--heavy", False):
        reasons = {**dict.fromkeys(sorted(LONG), "long; run by `make engine`"), **reasons}
    return reasons


@pytest.fixture(scope="module")
def tools(engine: Engine) -> Mapping[str, str]:
    """The environment of the command; its aws plug-in is only there to be found."""
    home = Path(engine.environment["PULUMI_HOME"])
    plugin = home / "plugins" / f"resource-aws-v{version('pulumi-aws')}" / "pulumi-resource-aws"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_text("#!/bin/sh\nexit 1\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, **engine.environment}


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with what the plug-in needs already installed."""
    folder = tmp_path_factory.mktemp("examples") / "repository"
    shutil.copytree(repository, folder)
    lend(folder / "components" / "venv")
    return folder


@dataclass(frozen=True)
class Example:
    """A project whose packages are installed."""

    name: str
    folder: Path
    engine: Engine


@pytest.fixture(scope="module", params=NEEDS)
def example(request: pytest.FixtureRequest, clone: Path) -> Example:
    if reason := not_run(request.config).get(request.param):
        pytest.skip(reason)
    # Only now: they start the emulator.
    tools: Mapping[str, str] = request.getfixturevalue("tools")
    engine_in_use: Engine = request.getfixturevalue("engine")
    project = clone / "examples" / request.param
    lend(project / ".venv")
    run("pulumi", "install", cwd=project, env=tools)
    # Go itself adds to its module's file what the module's dependencies need.
    committed = run("git", "status", "--porcelain", "--", ".", ":!go.mod", cwd=project)
    assert committed == "", "installing changes nothing that is committed"
    return Example(request.param, project, engine_in_use)


def test_an_example_is_brought_up_used_and_destroyed(example: Example) -> None:
    stack = Stack(example.engine, example.folder, "dev")
    assert {operation for operation, _ in stack.preview().changes} == {"create"}
    stack.up()
    assert stack.preview().changes == set()
    made = stack.resources()
    assert "intake-input" in example.engine.left_of(made)
    stack.destroy()
    assert example.engine.left_of(made) == set()


def test_a_wrong_argument_is_told_in_the_same_words_in_every_language(example: Example) -> None:
    program = example.folder / PROGRAMS[example.name]
    right = program.read_text(encoding="utf-8")
    wrong = re.sub("100_?000_?000", "0", right)
    assert wrong != right
    with pytest.raises(ValueError, match=r"max_size_bytes \(maxSizeBytes\)") as here:
        checked("intake", {"max_size_bytes": 0})
    program.write_text(wrong, encoding="utf-8")
    try:
        with pytest.raises(CommandError) as there:
            Stack(example.engine, example.folder, "wrong").preview()
    finally:
        program.write_text(right, encoding="utf-8")
    told = " ".join(str(there.value).split())
    assert " ".join(str(here.value).split()) in told
    # Only a program that the component runs in sees a traceback through it.
    assert ("checks.py" in told) == (example.name == "python_pip")


def test_every_example_is_run_here() -> None:
    programs = {path.parent.name for path in ROOT.glob("examples/*/Pulumi.yaml")}
    on_the_emulator = {"existing_bucket", "partner_account"}  # tests/end_to_end/test_doors.py
    assert programs == {*NEEDS, "github_roles", *on_the_emulator}
