"""A `process` with a compiled package and a program of its own, deployed and run here."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.deployment import ROOT, deployed
from silent_scalper_code.installed import packages_in
from silent_scalper_code.packing import Wanted, pack
from silent_scalper_code.requirements import requirements_in
from silent_scalper_code.resolving import resolved
from silent_scalper_code.source import read_source
from silent_scalper_code.target import ELF_MACHINES, Target
from tests.code.made import folder

from .conftest import Pipeline

PYDANTIC = "pydantic==2.12.5"
PROCESS = """
import subprocess
from pathlib import Path
import pydantic
import pydantic_core._pydantic_core as compiled
from silent_scalper import File, Rejection
import handler

class Row(pydantic.BaseModel):
    id: int

def process(file: File) -> dict:
    with file.open() as stream:
        try:
            row = Row.model_validate_json(stream.read())
        except pydantic.ValidationError as error:
            raise Rejection("BAD_ROW", f"{error.error_count()} values are wrong") from None
    scan = Path(__file__).parent / "bin" / "scan"
    said = subprocess.run([scan], capture_output=True, text=True, check=True).stdout
    suffix = Path(compiled.__file__).suffix
    return {"id": row.id, "said": said, "mine": handler.NAME, "compiled": suffix}
"""
CODE = {
    "main.py": PROCESS,
    "handler.py": "NAME = 'my own handler'\n",
    "bin/scan": "#!/bin/sh\nprintf scanned\n",
    "requirements.txt": f"{PYDANTIC}\n",
}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Skipped where the index that pip is set up for cannot be reached."""
    place = folder(tmp_path_factory.mktemp("program") / "code", CODE)
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PYDANTIC],
        cwd=tmp_path_factory.mktemp("download"),
        capture_output=True,
        check=False,
    )
    if asked.returncode:
        pytest.skip("pip reaches no index here: a compiled package in Lambda was NOT TESTED")
    return place


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_a_compiled_package_is_packed_for_the_architecture_that_is_asked_for(
    code: Path, architecture: str
) -> None:
    source = read_source(code)
    packed = pack(source, {}, Wanted("main.process", Target(architecture=architecture)))
    with zipfile.ZipFile(packed.path) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
        machines = {int.from_bytes(archive.read(name)[18:20], "little") for name in compiled}
    assert any("pydantic_core/_pydantic_core" in name for name in compiled)
    assert machines == {ELF_MACHINES[architecture]}


@pytest.fixture(scope="module")
def running(code: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The repository's program in a folder of its own, with this code."""
    root = code.parent
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / name, root / name)
    config = {
        "config": {"silent-scalper:pipeline": {"process_code": "code", "protect_data": False}}
    }
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    with deployed(root=root) as deployment:
        yield Pipeline(deployment, tmp_path_factory.mktemp("files"))


def test_it_runs_here_with_the_packages_for_this_machine_and_the_screen_says_so(
    running: Pipeline,
) -> None:
    upload = running.drop("row.json", json.dumps({"id": 7}).encode())
    item: dict[str, Any] = running.item_of(running.fate_of(upload))
    assert item["result"] == {
        "id": 7, "said": "scanned", "mine": "my own handler", "compiled": ".so"
    }  # fmt: skip
    (note,) = [note for note in running.deployment.notes if "requirements.txt are" in note]
    assert "those for this machine" in note


def test_it_rejects_with_what_the_package_found(running: Pipeline) -> None:
    upload = running.drop("bad.json", b'{"id": "seven"}', "QUARANTINED", "BAD_ROW")
    assert running.item_of(running.fate_of(upload))["reason_code"] == "BAD_ROW"


def test_scalper_try_runs_the_same_code_here(code: Path, running: Pipeline) -> None:
    """As a command: its own modules are called `handler` too."""
    (code.parent / "row.json").write_text('{"id": 8}')
    (code / "bin" / "scan").chmod(0o755)  # here the folder is run as it lies
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "operate", "try", "row.json"],
        cwd=code.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(code.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PROCESSED" in ran.stdout, ran.stdout + ran.stderr
    assert '"mine": "my own handler"' in ran.stdout
    assert "The packages of requirements.txt are those for this machine" in ran.stdout
    assert "deployed are those for Lambda (Python 3.12, arm64)" in ran.stdout.replace("\n", " ")


def test_the_packages_are_those_that_were_asked_for(code: Path) -> None:
    requirements = requirements_in(code)
    assert requirements is not None
    found = {package.requirement for package in packages_in(resolved(requirements, Target()))}
    assert PYDANTIC in found
