"""What is accepted is true, meets the goals that can be met, and is what the documents say."""

from dataclasses import replace

import pytest

from benchmarks import figures
from benchmarks.__main__ import PICTURE, picture, table
from benchmarks.contenders import OURS, TUTORIAL, ours, tutorial
from benchmarks.measuring import measure
from benchmarks.page import PAGE

from .conftest import why_not

ACCEPTED = figures.stored()


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_a_file_takes_what_was_accepted_and_no_more() -> None:
    """As a part of the tutorial handler's, counted on the same machine in the same minute."""
    run = {OURS: measure(ours()), TUTORIAL: measure(tutorial())}
    found = figures.changes(ACCEPTED, run)
    assert not found, "\n".join([*found, figures.HOW_TO_ACCEPT])


def test_the_goals_that_can_be_met_are_met() -> None:
    mine = ACCEPTED[OURS]
    assert figures.warm(ACCEPTED) <= figures.WARM_GOAL
    assert figures.rested(ACCEPTED) <= figures.RESTED_GOAL
    assert sum(mine.calls.values()) == figures.CALLS_GOAL
    assert mine.log_bytes <= figures.LOG_GOAL_BYTES


def test_the_page_shows_the_accepted_figures() -> None:
    assert table(ACCEPTED) in PAGE.read_text()
    assert picture(ACCEPTED) == PICTURE.read_text()


@pytest.mark.parametrize(
    ("factor", "is_a_change"),
    [(1.0, False), (1.02, False), (0.98, False), (1.04, True), (0.96, True)],
)
@pytest.mark.parametrize("what", ["cold_instructions", "warm_instructions", "rested_instructions"])
def test_three_percent_are_chance_and_more_is_a_change(
    what: str, factor: float, is_a_change: bool
) -> None:
    mine = ACCEPTED[OURS]
    now = replace(mine, **{what: round(getattr(mine, what) * factor)})
    assert bool(figures.changes(ACCEPTED, {**ACCEPTED, OURS: now})) is is_a_change


def test_what_a_slower_machine_adds_to_both_is_no_change() -> None:
    slower = {
        name: replace(
            one,
            cold_instructions=one.cold_instructions * 2,
            warm_instructions=one.warm_instructions * 2,
            rested_instructions=one.rested_instructions * 2,
        )
        for name, one in ACCEPTED.items()
    }
    assert figures.changes(ACCEPTED, slower) == []


def test_one_more_call_or_a_longer_log_is_a_change() -> None:
    mine = ACCEPTED[OURS]
    another = replace(mine, calls={**mine.calls, "s3 HeadObject": 1}, log_bytes=mine.log_bytes + 20)
    found = figures.changes(ACCEPTED, {**ACCEPTED, OURS: another})
    assert len(found) == 2
    assert "s3 HeadObject" in found[0]
    assert "log" in found[1]
