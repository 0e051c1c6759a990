"""How names, times and commands are written for a person at a terminal.

A file's name is a stranger's text: it may hold what moves a cursor, looks like markup, or would run
when it is pasted into a shell.
"""

from datetime import UTC, datetime

from handler.model.text import readable_size, shell_word

__all__ = ["age", "duration", "number", "readable_size", "share", "shell_word", "time_of"]


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


def duration(milliseconds: float | None) -> str:
    """`15 ms`, `1.2 s`, `3.5 min`, `2.1 h`, `3.0 days`; a dash where there is none."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def share(part: float | None) -> str:
    """`1.5 %`; a dash where there is none, and never `0.0 %` of what is not none."""
    if part is None:
        return "–"
    if 0 < part < 0.0005:
        return "< 0.1 %"
    return f"{part * 100:.1f} %"
