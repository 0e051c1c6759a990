"""The code that runs in Lambda. What `process` may use is exported here."""

from typing import TYPE_CHECKING, Any

from .model.errors import Rejection

if TYPE_CHECKING:
    from .user_code import File

__all__ = ["File", "Rejection"]


def __getattr__(name: str) -> Any:
    # A pipeline without `process` does not pay for what `process` is given.
    if name == "File":
        from .user_code import File  # noqa: PLC0415

        return File
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
