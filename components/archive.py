"""What is deployed to Lambda: the handler, beside it the user's own code; and the daily check.

Files are listed one by one. An archive of the folder would take in `__pycache__`, which differs
from machine to machine and shows up as a change of the code.
"""

from collections.abc import Iterator
from pathlib import Path

import pulumi
from pulumi import Input, Output

CHECKER = ("audit", "read")
"""The rooms of the operator's command that the daily check runs with."""

RULES = ("__init__", "declaration", "rules", "values")
"""What the handler needs of the declared arguments."""

_HERE = Path(__file__).resolve().parent


def handler_code() -> pulumi.AssetArchive:
    """The handler alone, as `handler/`, and the declared arguments that it reads."""
    return pulumi.AssetArchive(_handler())


def checker_code() -> pulumi.AssetArchive:
    """The daily check in `operate/`, and the handler, whose words it reads."""
    folder = _folder(_HERE.parent / "silent_scalper_operate", _HERE.parent / "operate")
    rooms = {f"{room}/{name}": asset for room in CHECKER for name, asset in _modules(folder / room)}
    package = {"__init__.py": pulumi.FileAsset(str(folder / "__init__.py"))}
    return pulumi.AssetArchive({**_handler(), "operate": pulumi.AssetArchive({**package, **rooms})})


def handler_code_with(process: Input[pulumi.Archive]) -> Output[pulumi.Archive]:
    """The handler as `handler/`, and the user's code as `process/`."""

    def beside_handler(archive: pulumi.Archive) -> pulumi.Archive:
        return pulumi.AssetArchive({**_handler(), "process": _listed(archive)})

    return Output.from_input(process).apply(beside_handler)


def _handler() -> dict[str, pulumi.Asset | pulumi.Archive]:
    handler = _folder(_HERE / "handler", _HERE.parent / "handler")
    arguments = _HERE.parent / "silent_scalper_arguments"
    return {
        "handler": pulumi.AssetArchive(dict(_modules(handler))),
        "silent_scalper_arguments": pulumi.AssetArchive(
            {f"{name}.py": pulumi.FileAsset(str(arguments / f"{name}.py")) for name in RULES}
        ),
    }


def _modules(folder: Path) -> Iterator[tuple[str, pulumi.Asset]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix(), pulumi.FileAsset(str(path))


def _folder(installed: Path, in_checkout: Path) -> Path:
    """Where code lies that is not the component's own."""
    return installed if installed.is_dir() else in_checkout


def _listed(archive: pulumi.Archive) -> pulumi.Archive:
    """A folder as the files in it; a .zip, an address or a list of assets stays what it is."""
    if not isinstance(archive, pulumi.FileArchive) or not Path(archive.path).is_dir():
        return archive
    folder = Path(archive.path)
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return pulumi.AssetArchive(
        {
            name.as_posix(): pulumi.FileAsset(str(path))
            for name, path in files.items()
            if "__pycache__" not in name.parts
        }
    )
