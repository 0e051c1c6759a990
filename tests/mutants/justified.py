"""The mutants that no test notices and that are right to live, each with the reason."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from .mutations import Mutant

FILE = Path(__file__).with_name("justified.yaml")
FIELDS = {"in", "before", "after", "why"}

Change = tuple[str, str, str]


class Verdict(NamedTuple):
    """What the survivors of some modules say of the tests."""

    unjustified: list[Mutant]
    """Each is a hole in the tests, or wants a reason."""
    outdated: list[tuple[str, Change]]
    """Listed by file, and noticed by a test now, or gone from the code."""


def justified(text: str) -> dict[str, dict[Change, str]]:
    """Reasons by file and change. Raise a `ValueError` for an entry that is not whole."""
    reasons: dict[str, dict[Change, str]] = {}
    for file, entries in (yaml.safe_load(text) or {}).items():
        for entry in entries:
            if set(entry) != FIELDS or not all(isinstance(it, str) for it in entry.values()):
                raise ValueError(f"{file}: each entry has texts for {sorted(FIELDS)} (got {entry})")
            if not entry["why"].strip():
                raise ValueError(f"{file}: {entry['before']} has no reason")
            change = entry["in"], entry["before"], entry["after"]
            reasons.setdefault(file, {})[change] = entry["why"]
    return reasons


def judge(
    survivors: Iterable[Mutant], files: Iterable[str], reasons: Mapping[str, Mapping[Change, str]]
) -> Verdict:
    """`files` are the modules that were tried: nothing is said of the others."""
    living = list(survivors)
    unjustified = [it for it in living if it.change not in reasons.get(it.file, {})]
    lived = {(it.file, it.change) for it in living}
    listed = [(file, change) for file in files for change in reasons.get(file, {})]
    return Verdict(unjustified, [it for it in listed if it not in lived])


def entry(mutant: Mutant) -> str:
    """A survivor as it would be listed, once somebody has found the reason."""
    where, before, after = mutant.change
    one = [{"in": where, "before": before, "after": after, "why": ""}]
    return str(yaml.safe_dump(one, sort_keys=False, allow_unicode=True, width=1_000))
