"""docs/troubleshooting.md: its commands are commands, its codes are codes, its quotes are said."""

import re

import pytest

from handler.model.errors import Code
from local.deployment import ROOT

from .conftest import RUNBOOK, is_a_command

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| what you see"))
]
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`(scalper [a-z][^`]*)`", TEXT))))
def test_every_command_can_be_typed(line: str) -> None:
    here = line.replace("FILE", "README.md")  # `try` wants one that is there
    assert is_a_command(here)


def test_every_row_has_a_symptom_a_cause_and_what_to_do() -> None:
    assert len(ROWS) > 20
    assert all(len(row) == 3 and all(row) for row in ROWS)


def test_every_reason_code_is_the_handlers() -> None:
    cells = " ".join(cell for row in ROWS for cell in (row[0], row[2]))
    named = set(re.findall(r"`([A-Z_]+)`", cells)) | set(re.findall(r"--reason ([A-Z_]+)", cells))
    named.discard("AWS_PROFILE")
    missing = sorted(set(Code.__members__) - named)
    assert not missing, f"say in a row of docs/troubleshooting.md what to do about {missing}"
    assert named == set(Code.__members__)


@pytest.mark.parametrize(
    "quoted", [m[1] for row in ROWS if (m := re.match(r"`([A-Z][^`]*[a-z?.:…])`", row[0]))]
)
def test_every_message_is_one_that_the_code_says(quoted: str) -> None:
    words = re.sub(r"[ …]+$", "", quoted)
    sources = [*(ROOT / "operate").rglob("*.py"), *(ROOT / "components").glob("*.py")]
    assert any(words in path.read_text(encoding="utf-8") for path in sources)


def test_the_sections_it_points_to_are_there() -> None:
    headings = set(re.findall(r"^#+ (.*)$", OPERATING, re.MULTILINE)) | set(RUNBOOK)
    assert set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", TEXT)) <= headings
