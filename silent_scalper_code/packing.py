"""The whole way: from what the user gave to one archive that Lambda runs."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .checking import brought_along, cannot_be_loaded, old_botocore, too_large, too_large_to_send
from .entry import IN_THE_RUNTIME, Code, entry_problems, standard_library
from .errors import CodeError, listed
from .installed import packages_in
from .names import OURS, clashes, first_names
from .requirements import REQUIREMENTS, Requirements, canonical, requirements_in
from .resolving import kept_name, resolved
from .source import File, Source, on_disk
from .target import Target
from .zipping import MAX_REQUEST_BYTES, stored_bytes, write_zip

FORMAT = 2
"""Raised when the same code would make another archive, or be checked otherwise."""
PROCESS, PACKAGES = "process", "packages"
"""Folders of the archive: the user's own code, and the packages of its requirements."""

ARCHIVE, NOTES = "code.zip", "notes.json"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the code will be run."""

    entry: str
    """Module and function, joined by dots."""
    target: Target
    has_layers: bool = False
    """Modules may come from elsewhere: layers, or a PYTHONPATH in the environment."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A finished archive."""

    path: Path
    """A .zip; it lies in the cache and is not to be changed."""
    notes: tuple[str, ...]
    """What the user should know of it: what is left out, what is not pinned."""


def pack(
    source: Source, ours: Mapping[str, Path], wanted: Wanted, say: Say = lambda text: None
) -> Packed:
    """The user's code with its packages beside `ours`, the pipeline's own files by their place.

    An archive that was made before is found again without asking anybody. Raises `CodeError`
    with all that is wrong.
    """
    requirements = requirements_in(source.folder) if source.folder else None
    job = _Job(source, ours, wanted, requirements, say)
    name = f"archives/{_key(job)}"
    if not (found := cache.kept(name)):
        with cache.keeping(name) as folder:
            notes = _make(folder / ARCHIVE, job)
            (folder / NOTES).write_text(json.dumps(notes), encoding="utf-8")
        found = cache.folder() / name
    notes = json.loads((found / NOTES).read_text(encoding="utf-8"))
    return Packed(found / ARCHIVE, (*_about(job), *notes))


@dataclass(frozen=True, slots=True)
class _Job:
    source: Source
    ours: Mapping[str, Path]
    wanted: Wanted
    requirements: Requirements | None
    say: Say


def _make(path: Path, job: _Job) -> list[str]:
    """Write the archive; what the user should know of it."""
    packages: list[File] = []
    notes: list[str] = []
    if job.requirements:
        folder = resolved(job.requirements, job.wanted.target, job.say)
        packages = files_in(folder)
        notes += _not_pinned(job.requirements, folder)
    _raise_if_any(problems_of(job.source, packages, job.wanted))
    files = [
        *_own_files(job),
        *_placed(PROCESS, job.source.files),
        *_placed(PACKAGES, packages),
    ]
    files.sort(key=lambda file: file.name)
    _raise_if_any(too_large(files))
    write_zip(path, files)
    _raise_if_any(too_large_to_send(path.stat().st_size, files))
    if stored_bytes(files) > MAX_REQUEST_BYTES:
        notes.append(
            "the code is compressed to fit in a request: deployed from a machine whose Python has "
            "another zlib it shows as changed"
        )
    return notes


def _raise_if_any(problems: Iterator[str]) -> None:
    if found := list(problems):
        raise CodeError(*found)


def _placed(folder: str, files: Sequence[File]) -> list[File]:
    return [File(f"{folder}/{file.name}", file.size_bytes, file.read) for file in files]


def _own_files(job: _Job) -> list[File]:
    return [on_disk(path, name) for name, path in sorted(job.ours.items())]


def files_in(folder: Path) -> list[File]:
    """Of packages that were resolved, all."""
    return [
        on_disk(path, path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def problems_of(source: Source, packages: Sequence[File], wanted: Wanted) -> Iterator[str]:
    """What would keep the code from being loaded or called, each a sentence."""
    target = wanted.target
    everything = [*source.files, *packages]
    yield from clashes(source.names, (file.name for file in packages), target)
    yield from cannot_be_loaded(everything, target)
    yield from old_botocore(everything)
    # Packages that lie beside the code are as little ours to judge as those of the requirements.
    brought = brought_along(source.files) | {file.name for file in packages}
    others = {*standard_library(target), *IN_THE_RUNTIME, *OURS}
    code = Code(
        files={file.name: file for file in source.files if file.name not in brought},
        target=target,
        available=frozenset(others | first_names(brought).keys()),
        left_out=frozenset(source.left_out),
        sees_everything=not wanted.has_layers,
    )
    yield from entry_problems(code, wanted.entry)


def _key(job: _Job) -> str:
    target = job.wanted.target
    packages = kept_name(job.requirements, target) if job.requirements else None
    about = [FORMAT, job.wanted.entry, job.wanted.has_layers, target.where, packages]
    found = hashlib.sha256(json.dumps([*about, job.source.left_out]).encode())
    for file in [*_own_files(job), *job.source.files]:
        content = file.read()
        found.update(json.dumps([file.name, len(content)]).encode())
        found.update(content)
    return found.hexdigest()


def _about(job: _Job) -> Iterator[str]:
    """What is said of the code each time."""
    source, target = job.source, job.wanted.target
    if job.requirements and target.is_this_machine:
        yield (
            f"the packages of {job.requirements.origin} are those for {target.where}, where an "
            "emulator runs them; on Lambda they would not all load"
        )
    if source.left_out:
        names = Counter(re.sub(r".*/(?=[^/]+/?$)", "", path) for path in source.left_out)
        told = [name if count == 1 else f"{name} ({count})" for name, count in names.items()]
        yield f"left out of the archive: {listed(told, at_most=12)}"
    if source.folder is None and REQUIREMENTS in source.names:
        yield (
            f"the {REQUIREMENTS} in a .zip or a list of files is not resolved: such code is "
            "taken as complete; give the folder to have its packages brought along"
        )


def _not_pinned(requirements: Requirements, folder: Path) -> list[str]:
    names = [canonical(package.name) for package in packages_in(folder)]
    if loose := [name for name in names if name not in requirements.pinned]:
        return [
            f"{requirements.origin} names no single version of {listed(loose)}: another machine, "
            "or another day, may bring others; pin them (`pip freeze`, `uv pip compile`)"
        ]
    return []
