"""The arguments that decide which files are taken; Lambda reads them from `SCALPER_RULES`."""

import re
from dataclasses import dataclass

from .declaration import argument
from .values import Wrong, flag, list_of, merged, shown, text, whole_number

_FILE_TYPE = re.compile(r"[^\s./*?\[\]]+(\.[^\s./*?\[\]]+)*")


def file_type(value: object) -> str:
    """An extension in lower case and without its leading dot, as the rules in Lambda compare it."""
    extension = text(value).strip().lower()
    extension = extension.removeprefix("*.").removeprefix(".")
    if not _FILE_TYPE.fullmatch(extension):
        raise Wrong(f"must be an extension such as csv or tar.gz (got {shown(value)})")
    return extension


def ignore_pattern(value: object) -> str:
    pattern = text(value)
    if not pattern or set(pattern) == {"*"}:
        raise Wrong(f"must leave some files to deal with (got {shown(value)}); write e.g. *.tmp")
    return pattern


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """The limits that a deployment sets; the defaults take every file that is not empty.

    A new rule needs its meaning in the handler's `Rules`, and nothing else to reach Lambda.
    """

    accepted_types: list[str] = argument([], merged(list_of(file_type)))
    """Extensions that are taken, such as `csv` or `tar.gz`, in any case. Default: every type."""
    min_size_bytes: int = argument(0, whole_number(0, otherwise="omit it for no limit"))
    """Smallest file that is taken; empty files are ruled by `accept_empty`."""
    max_size_bytes: int | None = argument(None, whole_number(1, otherwise="omit it for no limit"))
    """Largest file that is taken. Default: no limit."""
    accept_empty: bool = argument(False, flag)
    """Whether a file of 0 bytes is taken."""
    ignore_empty: bool = argument(False, flag)
    """Whether files of 0 bytes, which s3fs and SFTP send first, are passed over."""
    ignore_patterns: list[str] = argument([], merged(list_of(ignore_pattern)))
    """Shell globs on the whole key, such as `*.tmp`; such files are passed over. Default: none."""
