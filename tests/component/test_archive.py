"""What is deployed to Lambda, file by file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from components import SilentScalperPipeline, archive
from local.resources.archives import zipped
from tests.component.recorder import Deployment, deploy
from tests.pythons import interpreter

ROOT = Path(__file__).resolve().parents[2]
HANDLER, ARGUMENTS = ROOT / "handler", ROOT / "silent_scalper_arguments"
WITH_THE_HANDLER = {
    **{path.relative_to(ROOT).as_posix(): path for path in HANDLER.rglob("*.py")},
    **{
        f"silent_scalper_arguments/{name}.py": ARGUMENTS / f"{name}.py"
        for name in ("__init__", "declaration", "rules", "values")
    },
}
"""What Lambda gets for every function: no part of the declared arguments that it does not read."""

HASH_OF_WHAT_IS_LISTED = """
import hashlib, runpy, sys, types
class Archive:
    def __init__(self, assets): self.assets = assets
class File:
    def __init__(self, path): self.content = open(path, "rb").read()
sys.modules["pulumi"] = types.SimpleNamespace(
    AssetArchive=Archive, FileAsset=File, Asset=File, FileArchive=Archive, Archive=Archive,
    Input=dict, Output=dict)
found, total = runpy.run_path(sys.argv[1])["handler_code"](), hashlib.sha256()
for folder, archive in found.assets.items():
  for name, asset in archive.assets.items():
    total.update(folder.encode() + name.encode() + b"\\0" + asset.content + b"\\0")
print(total.hexdigest())
"""
"""Run by a Python that need not have pulumi: the listing is ours, the hash of it the engine's."""


def files(code: pulumi.AssetArchive) -> dict[str, Path]:
    """Every file under its name inside the archive."""
    found: dict[str, Path] = {}
    for name, asset in code.assets.items():
        if isinstance(asset, pulumi.AssetArchive):
            found |= {f"{name}/{inner}": path for inner, path in files(asset).items()}
        elif isinstance(asset, pulumi.FileAsset):
            found[name] = Path(asset.path)
    return found


def name_of(path: Path) -> str:
    """In the archive."""
    return path.relative_to(ROOT).as_posix()


def test_the_handler_is_deployed_whole_and_without_bytecode(deployed: Deployment) -> None:
    (HANDLER / "__pycache__").mkdir(exist_ok=True)
    for function in ("processor", "rescuer"):
        deployed_files = files(deployed.named(function).inputs["code"])
        assert deployed_files == WITH_THE_HANDLER
        assert f"handler/{function}.py" in deployed_files


def test_the_daily_check_is_deployed_with_what_it_imports_and_no_more(
    deployed: Deployment, tmp_path: Path
) -> None:
    """Imported where there is nothing else of this repository. Lambda has boto3."""
    deployed_files = files(deployed.named("checker").inputs["code"])
    for name, path in deployed_files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tmp_path / name)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import operate.audit.daily\n"
        "print(*sorted(sys.modules))"
    )
    imported = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"click", "rich", "pulumi"} & set(imported)
    needed = {f"{name.replace('.', '/')}.py" for name in imported if name.startswith("operate.")}
    there = {name for name in deployed_files if name.startswith("operate/")}
    rooms = [path for room in ("audit", "read") for path in (ROOT / "operate" / room).glob("*.py")]
    assert there == {name_of(path) for path in rooms} | {"operate/__init__.py"}
    assert needed - there <= {"operate/audit.py", "operate/read.py"}, "the rooms themselves"
    assert deployed_files.keys() - there == WITH_THE_HANDLER.keys()
    read = {
        f"{name.replace('.', '/')}.py" for name in imported if "silent_scalper_arguments." in name
    }
    declared = {name for name in deployed_files if name.startswith("silent_scalper_arguments/")}
    assert declared - read == {"silent_scalper_arguments/__init__.py"}, "change RULES in archive.py"


def test_the_users_code_lies_beside_it_without_bytecode(
    full: Deployment, process_code: Path
) -> None:
    deployed_files = files(full.named("processor").inputs["code"])
    assert deployed_files == {
        **WITH_THE_HANDLER,
        "process/main.py": process_code / "main.py",
        "process/lib/table.csv": process_code / "lib" / "table.csv",
    }


def test_the_same_files_make_the_same_archive(process_code: Path) -> None:
    """A difference would show in every preview as a change of the code."""

    def listed() -> dict[str, Path]:
        deployment = deploy(
            lambda: SilentScalperPipeline(
                "intake", {"process_code": pulumi.FileArchive(str(process_code))}
            )
        )
        return files(deployment.named("processor").inputs["code"])

    before = listed()
    (process_code / "lib" / "__pycache__").mkdir(exist_ok=True)
    (process_code / "lib" / "__pycache__" / "more.pyc").write_bytes(b"\0")
    assert listed() == before


@pytest.mark.parametrize(
    "given",
    [
        pulumi.RemoteArchive("https://example.com/code.zip"),
        pulumi.AssetArchive({"main.py": pulumi.StringAsset("def process(file): ...")}),
    ],
)
def test_other_archives_are_deployed_as_they_are(given: pulumi.Archive) -> None:
    deployment = deploy(lambda: SilentScalperPipeline("intake", {"process_code": given}))
    deployed_code = deployment.named("processor").inputs["code"].assets["process"]
    assert type(deployed_code) is type(given)


def test_the_handler_is_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "silent_scalper"
    (installed / "handler").mkdir(parents=True)
    (installed / "handler" / "processor.py").touch()
    shutil.copytree(ARGUMENTS, tmp_path / ARGUMENTS.name)
    monkeypatch.setattr(archive, "_HERE", installed)
    found = files(archive.handler_code())
    handler = {name: path for name, path in found.items() if name.startswith("handler/")}
    assert handler == {"handler/processor.py": installed / "handler" / "processor.py"}
    assert all(path.is_relative_to(tmp_path) for path in found.values())


def test_a_checkout_elsewhere_by_somebody_else_at_another_time_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = zipped(archive.handler_code())
    elsewhere = tmp_path / "a folder of somebody else"
    elsewhere.mkdir()
    # Laid down in another order, with other times and rights, and after having been run.
    sources = [*HANDLER.rglob("*.py"), *ARGUMENTS.glob("*.py")]
    for number, path in enumerate(sorted(sources, reverse=True)):
        copy = elsewhere / name_of(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        copy.chmod(0o600 if number % 2 else 0o755)
        os.utime(copy, (number, number))
    (elsewhere / "handler" / "__pycache__").mkdir()
    (elsewhere / "handler" / "__pycache__" / "log.cpython-312.pyc").write_bytes(b"\0")
    monkeypatch.setattr(archive, "_HERE", elsewhere / "components")
    assert zipped(archive.handler_code()) == here


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_lists_the_same_files_in_the_same_order(version: str) -> None:
    """That the engine then sees no change is shown by tests/engine/test_pythons.py."""

    def listed_by(python: str) -> str:
        command = [python, "-c", HASH_OF_WHAT_IS_LISTED, str(ROOT / "components" / "archive.py")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert listed_by(interpreter(version)) == listed_by(sys.executable)
