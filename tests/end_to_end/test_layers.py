"""A layer of the user's with a compiled package, and a .zip as code, deployed and run here."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.deployment import ROOT, deployed
from silent_scalper_code.requirements import requirements_in
from silent_scalper_code.resolving import resolved
from silent_scalper_code.target import Target
from tests.code.made import folder

from .conftest import Pipeline

PYDANTIC = "pydantic==2.12.5"
PROGRAM = """
import pulumi
import pulumi_aws as aws
from components import SilentScalperPipeline

layer = aws.lambda_.LayerVersion(
    "pydantic",
    layer_name="pydantic",
    code=pulumi.FileArchive("./layer"),
    compatible_runtimes=["python3.12"],
)
intake = SilentScalperPipeline(
    "intake",
    {"process_code": "./code.zip", "process_layers": [layer.arn], "protect_data": False},
)
for name in type(intake).__annotations__:
    pulumi.export(name, getattr(intake, name))
"""
PROCESS = """
import pydantic
import pydantic_core._pydantic_core as compiled
from silent_scalper import File
import helper

class Row(pydantic.BaseModel):
    id: int

def process(file: File) -> dict:
    with file.open() as stream:
        row = Row.model_validate_json(stream.read())
    others = ("/process/", "/packages/", "site-packages")
    elsewhere = [it for it in others if it in compiled.__file__]
    return {"id": row.id, "helper": helper.NAME, "elsewhere": elsewhere}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Skipped where the index that pip is set up for cannot be reached."""
    root = tmp_path_factory.mktemp("layers")
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PYDANTIC],
        cwd=tmp_path_factory.mktemp("download"),
        capture_output=True,
        check=False,
    )
    if asked.returncode:
        pytest.skip("pip reaches no index here: a layer was NOT TESTED")
    needed = folder(tmp_path_factory.mktemp("needed"), {"requirements.txt": f"{PYDANTIC}\n"})
    requirements = requirements_in(needed)
    assert requirements is not None
    shutil.copytree(resolved(requirements, Target.this_machine()), root / "layer" / "python")
    with zipfile.ZipFile(root / "code.zip", "w") as archive:
        archive.writestr("main.py", PROCESS)
        archive.writestr("helper.py", "NAME = 'beside'\n")
    folder(root, {"__main__.py": PROGRAM, "Pulumi.dev.yaml": "config: {}\n"})
    shutil.copy(ROOT / "Pulumi.yaml", root / "Pulumi.yaml")
    with deployed(root=root) as deployment:
        yield Pipeline(deployment, tmp_path_factory.mktemp("files"))


def test_a_zip_runs_with_a_compiled_package_of_a_layer(running: Pipeline) -> None:
    upload = running.drop("row.json", b'{"id": 7}')
    item: dict[str, Any] = running.item_of(running.fate_of(upload))
    assert item["result"] == {"id": 7, "helper": "beside", "elsewhere": []}


def test_the_function_has_the_layer(running: Pipeline) -> None:
    configuration = running.cloud.lambda_.get_function_configuration(
        FunctionName=running.deployment.outputs["processor_function"]
    )
    (layer,) = configuration["Layers"]
    assert Path(layer["Arn"].replace(":", "/")).parts[-2:] == ("pydantic", "1")
