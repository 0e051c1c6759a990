"""What is deployed to Lambda of the pipeline's own: the handler, and the daily check.

Files are listed one by one. An archive of the folder would take in `__pycache__`, which differs
from machine to machine and shows up as a change of the code.
"""

from collections.abc import Mapping
from pathlib import Path

import pulumi

CHECKER = ("audit", "read")
"""The rooms of the operator's command that the daily check runs with."""

RULES = ("__init__", "declaration", "rules", "values")
"""What the handler needs of the declared arguments."""

NOT_DEPLOYED = ("testing.py",)
"""For the tests of users, on their machines."""

_HERE = Path(__file__).resolve().parent


HANDLER = "silent_scalper"
"""What the handler is called beside the user's code, which imports from it; a name that no module
of the user's has, as `handler` might be."""


def handler_code() -> pulumi.AssetArchive:
    """The handler alone, and the declared arguments that it reads."""
    return _archive(handler_files())


def handler_files(name: str = HANDLER) -> dict[str, Path]:
    """The files of `handler_code`, by their place in the archive."""
    handler = _folder(_HERE / "handler", _HERE.parent / "handler")
    arguments = _HERE.parent / "silent_scalper_arguments"
    return {
        **_modules(handler, name),
        **{f"{arguments.name}/{module}.py": arguments / f"{module}.py" for module in RULES},
    }


def checker_code() -> pulumi.AssetArchive:
    """The daily check in `operate/`, and the handler, whose words it reads."""
    folder = _folder(_HERE.parent / "silent_scalper_operate", _HERE.parent / "operate")
    rooms = [_modules(folder / room, f"operate/{room}") for room in CHECKER]
    check = {"operate/__init__.py": folder / "__init__.py"}
    for files in rooms:
        check |= files
    return _archive({**handler_files("handler"), **check})


def _archive(files: Mapping[str, Path]) -> pulumi.AssetArchive:
    return pulumi.AssetArchive({name: pulumi.FileAsset(str(path)) for name, path in files.items()})


def _modules(folder: Path, name: str) -> dict[str, Path]:
    """Every module in a folder, which is called `name` in the archive."""
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*.py"))
        if path.name not in NOT_DEPLOYED
    }


def _folder(installed: Path, in_checkout: Path) -> Path:
    """Where code lies that is not the component's own."""
    return installed if installed.is_dir() else in_checkout
