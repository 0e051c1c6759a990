"""Pulumi archives as the zip file that Lambda takes."""

import io
import os
import zipfile
from pathlib import Path

import pulumi

from ..errors import UnsupportedError

# What zip takes for the earliest time: equal content makes an equal file.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


def zipped(archive: pulumi.Archive) -> bytes:
    """The archive's bytes; relative paths start at the working folder, as under the engine.

    A .zip that is the whole archive is taken as it is, with its modes, as the engine takes it.
    """
    if isinstance(archive, pulumi.FileArchive) and zipfile.is_zipfile(archive.path):
        return Path(archive.path).read_bytes()
    files = dict(sorted(_files(archive, prefix="")))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = READABLE
            file.writestr(entry, content)
    return buffer.getvalue()


def _files(item: object, prefix: str) -> list[tuple[str, bytes]]:
    if isinstance(item, pulumi.AssetArchive):
        return [
            pair
            for name, inner in item.assets.items()
            for pair in _files(inner, f"{prefix}/{name}".lstrip("/"))
        ]
    if isinstance(item, pulumi.FileArchive):
        return _archive_on_disk(Path(item.path), prefix)
    if isinstance(item, pulumi.FileAsset):
        return [(prefix, Path(item.path).read_bytes())]
    if isinstance(item, pulumi.StringAsset):
        return [(prefix, item.text.encode())]
    raise UnsupportedError(
        f"The code archive holds a {type(item).__name__}; "
        "the local deployment takes files, folders, zip files and strings."
    )


def _archive_on_disk(path: Path, prefix: str) -> list[tuple[str, bytes]]:
    if path.is_dir():
        return [
            (_joined(prefix, file.relative_to(path).as_posix()), file.read_bytes())
            for folder, _, names in os.walk(path)
            for file in (Path(folder, name) for name in names)
        ]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            return [
                (_joined(prefix, entry.filename), file.read(entry))
                for entry in file.infolist()
                if not entry.is_dir()
            ]
    raise UnsupportedError(f"{path} is neither a folder nor a zip file.")


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}/{name}" if prefix else name
