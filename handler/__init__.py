"""The code that runs in Lambda. What `process` may use is exported here."""

import os.path
import sys
from typing import TYPE_CHECKING, Any

_ARCHIVE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# In front of what Lambda brings along, before any of it is imported: the user's own code, and the
# packages of its requirements. A botocore among them is ours then too, or its errors would not be
# known for AWS's.
sys.path[:0] = [
    folder
    for name in ("process", "packages")
    if os.path.isdir(folder := os.path.join(_ARCHIVE, name)) and folder not in sys.path
]

from .model.errors import HoldFile, Rejection  # noqa: E402

if TYPE_CHECKING:
    from .file import File

__all__ = ["File", "HoldFile", "Rejection"]


def __getattr__(name: str) -> Any:
    # A pipeline without `process` does not pay for what `process` is given.
    if name == "File":
        from .file import File  # noqa: PLC0415

        return File
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
