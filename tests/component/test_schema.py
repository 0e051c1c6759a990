"""The face that programs in other languages see."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components import EmailOn, SilentScalperPipeline
from components.versions import VERSION
from silent_scalper_arguments.settings import CHECKS
from tests.component.recorder import COMPONENT, Deployment

ROOT = Path(__file__).resolve().parents[2]

# What the inference leaves out when it cannot follow a type is not an error; so count.
ARGUMENTS, OUTPUTS = len(CHECKS), 16


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(
        ComponentProvider([SilentScalperPipeline], "silent-scalper").schema or ""
    )
    return parsed


@pytest.fixture(scope="module")
def component(schema: dict[str, Any]) -> dict[str, Any]:
    (found,) = schema["resources"].items()
    assert found[0] == COMPONENT
    resource: dict[str, Any] = found[1]
    return resource


def test_every_argument_is_optional_and_described(component: dict[str, Any]) -> None:
    assert len(component["inputProperties"]) == ARGUMENTS, "run `make arguments`"
    assert not component.get("requiredInputs")
    for name, argument in component["inputProperties"].items():
        assert argument.get("description", "").endswith("."), name


def test_every_output_is_there_and_described(
    component: dict[str, Any], deployed: Deployment
) -> None:
    assert len(component["properties"]) == len(deployed.component_outputs) == OUTPUTS
    assert sorted(component["required"]) == sorted(component["properties"])
    for name, output in component["properties"].items():
        assert output["type"] == "string"
        assert output.get("description", "").endswith("."), name


def test_nothing_of_pulumi_aws_shows(schema: dict[str, Any]) -> None:
    """A type of it would pin its exact version in the SDKs of other languages."""
    dependencies = [
        dependency
        for language in schema.get("language", {}).values()
        for dependency in language.get("dependencies", {})
    ]
    assert not dependencies
    assert "/aws/" not in json.dumps(schema)
    assert not schema.get("dependencies")


def test_the_choice_of_email_is_closed(schema: dict[str, Any], component: dict[str, Any]) -> None:
    ref = component["inputProperties"]["emailOn"]["$ref"]
    choice = schema["types"][ref.removeprefix("#/types/")]
    assert [value["value"] for value in choice["enum"]] == [str(option) for option in EmailOn]
    assert all(value["description"] for value in choice["enum"])
    assert list(schema["types"]) == ["silent-scalper:index:EmailOn"]


def test_what_decides_whether_a_child_exists_is_plain(component: dict[str, Any]) -> None:
    """An output there would make previews differ from updates."""

    def plain(argument: dict[str, Any]) -> bool:
        inner = argument.get("items") or argument.get("additionalProperties")
        return bool(argument.get("plain")) and (inner is None or plain(inner))

    arguments = component["inputProperties"].items()
    assert {name for name, argument in arguments if not plain(argument)} == {
        "kmsKeyArn", "permissionsBoundaryArn", "processCode", "processEnvironment",
        "processLayers", "tags",
    }  # fmt: skip


def test_the_plug_in_serves_the_schema_from_any_folder(tmp_path: Path) -> None:
    plugin = subprocess.Popen(
        [sys.executable, str(ROOT / "components"), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert plugin.stdout is not None
        port = int(plugin.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            provider = provider_pb2_grpc.ResourceProviderStub(channel)
            served = json.loads(provider.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    finally:
        plugin.kill()
        plugin.wait()
    assert list(served["resources"]) == [COMPONENT]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (served["name"], served["version"]) == (project["name"], VERSION)


def test_the_plug_in_brings_what_an_installation_needs() -> None:
    assert (ROOT / "components/PulumiPlugin.yaml").read_text() == "runtime: python\n"
    assert (ROOT / "components/requirements.txt").read_text() == "-r ../requirements.txt\n"
    assert (ROOT / "components/py.typed").exists()
