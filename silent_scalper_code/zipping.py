"""A .zip that is the same wherever it is written."""

import stat
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from .compiled import is_executable
from .source import File

MAX_REQUEST_BYTES = 50 * 2**20
"""A .zip that is uploaded with the function.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_ENTRY_BYTES = 30 + 46
"""What a .zip holds for each file besides its name, twice, and its content."""


def stored_bytes(files: Iterable[File]) -> int:
    """How large their .zip is without compression."""
    entries = (_ENTRY_BYTES + 2 * len(file.name.encode()) + file.size_bytes for file in files)
    return 22 + sum(entries)


def write_zip(path: Path, files: Sequence[File]) -> None:
    """Write the files in their order, with modes by content, and no time and no owner.

    Content is stored as it is if the whole then fits in a request: zlib's successors compress
    otherwise, so that the same files would make another archive on another machine.
    """
    fits = stored_bytes(files) <= MAX_REQUEST_BYTES
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            content = file.read()
            entry = zipfile.ZipInfo(file.name, _EPOCH)
            entry.create_system = _UNIX
            mode = 0o755 if is_executable(content) else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            entry.compress_type = zipfile.ZIP_STORED if fits else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
