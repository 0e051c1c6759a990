"""An exception as a person debugs it: the whole chain, and the lines of the user's code.

Neither Lambda's log line of an error nor its failure record has causes, notes or the members of a
group. Of a `Rejection` only the code is written: its reason is for the sender. The text of every
other exception is written, as it is in the reason of a fault.
"""

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

from .model.errors import Rejection, described, shorten

LONGEST = 8_000
"""Characters of a traceback; the middle of a longer one is left out."""
LINKS, MEMBERS, NOTES, DEPTH = 10, 5, 5, 3
"""Of a chain, of a group, of an exception, and of groups in groups: more of them are counted."""
FRAMES = 10
"""At each end of a stack: where the user's code began, and where it failed."""
LINE = 200
"""Characters of a line of source code."""
_OURS = str(Path(__file__).resolve().parent)

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def traceback_of(error: BaseException) -> str:
    """Lines as Python prints them, oldest cause first, at most `LONGEST` characters.

    The handler's own frames are left out where there are others.
    """
    text = "\n".join(_chain(error, set(), 0))
    if len(text) <= LONGEST:
        return text
    # Python prints what happened last at the end.
    end = text[-(LONGEST * 3 // 4) :].partition("\n")[2]
    beginning = text[: LONGEST // 4 - 60].rpartition("\n")[0]
    left_out = len(text) - len(beginning) - len(end)
    return f"{beginning}\n[{left_out:,} characters left out]\n{end}"


def let_go(error: BaseException) -> None:
    """Free what the stacks behind `error` hold: the memory that they filled is the next file's."""
    links: list[BaseException | None] = [error]
    seen: set[int] = set()
    while links:
        link = links.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            traceback.clear_frames(link.__traceback__)
            links += [link.__cause__, link.__context__]
            if isinstance(link, BaseExceptionGroup):
                links += link.exceptions


def _chain(error: BaseException, seen: set[int], depth: int) -> Iterator[str]:
    links: list[tuple[BaseException, str]] = []
    link: BaseException | None = error
    how = ""
    while link is not None and id(link) not in seen and len(links) < LINKS:
        seen.add(id(link))
        links.append((link, how))
        if link.__cause__ is not None:
            link, how = link.__cause__, _CAUSE
        else:
            link, how = (None if link.__suppress_context__ else link.__context__), _CONTEXT
    for link, how in reversed(links):
        yield from _one(link, seen, depth)
        if how:
            yield from ("", how, "")


def _one(error: BaseException, seen: set[int], depth: int) -> Iterator[str]:
    frames = _frames(error.__traceback__)
    if frames:
        yield "Traceback (most recent call last):"
        yield from _stack(frames)
    if isinstance(error, SyntaxError):
        yield f'  File "{error.filename}", line {error.lineno}'
        yield f"    {_text(error.text or '').strip()[:LINE]}"
    yield _said(error)
    if isinstance(error, Rejection):
        return
    notes = getattr(error, "__notes__", None)
    for note in notes[:NOTES] if isinstance(notes, list) else ():
        yield shorten(_text(note))
    if isinstance(error, BaseExceptionGroup):
        yield from _members(error, seen, depth + 1)


def _members(group: BaseExceptionGroup[BaseException], seen: set[int], depth: int) -> Iterator[str]:
    total = len(group.exceptions)
    for number, member in enumerate(group.exceptions[:MEMBERS] if depth <= DEPTH else (), 1):
        yield f"  {number} of {total}:"
        for line in _chain(member, seen, depth):
            yield from (f"    {part}" for part in line.split("\n"))
    if total > MEMBERS or depth > DEPTH:
        yield f"  [{total - MEMBERS if depth <= DEPTH else total} members left out]"


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001
        return f"[a {type(value).__name__} that cannot be printed]"


def _said(error: BaseException) -> str:
    if isinstance(error, Rejection):
        return f"Rejection: {error.code}"
    module = type(error).__module__
    return shorten(described(error) if module == "builtins" else f"{module}.{described(error)}")


def _frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    frames = list(traceback.walk_tb(trace))
    others = [it for it in frames if not it[0].f_code.co_filename.startswith(_OURS)]
    return others or frames


def _stack(frames: list[tuple[FrameType, int]]) -> Iterator[str]:
    left_out = len(frames) - 2 * FRAMES
    if left_out <= 0:
        yield from _lines(frames)
        return
    yield from _lines(frames[:FRAMES])
    yield f"  [{left_out} frames left out]"
    yield from _lines(frames[-FRAMES:])


def _lines(frames: list[tuple[FrameType, int]]) -> Iterator[str]:
    for frame in traceback.StackSummary.extract(iter(frames)):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        if frame.line:
            yield f"    {frame.line[:LINE]}"
