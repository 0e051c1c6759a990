"""The packages that the user's code asks for, as a requirements file, and what names them.

Nothing is resolved here: `resolving.py` leaves that to pip or uv.
"""

import hashlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import CodeError

REQUIREMENTS, PROJECT = "requirements.txt", "pyproject.toml"

_OTHER_FILE = re.compile(r"^(?:-r|--requirement|-c|--constraint)[ =]*(.+)$")
_PINNED = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(===?\s*[^*,;\s]+\s*(;.*|--hash.*)?$|@\s)"
)
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Requirements:
    """What to resolve."""

    text: str
    folder: Path
    """Where relative paths in it begin."""
    origin: str
    """The file they come from, for people."""
    digest: str
    """Of the text and of every file of this machine that it names."""
    pinned: frozenset[str]
    """Names of packages of which it names a single version, as `canonical` writes them."""


def requirements_in(folder: Path) -> Requirements | None:
    """Of `requirements.txt`, or of the dependencies in `pyproject.toml`; None without any.

    Raises `CodeError` when the file cannot be read.
    """
    folder = folder.resolve()
    try:
        text, origin = _written(folder)
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise CodeError(
            f"the requirements in {folder} cannot be read ({error}); save them as UTF-8 text"
        ) from None
    lines = [line for _, line in _lines(text, folder, set())]
    if not any(_NAME.match(line) or line.startswith(("./", "/", "../")) for line in lines):
        return None
    pinned = frozenset(canonical(found[1]) for line in lines if (found := _PINNED.match(line)))
    return Requirements(text, folder, origin, _digest(text, folder), pinned)


def canonical(name: str) -> str:
    """A package's name as it is compared. https://peps.python.org/pep-0503/#normalized-names"""
    return re.sub(r"[-_.]+", "-", name).lower()


def _written(folder: Path) -> tuple[str, str]:
    if (path := folder / REQUIREMENTS).is_file():
        return path.read_text(encoding="utf-8-sig"), REQUIREMENTS
    path = folder / PROJECT
    project = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    table = project.get("project", {})
    if "dependencies" in table.get("dynamic", []):
        raise CodeError(
            f"{PROJECT} computes its dependencies (`dynamic`), which only a build could tell; "
            f"write a {REQUIREMENTS} beside it"
        )
    return "".join(f"{line}\n" for line in table.get("dependencies", [])), PROJECT


def _lines(text: str, folder: Path, seen: set[Path]) -> Iterator[tuple[Path, str]]:
    """Every line that says something, also of the files it names, with the folder it lies in."""
    joined = re.sub(r"\\\r?\n", " ", text)
    for written in joined.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", written).strip()
        if not line:
            continue
        yield folder, line
        if other := _OTHER_FILE.match(line):
            path = (folder / other[1].strip("'\" ")).resolve()
            if path.is_file() and path not in seen:
                seen.add(path)
                yield from _lines(path.read_text(encoding="utf-8-sig"), path.parent, seen)


def _digest(text: str, folder: Path) -> str:
    found = hashlib.sha256()
    for place, line in _lines(text, folder, set()):
        found.update(f"{line}\n".encode())
        for named in _files_named(line, place, folder):
            found.update(hashlib.sha256(named.read_bytes()).digest())
    return found.hexdigest()


def _files_named(line: str, *places: Path) -> Iterator[Path]:
    """Wheels of this machine: the line stays the same when one is built anew."""
    try:
        words = shlex.split(line.replace("=", " ").replace("file://", ""), comments=False)
    except ValueError:
        words = line.split()
    for word in words:
        for path in {place / word for place in places}:
            if path.is_file():
                yield path
            elif path.is_dir() and word not in (".", "..", ""):
                yield from sorted(entry for entry in path.glob("*.whl"))
