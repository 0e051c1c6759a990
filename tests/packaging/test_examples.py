"""The examples, as their users run them: install, preview, up, a file, destroy, on the real engine.

AWS is the emulator and its provider the stand-in of the engine tests; the rest is what it says.
"""

import os
import shutil
import stat
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.engine.conftest import engine
from tests.engine.workspace import Engine, Stack
from tests.packaging.installed import ROOT, lend, run

__all__ = ["engine"]

NEEDS = {
    "python_pip": ["pulumi-language-python"],
    "python_package": ["pulumi-language-python"],
    "typescript": ["pulumi-language-python", "pulumi-language-nodejs", "npm"],
    "yaml": ["pulumi-language-python", "pulumi-language-yaml"],
}
"""The component itself is Python whatever the program is in."""


LONG = {"python_package", "typescript", "yaml"}
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
    return {**os.environ, **engine.environment, "PIP_NO_BUILD_ISOLATION": "1"}


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with what the plug-in needs already installed."""
    folder = tmp_path_factory.mktemp("examples") / "repository"
    shutil.copytree(repository, folder)
    lend(folder / "components" / "venv")
    return folder


@pytest.mark.parametrize("example", NEEDS)
def test_an_example_is_installed_brought_up_used_and_destroyed(
    example: str, request: pytest.FixtureRequest, clone: Path
) -> None:
    if reason := not_run(request.config).get(example):
        pytest.skip(reason)
    # Only now: they start the emulator.
    tools: Mapping[str, str] = request.getfixturevalue("tools")
    engine_in_use: Engine = request.getfixturevalue("engine")
    project = clone / "examples" / example
    lend(project / ".venv")
    run("pulumi", "install", cwd=project, env=tools)
    committed = run("git", "status", "--porcelain", "--", ".", cwd=project)
    assert committed == "", "installing changes nothing that is committed"

    stack = Stack(engine_in_use, project, "dev")
    assert {operation for operation, _ in stack.preview().changes} == {"create"}
    stack.up()
    assert stack.preview().changes == set()
    made = stack.ids()
    assert {name for name in made if name.startswith("intake-")} >= {"intake-input"}
    stack.destroy()
    assert engine_in_use.left_of(made.values()) == set()


def test_every_example_is_run_here() -> None:
    programs = {path.parent.name for path in ROOT.glob("examples/*/Pulumi.yaml")}
    assert programs == {*NEEDS, "github_roles"}
