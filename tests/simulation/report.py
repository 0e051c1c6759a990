"""What a run has covered, in words and figures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product

from .coverage import Coverage

_WANTS = {
    "processor": ("PROCESSED", "QUARANTINED", "GONE"),
    "rescuer": ("QUARANTINED", "HELD", "GONE"),
}
_STANDS = (
    "nothing",
    *(
        f"{whose} {status}"
        for status in ("PROCESSED", "QUARANTINED", "HELD", "GONE")
        for whose in ("its own", "another's")
    ),
)


def report(coverage: Coverage) -> Iterator[str]:
    """Line by line."""
    yield (
        f"{coverage.histories:,} histories and {coverage.scenes:,} scenes in every order "
        f"({coverage.endings:,} endings): {coverage.invocations:,} invocations, "
        f"{coverage.calls:,} AWS calls"
    )
    yield from _counted("Fates", coverage.fates)
    yield from _counted("What became of retries", coverage.retries)
    yield from _counted("How schedules were carried out", coverage.schedules)
    yield from _counted("What process did", coverage.answers)
    yield from _counted("What else happened", coverage.world)
    troubles: Counter[str] = Counter()
    for (kind, _), times in coverage.troubles.items():
        troubles[kind] += times
    yield from _counted(f"Troubles, {troubles.total():,} in all", troubles)
    yield from _crash_points(coverage)
    yield from _cells(coverage)


def _crash_points(coverage: Coverage) -> Iterator[str]:
    points = coverage.crash_points
    yield f"\nCrash points hit: {len(points)}, {points.total():,} times"
    for role, call in sorted({(role, call) for role, call, _ in points}):
        before, after = (points[role, call, when] for when in ("before", "after"))
        yield f"  {role:<20} {call:<26} {before:>7,} before {after:>7,} after it took effect"


def cells_reached(coverage: Coverage) -> tuple[int, int]:
    """How many cells of the decision table, and of how many."""
    cells = [
        (who, wanted, stands)
        for who, wants in _WANTS.items()
        for wanted, stands in product(wants, _STANDS)
    ]
    return sum(1 for cell in cells if coverage.cells[cell]), len(cells)


def _cells(coverage: Coverage) -> Iterator[str]:
    reached, cells = cells_reached(coverage)
    yield f"\nCells of the decision table reached: {reached} of {cells}"
    for who, wants in _WANTS.items():
        yield f"  {who} wants {'':<10}" + "".join(f"{wanted:>13}" for wanted in wants)
        for stands in _STANDS:
            figures = "".join(f"{coverage.cells[who, wanted, stands]:>13,}" for wanted in wants)
            yield f"    where {stands:<21}{figures}"


def _counted(title: str, counts: Iterable[str]) -> Iterator[str]:
    yield f"\n{title}"
    assert isinstance(counts, Counter)
    for what, times in counts.most_common():
        yield f"  {times:>9,}  {what}"
