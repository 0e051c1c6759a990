"""How names, times and commands are written for a person at a terminal.

A file's name is a stranger's text: it may hold what moves a cursor, looks like markup, or would run
when it is pasted into a shell.
"""

from datetime import UTC, datetime

from handler.model.text import readable_size, shell_word

__all__ = ["age", "number", "readable_size", "shell_word", "time_of"]


def time_of(iso: str) -> str:
    """`2026-11-23 14:05:09`, in UTC."""
    return f"{iso[:10]} {iso[11:19]}"


def age(iso: str, now: datetime | None = None) -> str:
    """`5 min`, of a time in the past or to come."""
    seconds = abs(((now or datetime.now(UTC)) - datetime.fromisoformat(iso)).total_seconds())
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def number(count: int, noun: str, plural: str | None = None) -> str:
    """`1 file`, `2,000 files`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
