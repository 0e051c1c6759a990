"""The user's code made importable on this machine, as Lambda has it in its archive."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import handler
from silent_scalper_code.compiled import is_executable
from silent_scalper_code.errors import CodeError
from silent_scalper_code.names import first_names
from silent_scalper_code.requirements import Requirements, requirements_in
from silent_scalper_code.resolving import resolved
from silent_scalper_code.source import Source, read_source
from silent_scalper_code.target import Target

from ..read.errors import OperateError

OURS = "silent_scalper"
"""What the handler is called in Lambda, where `process` imports from it."""


def make_importable(code: Path, deployed_for: Target) -> str | None:
    """Put the code and the packages of its requirements first on `sys.path`.

    Returns what the user should know of it. Raises an `OperateError` that says what is wrong.
    """
    try:
        source = read_source(code)
        requirements = requirements_in(code) if source.folder else None
        here = Target.this_machine()
        packages = [resolved(requirements, here)] if requirements else []
    except CodeError as error:
        raise OperateError("\n".join(error.sentences)) from None
    except OSError as error:
        raise OperateError(f"{code} cannot be read: {error.strerror}") from None
    folder = code.resolve() if source.folder else _unpacked(source)
    sys.path[:0] = [str(folder), *map(str, packages)]
    _take_our_name_in_lambda(source)
    return _about(requirements, here, deployed_for) if requirements else None


def _about(requirements: Requirements, here: Target, deployed_for: Target) -> str:
    told = f"The packages of {requirements.origin} are those for {here.where}"
    if deployed_for.differs_from_this_machine():
        told += f"; deployed are those for {deployed_for.where}"
    return f"{told}."


def _unpacked(source: Source) -> Path:
    """A .zip as a folder: no compiled module can be imported from within a .zip."""
    folder = Path(tempfile.mkdtemp(prefix="silent-scalper-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in source.files:
        path, content = folder / file.name, file.read()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if is_executable(content) else 0o644)
    return folder


def _take_our_name_in_lambda(source: Source) -> None:
    """`from silent_scalper import …` finds the handler; `import handler` the user's, if any."""
    sys.modules[OURS] = handler
    if "handler" not in first_names(source.names):
        return
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "handler":
            del sys.modules[name]
            _rename(module, OURS + name.removeprefix("handler"))


def _rename(module: ModuleType, name: str) -> None:
    """As if it had been imported by that name: what it imports later is found beside it."""
    sys.modules[name] = module
    module.__name__ = name
    if module.__spec__ is not None:
        module.__spec__.name = name
        module.__package__ = module.__spec__.parent
