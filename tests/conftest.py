"""How the tests are shared out to the processes that `make test` runs them in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

SLOW_FIRST = (
    "packaging",
    "end_to_end",
    "least_privilege",
    "runbook",
    "simulation",
    "burst",
    "runtime",
    "engine",
)
"""Folders whose tests take longest. Begun last, one of them would leave the other process idle."""

ONE_WORLD = frozenset({"packaging", "end_to_end", "least_privilege", "burst", "engine", "cost"})
"""Folders whose tests share a deployment or an installation: they stay in one process.

All other tests of a file stay together, because what they share is made once a file.
"""


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Packed code goes to a folder of the tests' own, not to that of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SILENT_SCALPER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


NO_BROWSER = "no browser is on the PATH"
"""Why tests of the page are skipped; see tests/web/conftest.py."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nobody should believe that the page was looked at where it was not."""
    skipped = terminalreporter.stats.get("skipped", [])
    if count := sum(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.section("NOT TESTED: the page in a browser", red=True, bold=True)
        terminalreporter.line(
            f"{count} tests did not run, as {NO_BROWSER}. On Debian: apt-get install chromium; "
            "then: make browser"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    for item in items:
        folder = _folder(item)
        group = folder if folder in ONE_WORLD else item.path.relative_to(HERE).as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


def _turn(item: pytest.Item) -> int:
    folder = _folder(item)
    return SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST)


def _folder(item: pytest.Item) -> str:
    """Of the tests: `handler` of tests/handler/test_rules.py."""
    return item.path.relative_to(HERE).parts[0]
