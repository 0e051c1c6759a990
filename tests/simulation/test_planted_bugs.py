"""The simulation can fail: each of these bugs is found by it, and for what it is."""

import pytest

from .interleavings import perform
from .judge import judge
from .planted import BUGS, Bug
from .small_worlds import CRUEL, scenes, worlds


def search() -> None:
    """What `make test` tries out whole, the cheapest first."""
    for history in worlds():
        judge(history)
    for scene in scenes():
        perform(scene)
    for scene in scenes(troubles=CRUEL[1:2]):
        perform(scene)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)

    with pytest.raises(AssertionError, match="The promise was broken") as found:
        search()

    complaints = str(found.value).partition("What happened")[0]
    assert bug.shows in complaints, str(found.value)
