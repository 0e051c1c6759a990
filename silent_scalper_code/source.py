"""The user's code as a list of files, whether it is a folder, a .zip or was listed one by one."""

import os
import posixpath
import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from .errors import CodeError, listed, megabytes
from .ignored import Ignored

MAX_UNPACKED_BYTES = 250 * 2**20
"""With all layers. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
WHAT_LAMBDA_TAKES = (
    "Lambda takes 250 MB, layers included. Leave out what is not needed (.scalperignore), or see "
    "`Code that is too large` in docs/your-code.md"
)


@dataclass(frozen=True, slots=True)
class File:
    """One file of an archive."""

    name: str
    """Its path inside the archive, with `/`."""
    size_bytes: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """What the user gave, by name and in order."""

    files: list[File]
    left_out: list[str] = field(default_factory=list)
    """What is there and is not deployed; a folder ends in `/` and stands for all that is in it."""
    folder: Path | None = None
    """Where the files lie on this machine; None for a .zip and for a list."""

    @property
    def names(self) -> set[str]:
        return {file.name for file in self.files}


def read_source(path: Path) -> Source:
    """The code at `path`, a folder or a .zip. Raises `CodeError`, and OSError as reading does."""
    return from_folder(path) if path.is_dir() else from_zip(path)


def on_disk(path: Path, name: str) -> File:
    return File(name, path.stat().st_size, path.read_bytes)


def from_folder(folder: Path) -> Source:
    """Links are followed. Raises `CodeError` with all that cannot be packed, by name."""
    walk = _Walk([], [], [])
    walk.into(folder, "", (), Ignored.of(folder))
    if walk.problems:
        raise CodeError(*walk.problems)
    return Source(sorted(walk.files, key=lambda file: file.name), walk.left_out, folder)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Through a folder, and what it finds."""

    files: list[File]
    left_out: list[str]
    problems: list[str]

    def into(
        self, place: Path, prefix: str, above: tuple[tuple[int, int], ...], ignored: Ignored
    ) -> None:
        """`above` are the folders that `place` lies in: a link to one of them has no end."""
        found = place.stat()
        here = (found.st_dev, found.st_ino)
        if here in above:
            self.problems.append(f"{prefix[:-1]!r} is a link to a folder it lies in; remove it")
            return
        ignored = ignored.within(place, prefix.removesuffix("/"))
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            name, path, is_folder = prefix + entry.name, Path(entry.path), entry.is_dir()
            if ignored.leaves_out(name, is_folder=is_folder) or _is_environment(path, is_folder):
                self.left_out.append(f"{name}/" if is_folder else name)
            elif is_folder:
                self.into(path, f"{name}/", (*above, here), ignored)
            elif problem := _cannot_be_packed(entry, name):
                self.problems.append(problem)
            else:
                self.files.append(on_disk(path, name))


def from_list(files: list[File]) -> Source:
    """What a program listed file by file is what it wants: nothing is left out."""
    problems = [problem for file in files if (problem := name_problem(file.name))]
    if problems:
        raise CodeError(*problems)
    return Source(sorted(files, key=lambda file: file.name))


def from_zip(path: Path) -> Source:
    """Whoever made it: modes are ours, links are followed, and what cannot be packed is named."""
    try:
        archive = zipfile.ZipFile(path)
        members = [entry for entry in archive.infolist() if not entry.is_dir()]
        problems = list(_zip_problems(members))
        content = {} if problems else _followed(archive, members)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _unreadable(path, error) from None
    if problems:
        raise CodeError(*problems)
    ignored = Ignored(reads_gitignore=False)
    left_out = sorted(name for name in content if ignored.leaves_out_path(name))

    def read(member: zipfile.ZipInfo) -> bytes:
        try:
            return archive.read(member)
        except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError) as error:
            raise _unreadable(path, error) from None

    return Source(
        [
            File(name, member.file_size, partial(read, member))
            for name, member in sorted(content.items())
            if not ignored.leaves_out_path(name)
        ],
        left_out,
    )


def name_problem(name: str) -> str | None:
    """Why Lambda, or Python there, could not find a file under this name."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return f"{name!r} is not UTF-8, so no archive can hold the name; rename the file"
    if any(unicodedata.category(character) == "Cc" for character in name) or "\\" in name:
        return f"{name!r} has a control character or \\ in its name; rename the file"
    if re.match(r"/|[A-Za-z]:", name) or ".." in PurePosixPath(name).parts:
        return f"{name!r} leads out of the archive; pack it from inside your code's folder"
    return None


def _cannot_be_packed(entry: "os.DirEntry[str]", name: str) -> str | None:
    if problem := name_problem(name):
        return problem
    if entry.is_symlink() and not os.path.exists(entry.path):
        return f"{name!r} is a link to {os.readlink(entry.path)!r}, which is not there; mend it"
    if not entry.is_file():
        return f"{name!r} is neither a file nor a folder; remove it or name it in .scalperignore"
    if not os.access(entry.path, os.R_OK):
        return f"{name!r} may not be read; run: chmod u+r {name}"
    return None


def _is_environment(path: Path, is_folder: bool) -> bool:
    """A virtual environment, whatever it is called."""
    return is_folder and (path / "pyvenv.cfg").is_file()


def _unreadable(path: Path, error: Exception) -> CodeError:
    return CodeError(
        f"{path} is not a .zip that can be read ({error}); make it with `python -m zipfile -c`, "
        "or give the folder itself"
    )


def _zip_problems(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    counted = Counter(entry.filename for entry in members)
    if twice := sorted(name for name, count in counted.items() if count > 1):
        yield f"{listed(twice)} is in the .zip more than once; make the .zip anew"
    total = sum(entry.file_size for entry in members)
    if total > MAX_UNPACKED_BYTES:
        yield f"the .zip unpacks to {megabytes(total)}; {WHAT_LAMBDA_TAKES}"
    for entry in members:
        if problem := name_problem(entry.filename):
            yield problem
        if entry.flag_bits & 1:
            yield f"{entry.filename!r} is encrypted; make the .zip without a password"


def _followed(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]
) -> dict[str, zipfile.ZipInfo]:
    """The members by name; a link is the file that it leads to, or the files of the folder."""
    links = [entry for entry in members if stat.S_ISLNK(entry.external_attr >> 16)]
    files = {entry.filename: entry for entry in members if entry not in links}
    found, lost = dict(files), list[str]()
    for link in links:
        written = archive.read(link).decode("utf-8", errors="replace")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(link.filename), written))
        if target in files:
            found[link.filename] = files[target]
            continue
        inside = [name for name in files if name.startswith(f"{target}/")]
        if not inside:
            lost.append(f"{link.filename!r} (to {written!r})")
        found |= {link.filename + name.removeprefix(target): files[name] for name in inside}
    if lost:
        raise CodeError(
            f"links of the .zip lead to no file of it: {listed(lost)}; make the .zip with what "
            "they lead to (`zip -r` without -y), or give the folder itself"
        )
    return found
