"""Measures our processor beside what people would write instead; `make bench`.

    python -m benchmarks [--accept]

Compares with the accepted figures and exits 1 when they no longer hold. With --accept they are
replaced, and with them the table and the picture of docs/performance.md.
"""

import sys

from . import figures
from .contenders import OURS, POWERTOOLS, TUTORIAL, ours, powertools, tutorial
from .figures import Figures
from .measuring import can_count, measure
from .page import DOCS, PAGE, write_between
from .pictures import bars

PICTURE = DOCS / "performance.svg"
COMMAND = "make bench ACCEPT=1"


def table(run: Figures) -> str:
    """The comparison as a Markdown table."""
    names = (OURS, TUTORIAL, POWERTOOLS)
    rows = {
        "Cold start: instructions until the first file is done": [
            f"{run[n].cold_instructions / 1e6:,.0f} M ({figures.cold(run, n):.2f})" for n in names
        ],
        "Warm: instructions for each file after it": [
            f"{run[n].warm_instructions / 1e6:.1f} M ({figures.warm(run, n):.2f})" for n in names
        ],
        "After a pause, its connections closed: instructions for a file": [
            f"{run[n].rested_instructions / 1e6:,.1f} M ({figures.rested(run, n):.2f})"
            for n in names
        ],
        "AWS calls for an accepted file": [str(sum(run[n].calls.values())) for n in names],
        "Log bytes for a file, beside its key": [str(run[n].log_bytes) for n in names],
        "Peak memory": [f"{run[n].peak_memory_kilobytes / 1024:.0f} MB" for n in names],
        "Archive": [f"{run[n].archive_bytes / 1000:,.0f} kB" for n in names],
    }
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    lines += [f"| {what} | {' | '.join(cells)} |" for what, cells in rows.items()]
    return "\n".join(lines)


def picture(run: Figures) -> str:
    """The same as bars."""
    return bars(
        {
            "Cold start: instructions until the first file is done, as a part of the tutorial's": {
                name: (figures.cold(run, name), f"{figures.cold(run, name):.2f}") for name in run
            },
            "Warm: instructions for each file after it, as a part of the tutorial's": {
                name: (figures.warm(run, name), f"{figures.warm(run, name):.2f}") for name in run
            },
            "After a pause: instructions for a file, as a part of the tutorial's warm file": {
                name: (figures.rested(run, name), f"{figures.rested(run, name):.2f}")
                for name in run
            },
            "AWS calls for an accepted file": {
                name: (sum(one.calls.values()), str(sum(one.calls.values())))
                for name, one in run.items()
            },
            "Peak memory": {
                name: (
                    one.peak_memory_kilobytes,
                    f"{one.peak_memory_kilobytes / 1024:.0f} MB",
                )
                for name, one in run.items()
            },
        }
    )


def main(accept: bool) -> int:
    if not can_count():
        print("Nothing was measured: valgrind is not installed (apt-get install valgrind).")
        return 1
    run = {}
    for contender in (ours(), tutorial(), powertools()):
        print(f"counting {contender.name} …", file=sys.stderr, flush=True)
        run[contender.name] = measure(contender)
    print(table(run))
    if accept:
        figures.store(run)
        PICTURE.write_text(picture(run))
        write_between(COMMAND, table(run))
        print(f"Accepted: {figures.FILE.name}, {PAGE.name} and {PICTURE.name} are written.")
        return 0
    found = figures.changes(figures.stored(), run)
    for change in found:
        print(f"CHANGED: {change}")
    print(figures.HOW_TO_ACCEPT if found else "As accepted.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main("--accept" in sys.argv[1:]))
