"""The folder on this machine that keeps resolved packages and finished archives."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_VARIABLE = "SILENT_SCALPER_CACHE"
UNUSED_DAYS = 60
"""What nobody has used for so long is removed when something new is kept."""


def folder() -> Path:
    """Where it is; `SILENT_SCALPER_CACHE` names another place, as for a cache of a CI job."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).resolve()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "silent-scalper"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or str(Path.home())
        return Path(local) / "silent-scalper" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "silent-scalper"


def kept(name: str) -> Path | None:
    """What is kept under `name`, marked as used; None if there is nothing."""
    path = folder() / name
    if not path.exists():
        return None
    os.utime(path)
    return path


@contextmanager
def keeping(name: str) -> Iterator[Path]:
    """A new folder to fill; what it holds then appears under `name`, whole or not at all."""
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget_unused(path.parent)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=path.parent))
    try:
        yield unfinished
        try:
            unfinished.rename(path)
        except OSError:
            # Somebody else kept the same at the same time.
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _forget_unused(place: Path) -> None:
    oldest = time.time() - UNUSED_DAYS * 24 * 60 * 60
    for entry in place.iterdir():
        if entry.stat().st_mtime < oldest:
            shutil.rmtree(entry, ignore_errors=True)
