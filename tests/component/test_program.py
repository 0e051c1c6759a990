"""The program that a stack runs, as it is: `__main__.py` with a stack's configuration."""

import ast
import json
import os
import runpy
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.component.recorder import PROJECT, Deployment, deploy

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "__main__.py"

EXPORTS = {
    "input_bucket", "quarantine_bucket", "metadata_table", "alerts_topic_arn",
    "quiet_topic_arn",
    "processor_function", "rescuer_function",
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_the_programs_folder() -> Iterator[None]:
    """Where Pulumi runs a program."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


def run(pipeline: dict[str, Any] | None) -> Deployment:
    config = {} if pipeline is None else {f"{PROJECT}:pipeline": json.dumps(pipeline)}
    return deploy(lambda: runpy.run_path(str(PROGRAM)), config=config)


def test_without_configuration_there_is_a_pipeline_with_defaults() -> None:
    deployment = run(None)
    assert deployment.component.name == "intake"
    assert set(deployment.exports) == EXPORTS


def test_the_dev_stack_deploys(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    deployment = run(stack["config"][f"{PROJECT}:pipeline"])
    assert {child.protect for child in deployment.children} == {None}
    code = deployment.named("processor").inputs["code"]
    assert "process/main.py" in zipfile.ZipFile(code.path).namelist()
    variables = deployment.named("processor").inputs["environment"]["variables"]
    assert json.loads(variables["SCALPER_RULES"]) == {
        "accepted_types": ["csv", "json", "txt", "bin"],
        "max_size_bytes": 100_000_000,
        "ignore_patterns": ["*.tmp"],
    }


def test_a_mistyped_name_in_the_configuration_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean alert_emails"):
        run({"alert_email": ["ops@example.com"]})


def test_the_project_has_one_key_that_needs_no_value() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project["name"] == PROJECT
    assert project["runtime"]["options"] == {"toolchain": "pip", "virtualenv": ".venv"}
    ((key, declared),) = project["config"].items()
    assert (key, declared["type"], declared["default"]) == ("pipeline", "object", {})


def test_the_program_has_at_most_30_lines_of_code() -> None:
    tree = ast.parse(PROGRAM.read_text())
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    assert len(lines) <= 30
