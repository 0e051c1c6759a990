"""Says so when nothing was counted."""

import shutil
import sys

import pytest

COMPARABLE = (3, 12)
"""The accepted figures are of the Python that Lambda runs."""


def why_not() -> str | None:
    """What keeps this machine from counting, if anything does."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    if sys.version_info[:2] != COMPARABLE:
        return f"the figures are those of Python {COMPARABLE[0]}.{COMPARABLE[1]}"
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that nobody overlooks: the dots of skipped tests say nothing."""
    if reason := why_not():
        terminalreporter.write_line(
            f"SPEED SKIPPED: {reason}, so NOT TESTED: instructions for each file "
            "(docs/performance.md).",
            yellow=True,
            bold=True,
        )
