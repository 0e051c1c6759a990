"""What is deployed to Lambda, file by file."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_aws import lambda_

from components import SilentScalperPipeline, archive
from local.resources.archives import zipped
from silent_scalper_arguments.shapes import RUNTIMES
from tests.code.made import MAIN, X86, elf, folder
from tests.component.recorder import Deployment, deploy
from tests.pythons import interpreter

ROOT = Path(__file__).resolve().parents[2]
HANDLER, ARGUMENTS = ROOT / "handler", ROOT / "silent_scalper_arguments"
WITH_THE_HANDLER = {
    **{
        f"silent_scalper/{path.relative_to(HANDLER).as_posix()}": path
        for path in HANDLER.rglob("*.py")
        if path.name != "testing.py"  # for users' own tests
    },
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
for name, asset in found.assets.items():
    total.update(name.encode() + b"\\0" + asset.content + b"\\0")
print(total.hexdigest())
"""
"""Run by a Python that need not have pulumi: the listing is ours, the hash of it the engine's."""


def files(code: pulumi.AssetArchive) -> dict[str, Path]:
    """Every file under its name inside the archive."""
    return {
        name: Path(asset.path)
        for name, asset in code.assets.items()
        if isinstance(asset, pulumi.FileAsset)
    }


BOTO3 = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What Lambda brings along, and what that stands on."""


def contents(code: pulumi.FileArchive) -> dict[str, bytes]:
    """What a .zip holds."""
    with zipfile.ZipFile(code.path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def name_of(path: Path) -> str:
    """In the archive."""
    return path.relative_to(ROOT).as_posix()


def test_the_handler_is_deployed_whole_and_without_bytecode(deployed: Deployment) -> None:
    (HANDLER / "__pycache__").mkdir(exist_ok=True)
    for function in ("processor", "rescuer"):
        deployed_files = files(deployed.named(function).inputs["code"])
        assert deployed_files == WITH_THE_HANDLER
        assert f"silent_scalper/{function}.py" in deployed_files


def test_the_daily_check_is_deployed_with_what_it_imports_and_no_more(
    deployed: Deployment, tmp_path: Path
) -> None:
    """Imported where there is nothing else of this repository, and of packages boto3 alone.

    The emulator cannot show it: functions there see the packages of whoever started it.
    """
    deployed_files = files(deployed.named("checker").inputs["code"])
    for name, path in deployed_files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tmp_path / name)
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in BOTO3:
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        whole = origin.parent if origin.name == "__init__.py" else origin
        (packages / whole.name).symlink_to(whole)
    modules = ", ".join(
        name.removesuffix(".py").replace("/", ".")
        for name in deployed_files
        if name.startswith("operate/") and not name.endswith("__init__.py")
    )
    program = (
        f"import sys; sys.path[:0] = {[str(tmp_path), str(packages)]!r}; import {modules}\n"
        "print(*sorted(sys.modules))"
    )
    # -S: no other package of this environment.
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    imported = ran.stdout.split()
    needed = {f"{name.replace('.', '/')}.py" for name in imported if name.startswith("operate.")}
    there = {name for name in deployed_files if name.startswith("operate/")}
    rooms = [path for room in ("audit", "read") for path in (ROOT / "operate" / room).glob("*.py")]
    assert there == {name_of(path) for path in rooms} | {"operate/__init__.py"}
    assert needed - there <= {"operate/audit.py", "operate/read.py"}, "the rooms themselves"
    handler = {name.replace("silent_scalper/", "handler/") for name in WITH_THE_HANDLER}
    assert deployed_files.keys() - there == handler
    read = {
        f"{name.replace('.', '/')}.py" for name in imported if "silent_scalper_arguments." in name
    }
    declared = {name for name in deployed_files if name.startswith("silent_scalper_arguments/")}
    assert declared - read == {"silent_scalper_arguments/__init__.py"}, "change RULES in archive.py"


def test_the_users_code_lies_beside_it_without_bytecode(
    full: Deployment, process_code: Path
) -> None:
    assert contents(full.named("processor").inputs["code"]) == {
        **{name: path.read_bytes() for name, path in WITH_THE_HANDLER.items()},
        "process/main.py": (process_code / "main.py").read_bytes(),
        "process/lib/table.csv": b"a,b\n",
    }


def code_of(given: pulumi.Archive, **arguments: Any) -> pulumi.Archive:
    args: Any = {"process_code": given, **arguments}
    code = deploy(lambda: SilentScalperPipeline("intake", args)).named("processor").inputs["code"]
    assert isinstance(code, pulumi.Archive)
    return code


def test_the_same_files_make_the_same_archive(process_code: Path) -> None:
    """A difference would show in every preview as a change of the code."""
    given = pulumi.FileArchive(str(process_code))
    before = code_of(given)
    (process_code / "lib" / "__pycache__").mkdir(exist_ok=True)
    (process_code / "lib" / "__pycache__" / "more.pyc").write_bytes(b"\0")
    assert zipped(code_of(given)) == zipped(before)


def test_a_list_of_files_is_packed_with_all_that_is_listed(process_code: Path) -> None:
    listed = pulumi.AssetArchive(
        {
            "main.py": pulumi.StringAsset("def process(file): ..."),
            "table.csv": pulumi.FileAsset(str(process_code / "lib" / "table.csv")),
            "deep": pulumi.AssetArchive({"er": pulumi.FileArchive(str(process_code))}),
        }
    )
    code = code_of(listed)
    assert isinstance(code, pulumi.FileArchive)
    mine = {name: text for name, text in contents(code).items() if name.startswith("process/")}
    assert mine == {
        "process/main.py": b"def process(file): ...",
        "process/table.csv": b"a,b\n",
        "process/deep/er/main.py": (process_code / "main.py").read_bytes(),
        "process/deep/er/lib/table.csv": b"a,b\n",
    }


@pytest.mark.parametrize(
    "given",
    [
        pulumi.RemoteArchive("https://example.com/code.zip"),
        pulumi.AssetArchive({"main.py": pulumi.RemoteAsset("https://example.com/main.py")}),
        pulumi.AssetArchive(
            {"lib": pulumi.AssetArchive({"a": pulumi.RemoteArchive("https://example.com/a.zip")})}
        ),
    ],
)
def test_what_lies_elsewhere_is_deployed_as_it_is(given: pulumi.Archive) -> None:
    code = code_of(given)
    assert isinstance(code, pulumi.AssetArchive)
    assert type(code.assets["process"]) is type(given)
    assert files(code) == WITH_THE_HANDLER


@pytest.mark.parametrize(
    ("arguments", "architecture", "runtime"),
    [
        ({}, "arm64", "python3.12"),
        ({"architecture": "x86_64"}, "x86_64", "python3.12"),
        ({"process_runtime": "python3.14"}, "arm64", "python3.14"),
    ],
)
def test_every_function_follows_the_architecture_and_the_users_code_its_python(
    process_code: Path, arguments: dict[str, str], architecture: str, runtime: str
) -> None:
    args: Any = {"process_code": pulumi.FileArchive(str(process_code)), **arguments}
    deployment = deploy(lambda: SilentScalperPipeline("intake", args))
    for function in ("processor", "rescuer", "checker"):
        inputs = deployment.named(function).inputs
        assert inputs["architectures"] == [architecture]
        assert inputs["runtime"] == (runtime if function == "processor" else "python3.12")


def test_code_for_another_architecture_is_refused_by_the_one_that_is_asked_for(
    tmp_path: Path,
) -> None:
    code = folder(tmp_path, {"main.py": MAIN, "fast.abi3.so": elf(X86)})
    given = pulumi.FileArchive(str(code))
    assert code_of(given, architecture="x86_64")
    with pytest.raises(ValueError, match=r"process_code .*compiled for x86-64.*arm64"):
        code_of(given)


def test_code_that_is_known_only_later_is_checked_when_it_is(tmp_path: Path) -> None:
    code = folder(tmp_path, {"main.py": "def process(): ..."})

    def program() -> None:
        later: Any = pulumi.Output.from_input(pulumi.FileArchive(str(code)))
        SilentScalperPipeline("intake", {"process_code": later})

    with pytest.raises(ValueError, match="is called with one argument"):
        deploy(program)
    (code / "main.py").write_text(MAIN)
    assert isinstance(deploy(program).named("processor").inputs["code"], pulumi.FileArchive)


def test_what_is_left_out_and_what_is_not_known_is_said_in_the_preview(
    process_code: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    code_of(pulumi.FileArchive(str(process_code)))
    assert "process_code: left out of the archive: __pycache__/" in caplog.text
    code_of(pulumi.RemoteArchive("https://example.com/code.zip"))
    assert "it must hold all that Lambda (Python 3.12, arm64) needs" in caplog.text


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13", "python3.14"])
def test_the_pinned_provider_knows_every_python_that_is_offered(runtime: str) -> None:
    assert runtime in {known.value for known in lambda_.Runtime}
    assert runtime in RUNTIMES


def test_the_handler_is_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "silent_scalper"
    (installed / "handler").mkdir(parents=True)
    (installed / "handler" / "processor.py").touch()
    shutil.copytree(ARGUMENTS, tmp_path / ARGUMENTS.name)
    monkeypatch.setattr(archive, "_HERE", installed)
    found = files(archive.handler_code())
    handler = {name: path for name, path in found.items() if name.startswith("silent_scalper/")}
    assert handler == {"silent_scalper/processor.py": installed / "handler" / "processor.py"}
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
