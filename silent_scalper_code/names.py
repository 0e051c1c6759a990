"""Modules that would hide each other: the user's own, those of packages, Python's and ours."""

from collections.abc import Collection, Iterable, Iterator

from .entry import standard_library
from .errors import listed
from .target import Target

OURS = frozenset({"silent_scalper", "silent_scalper_arguments"})
"""What lies beside the user's code in the archive; `process` imports from the first."""


NEEDED = {
    "botocore": "botocore",
    "dateutil": "python_dateutil",
    "jmespath": "jmespath",
    "six": "six",
    "urllib3": "urllib3",
}
"""Modules that the pipeline calls AWS through, and the packages that bring them."""


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


def clashes(own: Collection[str], packages: Iterable[str], target: Target) -> Iterator[str]:
    """Of the user's files and those of the packages, what one name would mean twice."""
    yield from _in_place_of_a_package(own)
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


def _in_place_of_a_package(own: Collection[str]) -> Iterator[str]:
    """A whole botocore of the user's is welcome; a module that only has its name is not."""
    mine = first_names(own)
    for name in sorted(NEEDED.keys() & mine.keys()):
        about = f"{NEEDED[name]}-"
        if not any(path.startswith(about) and ".dist-info/" in path for path in own):
            yield (
                f"{mine[name]} has the name of a package through which the pipeline calls AWS; "
                "rename it, or, if it is that package, keep its .dist-info folder beside it"
            )
