"""`pulumi package add` from git, as it is typed: https, a tag, and a folder of the repository."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from components.versions import VERSION
from tests.engine.conftest import engine, shared_engine
from tests.engine.workspace import Engine, Stack
from tests.packaging.git_server import serving
from tests.packaging.installed import run
from tests.packaging.test_examples import tools

__all__ = ["engine", "shared_engine", "tools"]

NEEDS = ["pulumi", "pulumi-language-python", "pulumi-language-yaml", "git"]
SOURCE = "github.com/you/silent-scalper/components"
PROGRAM = """\
name: intake
runtime: yaml
resources:
  intake:
    type: silent-scalper:SilentScalperPipeline
    properties: {protectData: false}
outputs:
  input_bucket: ${intake.inputBucket}
  metadata_table: ${intake.metadataTable}
"""


def not_run(config: pytest.Config) -> str | None:
    """Why it is left out, if it is."""
    if missing := [tool for tool in NEEDS if shutil.which(tool) is None]:
        return f"no {', '.join(missing)}"
    return None if config.getoption("--heavy", False) else "long; run by `make engine`"


def test_a_program_adds_the_plug_in_from_git_by_its_tag_and_is_brought_up(
    request: pytest.FixtureRequest, repository: Path, tmp_path: Path
) -> None:
    if reason := not_run(request.config):
        pytest.skip(reason)
    tools: Mapping[str, str] = request.getfixturevalue("tools")
    engine: Engine = request.getfixturevalue("engine")
    published = tmp_path / "published" / "you" / "silent-scalper.git"
    run("git", "clone", "--quiet", "--bare", repository, published, cwd=tmp_path)
    run("git", "tag", f"v{VERSION}", cwd=published)
    # What is on main by now is something else: the tag counts.
    run("git", "symbolic-ref", "HEAD", "refs/heads/nothing", cwd=published)
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(PROGRAM, encoding="utf-8")

    with serving("github.com", tmp_path / "published", tmp_path) as there:
        command = ("pulumi", "package", "add", f"{SOURCE}@v{VERSION}")
        run(*command, cwd=project, env={**tools, **there})
        command = ("pulumi", "package", "get-schema", f"{SOURCE}@v{VERSION}")
        schema = json.loads(run(*command, cwd=project, env={**tools, **there}))

    assert schema["namespace"] == "silent-scalper", "not the owner's name, as without one"
    assert schema["pluginDownloadURL"] == f"git://{SOURCE}"
    assert schema["version"] == VERSION
    added = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))["packages"]
    assert added == {"silent-scalper": f"{SOURCE}@v{VERSION}"}
    home = Path(tools["PULUMI_HOME"])
    (environment,) = home.glob(f"plugins/*silent-scalper*-v{VERSION}/components/venv")
    (provider,) = environment.glob("lib/python*/site-packages/pulumi_aws")
    assert not (provider / "ec2" / "__pycache__").exists(), "compiled, though nothing imports it"

    stack = Stack(engine, project, "dev")
    stack.up()
    assert stack.preview().changes == set()
    stack.destroy()
