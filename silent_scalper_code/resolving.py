"""Packages for the target, resolved by the user's own pip or uv and kept on this machine."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from . import cache
from .errors import CodeError
from .installed import settle
from .requirements import Requirements
from .target import GLIBC, Target

FORMAT = 1
"""Raised when the same requirements would make other files."""

_DRIVER = Path(__file__).with_name("pip_for_target.py")
_NO_NETWORK = re.compile(
    r"name resolution|getaddrinfo|dns error|Connection refused|NewConnectionError|ConnectTimeout"
    r"|Max retries exceeded|Network is unreachable|network was disabled|Could not connect"
    r"|error sending request|Failed to fetch|ProxyError|timed out",
    re.IGNORECASE,
)
_NO_WHEEL = re.compile(
    r"No matching distribution|No solution found|no wheels|no usable wheels"
    r"|Could not find a version",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"://[^/\s@]+@")
LAST_LINES = 6
"""Of what the resolver said, in an error."""


def resolved(
    requirements: Requirements, target: Target, say: Callable[[str], None] = lambda text: None
) -> Path:
    """A folder with the packages, as `sys.path` takes it. It is made once for the same text.

    Raises `CodeError` when they cannot be had.
    """
    name = f"packages/{kept_name(requirements, target)}"
    if found := cache.kept(name):
        return found
    say(f"resolving {requirements.origin} for {target.where}")
    with cache.keeping(name) as folder:
        _install(requirements, target, folder)
        settle(folder)
    return cache.folder() / name


def kept_name(requirements: Requirements, target: Target) -> str:
    """Names the packages: by what is asked for and for what, never by who resolved it."""
    where = f"here-{sys.platform}" if target.is_this_machine else "lambda"
    return f"{requirements.digest[:32]}-{target.version}-{target.architecture}-{where}-{FORMAT}"


def _install(requirements: Requirements, target: Target, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="silent-scalper-") as place:
        file = requirements.folder / requirements.origin
        if requirements.origin != "requirements.txt":
            file = Path(place) / "requirements.txt"
            file.write_text(requirements.text, encoding="utf-8")
        command = _command(target, folder, file)
        # Where paths in the file begin; uv also looks for its settings from here upwards.
        ran = subprocess.run(
            command, cwd=requirements.folder, capture_output=True, text=True, check=False
        )
    if ran.returncode:
        raise CodeError(_explained(requirements, target, command, ran.stderr or ran.stdout))


def _command(target: Target, folder: Path, file: Path) -> list[str]:
    if find_spec("pip") is not None:
        return _pip(target, folder, file)
    if uv := shutil.which("uv"):
        return _uv(uv, target, folder, file)
    raise CodeError(
        f"to resolve {file.name} for {target.where}, pip or uv is needed, and neither belongs to "
        f"{sys.executable}; run: {sys.executable} -m ensurepip, or install uv"
    )


def _pip(target: Target, folder: Path, file: Path) -> list[str]:
    options = [
        *("install", "--target", str(folder), "--requirement", str(file)),
        *("--only-binary=:all:", "--no-compile", "--no-warn-conflicts", "--ignore-installed"),
        *("--no-input", "--disable-pip-version-check", "--quiet", "--no-color"),
    ]
    if target.is_this_machine:
        return [sys.executable, "-m", "pip", *options]
    environment = json.dumps(target.marker_environment)
    tags = [part for tag in target.platform_tags for part in ("--platform", tag)]
    python = ["--python-version", target.version, "--implementation", "cp"]
    return [sys.executable, "-P", str(_DRIVER), environment, *options, *tags, *python]


def _uv(uv: str, target: Target, folder: Path, file: Path) -> list[str]:
    command = [
        *(uv, "pip", "install", "--target", str(folder), "--requirements", str(file)),
        *("--only-binary", ":all:", "--no-compile-bytecode", "--link-mode", "copy"),
        *("--quiet", "--no-progress", "--color", "never", "--python", sys.executable),
    ]
    if target.is_this_machine:
        return command
    glibc = "_".join(map(str, GLIBC))
    return [
        *command,
        *("--python-platform", f"{target.machine}-manylinux_{glibc}"),
        *("--python-version", target.version),
    ]


def _explained(
    requirements: Requirements, target: Target, command: Sequence[str], said: str
) -> str:
    lines = [line for line in _CREDENTIALS.sub("://…@", said).splitlines() if line.strip()]
    told = "\n      ".join(lines[-LAST_LINES:]) or "nothing"
    tool = "pip" if command[0] == sys.executable else "uv"
    text = "\n".join(lines)
    if _NO_NETWORK.search(text):
        do = (
            f"The index that {tool} is set up for cannot be reached, and nothing is kept in "
            f"{cache.folder()} for this {requirements.origin}: preview once with the network, or "
            f"bring that folder along ({cache.FOLDER_VARIABLE} names another)"
        )
    elif _NO_WHEEL.search(text):
        do = (
            f"Only wheels are taken, because nothing can be built for {target.where} here: choose "
            "a version that has one (or is pure Python), or build a wheel and name it in the file. "
            f"Where no version at all was found, {tool} may be set up for another index"
        )
    else:
        do = f"Correct {requirements.origin}, or what {tool} is set up with"
    return (
        f"{requirements.origin} cannot be resolved for {target.where}. {do}. {tool} said:\n"
        f"      {told}"
    )
