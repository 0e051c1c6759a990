"""The parts of docs/performance.md that are written by the benchmarks."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"


def write_between(command: str, part: str, page: Path = PAGE) -> None:
    """Put `part` between the two marks that name `command`."""
    begin, end = f"<!-- {command} writes what follows -->", f"<!-- {command} wrote that -->"
    before, found, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise RuntimeError(f"{page} has no place between {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{part}\n\n{end}{after}")
