"""The face that programs in other languages see."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components import Architecture, EmailOn, EventsFrom
from components.provider import PipelineProvider
from components.published import REPOSITORY
from components.versions import VERSION
from silent_scalper_arguments.settings import CHECKS
from tests.component.recorder import COMPONENT, Deployment

ROOT = Path(__file__).resolve().parents[2]

# What the inference leaves out when it cannot follow a type is not an error; so count.
ARGUMENTS, OUTPUTS = len(CHECKS), 16


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(PipelineProvider().schema or "")
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


@pytest.mark.parametrize(
    ("argument", "options"),
    [("emailOn", EmailOn), ("architecture", Architecture), ("eventsFrom", EventsFrom)],
)
def test_a_choice_is_closed(
    schema: dict[str, Any], component: dict[str, Any], argument: str, options: type[StrEnum]
) -> None:
    ref = component["inputProperties"][argument]["$ref"]
    choice = schema["types"][ref.removeprefix("#/types/")]
    assert [value["value"] for value in choice["enum"]] == [str(option) for option in options]
    assert all(value["description"] for value in choice["enum"])
    assert set(schema["types"]) == {
        "silent-scalper:index:Architecture", "silent-scalper:index:EmailOn",
        "silent-scalper:index:EventsFrom",
    }  # fmt: skip


def test_what_decides_whether_a_child_exists_is_plain(component: dict[str, Any]) -> None:
    """An output there would make previews differ from updates.

    Of a bucket's name only whether it is given decides, and an output is given.
    """

    def plain(argument: dict[str, Any]) -> bool:
        inner = argument.get("items") or argument.get("additionalProperties")
        return bool(argument.get("plain")) and (inner is None or plain(inner))

    arguments = component["inputProperties"].items()
    assert {name for name, argument in arguments if not plain(argument)} == {
        "bucketPolicyStatements", "inputBucketName", "kmsKeyArn", "permissionsBoundaryArn",
        "processCode", "processEnvironment", "processLayers", "securityGroupIds", "senders",
        "subnetIds", "tags",
    }  # fmt: skip


def test_a_registry_finds_all_that_it_shows(schema: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address = "github.com/you/silent-scalper"
    assert {
        key: schema[key] for key in schema if key not in ("resources", "types", "language")
    } == {
        "name": "silent-scalper",
        "displayName": "Silent Scalper",
        "version": VERSION,
        "description": "Gives every file uploaded to an S3 bucket a known fate.",
        "keywords": ["aws", "s3", "upload", "quarantine", "category/cloud", "kind/component"],
        "homepage": f"https://{address}",
        "repository": f"https://{address}",
        "license": project["license"],
        "publisher": "Silent Scalper",
        "namespace": "silent-scalper",
        "logoUrl": f"https://raw.githubusercontent.com/you/silent-scalper/v{VERSION}/components/logo.svg",
        "pluginDownloadURL": f"git://{address}/components",
        "dependencies": [],
    }


def test_the_logo_and_the_page_of_the_package_lie_beside_it() -> None:
    logo = ElementTree.parse(ROOT / "components" / "logo.svg").getroot()
    assert logo.tag.endswith("svg")
    assert logo.find("{http://www.w3.org/2000/svg}title") is not None
    # A registry shows the page away from here: a relative link would lead nowhere.
    page = (ROOT / "components" / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert links
    assert all(link.startswith(REPOSITORY) for link in links)


def test_the_repository_has_one_address() -> None:
    """Whoever publishes it changes the address here, and finds every other place by this test."""
    listed = subprocess.run(
        ["git", "grep", "--untracked", "-hoE", r"github\.com/[A-Za-z0-9_-]+/silent-scalper"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) == {REPOSITORY.removeprefix("https://")}


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


@pytest.mark.parametrize("name", ["pip.conf", "pip.ini"])  # of Windows, the latter
def test_the_plug_ins_environment_is_installed_without_compiling_all_of_it(
    name: str, tmp_path: Path
) -> None:
    """What is imported is compiled then; all of pulumi-aws would be 170 MB and two minutes more."""
    settings = ROOT / "components" / "venv" / name
    assert settings.read_text() == (settings.parent / "pip.conf").read_text()
    environment = tmp_path / "venv"
    environment.mkdir()
    shutil.copyfile(settings, environment / "pip.conf")
    venv.create(
        environment, symlinks=True, with_pip=True
    )  # as Pulumi does, where it finds a folder
    lent = [str(environment / "bin" / "python"), "-m", "pip", "config", "get", "install.no-compile"]
    told = subprocess.run(lent, capture_output=True, text=True, check=True).stdout.strip()
    assert told == "no", "which pip takes for --no-compile"
    wheel = tmp_path / "small-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small/__init__.py", "ANSWER = 42\n")
        archive.writestr(
            "small-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1\n"
        )
        archive.writestr(
            "small-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("small-1.dist-info/RECORD", "")
    install = [
        str(environment / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--no-index",
        "--quiet",
        str(wheel),
    ]
    subprocess.run(install, capture_output=True, check=True)
    (installed,) = environment.glob("lib/python*/site-packages/small")
    assert [path.name for path in installed.rglob("*") if path.is_file()] == ["__init__.py"]
