"""Who is to blame for what `process` raised: the file, or anything else.

A file is set aside only on proof, so wherever something but the file may have been the cause, it
is held. Causes, contexts and the members of groups are looked at too.
"""

import builtins
from collections.abc import Iterator

from .aws.errors import is_aws, says_not_found
from .model.errors import Code, Fault, HoldFile, Rejection, described

_ABOUT_CONTENT = frozenset({"gzip.BadGzipFile", "PIL.UnidentifiedImageError"})
"""Parsers whose errors derive from OSError."""


def judged(error: BaseException) -> Rejection | Fault:
    """What is to be raised in the place of `error`, which left `process`.

    A `Rejection` when the file is refused; a `Fault` for all else, whose code says who is to blame.
    """
    links = list(_links(error))
    rejection = _rejection(error)
    if rejection and not any(map(_leaves_open, links)):
        return rejection
    for link in links:
        if isinstance(link, HoldFile):
            return Fault(Code.HELD_BY_PROCESS, link.reason or "process asked to hold the file.")
    if any(map(is_aws, links)):
        return Fault(Code.AWS_ERROR, f"an AWS call inside process failed: {described(error)}")
    if any(map(_is_of_the_system, links)):
        reason = f"what process needs from the system or the network failed: {described(error)}"
        return Fault(Code.SYSTEM_ERROR, reason)
    if isinstance(error, MemoryError):
        return Fault(Code.PROCESS_OUT_OF_MEMORY, "process ran out of memory.")
    return Fault(Code.PROCESS_FAILED, f"process raised {described(error)}")


def _links(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that led to it, each once."""
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is None or id(link) in seen:
            continue
        yield link
        seen.add(id(link))
        links += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            links += link.exceptions


def _rejection(error: BaseException) -> Rejection | None:
    """The one that `error` is; or the first of a group in which there is nothing else."""
    if isinstance(error, Rejection):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    members = [_rejection(member) for member in error.exceptions]
    return members[0] if all(members) else None


def _leaves_open(link: BaseException) -> bool:
    """True for what may be over tomorrow, behind a rejection.

    Not for an answer such as "no such customer", which is what a rejection may be about.
    """
    return isinstance(link, HoldFile) or (is_aws(link) and not says_not_found(link))


def _is_of_the_system(error: BaseException) -> bool:
    """True for a connection, a time-out, a full disk, a missing file: whatever is an OSError.

    Parsers raise one too, without the number that the system gives its own.
    """
    if not isinstance(error, OSError):
        return False
    if error.errno is not None:
        return True
    kind = type(error)
    says_nothing = kind is builtins.OSError
    return not says_nothing and f"{kind.__module__}.{kind.__qualname__}" not in _ABOUT_CONTENT
