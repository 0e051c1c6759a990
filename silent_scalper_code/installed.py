"""Packages that pip or uv has laid into a folder, made the same whoever laid them there."""

import csv
import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from .requirements import canonical

_OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_ENTRY_POINT = (b"#!", b"from ", b"sys.exit(")


@dataclass(frozen=True, slots=True)
class Package:
    """One that was installed."""

    name: str
    version: str
    tags: tuple[str, ...]
    """What its wheel says it is for, such as `cp312-cp312-manylinux_2_17_aarch64`."""
    files: frozenset[str]
    """What it brought, by its path in the folder."""

    @property
    def requirement(self) -> str:
        return f"{canonical(self.name)}=={self.version}"


def packages_in(folder: Path) -> list[Package]:
    """By name, as their metadata say; what is there without metadata is not told of."""
    found = []
    for about in folder.glob("*.dist-info"):
        texts = {
            path.name: path.read_text(encoding="utf-8", errors="replace")
            for path in about.iterdir()
            if path.name in ("METADATA", "WHEEL", "RECORD")
        }
        found.append(package_of(texts, about.name))
    return sorted(found, key=lambda package: canonical(package.name))


def package_of(texts: Mapping[str, str], about: str) -> Package:
    """From METADATA, WHEEL and RECORD of its folder `about`, as far as they are there."""
    metadata = HeaderParser().parsestr(texts.get("METADATA", ""))
    wheel = HeaderParser().parsestr(texts.get("WHEEL", ""))
    name, _, version = about.rpartition("/")[2].removesuffix(".dist-info").partition("-")
    return Package(
        name=metadata["Name"] or name,
        version=metadata["Version"] or version,
        tags=tuple(wheel.get_all("Tag") or ()),
        files=frozenset(row[0] for row in _rows(texts.get("RECORD", ""))),
    )


def settle(folder: Path) -> None:
    """Remove what differs between machines and installers: byte code, starters, who did it."""
    for cached in list(folder.rglob("__pycache__")):
        shutil.rmtree(cached)
    for starter in _starters(folder):
        starter.unlink()
    for about in folder.glob("*.dist-info"):
        for name in _OF_THE_INSTALLER:
            (about / name).unlink(missing_ok=True)
        _rewrite_record(about, folder)
    for empty in sorted(folder.rglob("*"), reverse=True):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()
    # uv leaves a lock there.
    (folder / ".lock").unlink(missing_ok=True)


def _rows(record: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(record)) if row]
    except csv.Error:
        return []


def _rewrite_record(about: Path, folder: Path) -> None:
    """The list of a package's files is read by `importlib.metadata`: it lists what is there."""
    path = about / "RECORD"
    rows = _rows(path.read_text(encoding="utf-8")) if path.is_file() else []
    text = io.StringIO()
    there = sorted(row for row in rows if (folder / row[0]).is_file())
    csv.writer(text, lineterminator="\n").writerows(there)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def _starters(folder: Path) -> Iterator[Path]:
    """Commands that were written for this machine: they name its interpreter by its path."""
    for place in (folder / "bin", folder / "Scripts"):
        for path in list(place.glob("*")) if place.is_dir() else []:
            if path.suffix == ".exe" or _is_starter(path):
                yield path


def _is_starter(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > 4096:
        return False
    content = path.read_bytes()
    return all(part in content for part in _ENTRY_POINT)
