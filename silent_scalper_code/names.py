"""Modules that would hide each other: the user's own, those of packages, Python's and ours."""

from collections.abc import Iterable, Iterator

from .entry import standard_library
from .errors import listed
from .target import Target

OURS = frozenset({"silent_scalper", "silent_scalper_arguments"})
"""What lies beside the user's code in the archive; `process` imports from the first."""


def first_names(paths: Iterable[str]) -> dict[str, str]:
    """What can be imported from a folder with these files: the first part of each module's name."""
    found: dict[str, str] = {}
    for path in paths:
        top, _, rest = path.partition("/")
        if rest:
            if "." not in top and (rest.endswith((".py", ".so")) or "/" in rest):
                found.setdefault(top, f"{top}/")
        elif top.endswith((".py", ".so")):
            found.setdefault(top.partition(".")[0], top)
    return found


def clashes(own: Iterable[str], packages: Iterable[str], target: Target) -> Iterator[str]:
    """Of the user's files and those of the packages, what one name would mean twice."""
    mine, theirs = first_names(own), first_names(packages)
    library = standard_library(target)
    hide = "has the name of a module of Python's own, which it would hide from everybody else"
    if hiding := sorted(mine[name] for name in mine.keys() & library):
        yield f"{listed(hiding)} {hide}; rename it, or move it into a folder of your own"
    if hiding := sorted(theirs[name] for name in theirs.keys() & library):
        yield f"{listed(hiding)} of the requirements {hide}; Python has it, so leave it out"
    named = {**theirs, **mine}
    if ours := sorted(named[name] for name in OURS & named.keys()):
        yield (
            f"{listed(ours)} has the name of the pipeline's own code, which is there anyway; "
            "remove it, from the folder or from the requirements"
        )
    if twice := sorted(mine[name] for name in mine.keys() & theirs.keys()):
        yield (
            f"{listed(twice)} is in process_code and in a package of the requirements; keep one: "
            "remove it from the folder, or from the requirements"
        )
