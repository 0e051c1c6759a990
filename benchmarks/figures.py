"""The figures of the last accepted run, and what counts as a change of them.

What is compared is our count as a part of the tutorial handler's, both counted in the same run. The
counts alone differ between builds of Python, of OpenSSL and of botocore, and so between machines;
what those add, they add to both.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from .contenders import OURS, TUTORIAL
from .measuring import Measured

FILE = Path(__file__).parent / "figures.json"
TOLERANCE = 0.03
HOW_TO_ACCEPT = (
    "If this is meant, run `make bench ACCEPT=1` and commit what it writes, saying why; "
    "if not, find what the change made every file pay for."
)
COLD_GOAL, WARM_GOAL, RESTED_GOAL, CALLS_GOAL, LOG_GOAL_BYTES = 0.60, 0.54, 2.0, 2, 200

Figures = Mapping[str, Measured]
"""By contender's name."""


def stored(file: Path = FILE) -> dict[str, Measured]:
    """The accepted figures."""
    return {name: Measured(**fields) for name, fields in json.loads(file.read_text()).items()}


def store(figures: Figures, file: Path = FILE) -> None:
    """Make `figures` the accepted ones."""
    fields = {name: asdict(measured) for name, measured in figures.items()}
    file.write_text(json.dumps(fields, indent=2) + "\n")


def cold(figures: Figures, name: str = OURS) -> float:
    """Instructions for start and first file, as a part of the tutorial's."""
    return figures[name].cold_instructions / figures[TUTORIAL].cold_instructions


def warm(figures: Figures, name: str = OURS) -> float:
    """Instructions for each further file, as a part of the tutorial's."""
    return figures[name].warm_instructions / figures[TUTORIAL].warm_instructions


def rested(figures: Figures, name: str = OURS) -> float:
    """Instructions for a file after a pause, as a part of the tutorial's warm file."""
    return figures[name].rested_instructions / figures[TUTORIAL].warm_instructions


def changes(before: Figures, now: Figures) -> list[str]:
    """What differs from the accepted figures by more than is chance; better counts as well.

    A gain that nobody accepts would be the room in which the next loss hides.
    """
    found = []
    for what, was, is_ in (
        ("a cold start", cold(before), cold(now)),
        ("a warm file", warm(before), warm(now)),
        ("a file after a pause", rested(before), rested(now)),
    ):
        change = is_ / was - 1
        if abs(change) > TOLERANCE:
            found.append(
                f"{what} takes {is_:.3f} of the tutorial handler's instructions, "
                f"{change:+.1%} against the accepted {was:.3f} ({TOLERANCE:.0%} is allowed)"
            )
    if now[OURS].calls != before[OURS].calls:
        found.append(
            f"an accepted file takes the AWS calls {_listed(now[OURS].calls)}; "
            f"accepted are {_listed(before[OURS].calls)}"
        )
    grown = now[OURS].log_bytes / before[OURS].log_bytes - 1
    if abs(grown) > TOLERANCE:
        found.append(
            f"a file writes {now[OURS].log_bytes} bytes of log beside its key; "
            f"accepted are {before[OURS].log_bytes}"
        )
    return found


def _listed(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {call}" for call, count in calls.items())
