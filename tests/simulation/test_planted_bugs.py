"""The simulation can fail: each of these bugs is found by it, and for what it is."""

import pytest

from .histories import History
from .interleavings import perform
from .judge import judge
from .planted import BUGS, Bug
from .planted_in_retries import BUGS_IN_RETRIES


def search(bug: Bug) -> None:
    for world in bug.found_in():
        if isinstance(world, History):
            judge(world)
        else:
            perform(world)


@pytest.mark.parametrize("bug", [*BUGS, *BUGS_IN_RETRIES], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)

    with pytest.raises(AssertionError, match="The promise was broken") as found:
        search(bug)

    complaints = str(found.value).partition("What happened")[0]
    assert bug.shows in complaints, str(found.value)
