"""What docs/reliability.md names exists, and its counts are those of the code."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from handler.model.errors import Code
from handler.model.item import Status
from operate.audit.findings import Kind as Finding
from tests.burst.faults import FAULTS, every_fault_on_every_call
from tests.simulation.coverage import Coverage
from tests.simulation.planted import BUGS
from tests.simulation.recorded import BEGIN, END, record, table
from tests.simulation.troubles import TROUBLES, Kind

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
TEXT = DOCUMENT.read_text()
RECORDED = TEXT.partition(BEGIN)[2].partition(END)[0]


def test_the_kinds_of_trouble_are_those_of_the_simulation() -> None:
    described = re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)
    assert set(described) == set(Kind) == {trouble.kind for trouble in TROUBLES}
    recorded = re.findall(r"^\| – ([^|]+) \|", RECORDED, re.MULTILINE)
    assert set(recorded) <= set(Kind)


def test_the_faults_of_the_burst_are_those_that_it_makes() -> None:
    pairs, times = len(every_fault_on_every_call(1)), 60 // 20
    assert f"{pairs} pairs of a call and a fault ({', '.join(FAULTS)})" in " ".join(TEXT.split())
    assert f"each happen {times} times, which makes {pairs * times} faults" in " ".join(
        TEXT.split()
    )


def test_every_command_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = [command for command in re.findall(r"`([^`]+)`", TEXT) if " " in command]
    for module in re.findall(r"python -m (\S+)", "\n".join(commands)):
        assert find_spec(module), module
    for target in re.findall(r"^make (\w+)", "\n".join(commands), re.MULTILINE):
        assert f"\n{target}:" in makefile, target
    for path in re.findall(r"(?:tests|docs)/[\w/.]+", TEXT):
        assert (ROOT / path).exists(), path


def test_every_word_for_machines_is_one() -> None:
    words = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b|\b(?:PROCESSED|QUARANTINED|HELD|GONE)\b", TEXT))
    assert words <= set(Code) | set(Status)
    for kind in ("no-fate", "stray-copy"):
        assert f"`{kind}`" in TEXT
        assert kind in set(Finding)


def test_the_figures_are_of_the_command_that_refreshes_them() -> None:
    command = TEXT.partition(BEGIN)[2].partition(" -->")[0]
    assert f"`{command} --record docs/reliability.md`" in TEXT


def test_a_run_is_recorded_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(TEXT)
    coverage = replace(Coverage(), histories=1234)
    coverage.troubles[Kind.CRASH, "s3 copy_object"] += 5
    record(document, "python -m x", list(table(coverage, [], 61.4, 2)))
    written = document.read_text()
    assert written.partition(BEGIN)[0] == TEXT.partition(BEGIN)[0]
    assert written.partition(END)[2] == TEXT.partition(END)[2]
    for row in (
        "| histories | 1,234 |",
        "| troubles | 5 of 1 kinds |",
        "| – crash | 5 |",
        f"| bugs planted, each of which is found | {len(BUGS)} |",
        "| took | 61 s, in 2 processes |",
    ):
        assert row in written


def test_a_document_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "other.md"
    document.write_text("# Other\n")
    with pytest.raises(ValueError, match="has no lines"):
        record(document, "python -m x", [])
    assert document.read_text() == "# Other\n"
