"""What is deployed to Lambda, file by file."""

import shutil
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from components import SilentScalperPipeline, archive
from tests.component.recorder import Deployment, deploy

HANDLER = Path(__file__).resolve().parents[2] / "handler"


def files(code: pulumi.AssetArchive) -> dict[str, Path]:
    """Every file under its name inside the archive."""
    found: dict[str, Path] = {}
    for name, asset in code.assets.items():
        if isinstance(asset, pulumi.AssetArchive):
            found |= {f"{name}/{inner}": path for inner, path in files(asset).items()}
        elif isinstance(asset, pulumi.FileAsset):
            found[name] = Path(asset.path)
    return found


def test_the_handler_is_deployed_whole_and_without_bytecode(deployed: Deployment) -> None:
    (HANDLER / "__pycache__").mkdir(exist_ok=True)
    for function in ("processor", "rescuer"):
        deployed_files = files(deployed.named(function).inputs["code"])
        assert deployed_files == {f"handler/{path.name}": path for path in HANDLER.glob("*.py")}
        assert f"handler/{function}.py" in deployed_files


def test_the_daily_check_is_deployed_with_what_it_imports_and_no_more(
    deployed: Deployment, tmp_path: Path
) -> None:
    """Imported where there is nothing else of this repository. Lambda has boto3."""
    deployed_files = files(deployed.named("checker").inputs["code"])
    for name, path in deployed_files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, tmp_path / name)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import operate.daily\n"
        "print(*sorted(sys.modules))"
    )
    imported = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"click", "rich", "pulumi"} & set(imported)
    needed = {f"{name.replace('.', '/')}.py" for name in imported if name.startswith("operate.")}
    there = {name for name in deployed_files if name.startswith("operate/")}
    assert there == needed | {"operate/__init__.py"}, "change CHECKER in components/archive.py"
    handler = {name for name in deployed_files if name.startswith("handler/")}
    assert handler == {f"handler/{path.name}" for path in HANDLER.glob("*.py")}


def test_the_users_code_lies_beside_it_without_bytecode(
    full: Deployment, process_code: Path
) -> None:
    deployed_files = files(full.named("processor").inputs["code"])
    mine = {name: path for name, path in deployed_files.items() if not name.startswith("handler/")}
    assert mine == {
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
    monkeypatch.setattr(archive, "_HERE", installed)
    assert files(archive.handler_code()) == {
        "handler/processor.py": installed / "handler" / "processor.py"
    }
