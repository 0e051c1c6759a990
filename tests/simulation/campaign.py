"""The parts of a long run, which separate processes take on."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from hypothesis import HealthCheck, Phase, given, seed, settings

from .coverage import Coverage
from .histories import History
from .interleavings import perform
from .judge import judge
from .random_histories import histories
from .retry_worlds import retry_worlds, scenes_of_retries
from .small_worlds import CRUEL, scenes, scenes_of_three, scenes_with_a_deletion, worlds

CHUNK = 250
SHARES = 8
"""Into so many parts the small worlds and the scenes are divided."""

Work = Callable[[], Coverage]


def live_at_random(number: int, count: int) -> Coverage:
    """`count` histories; what fails is shrunk before it is told."""
    coverage = Coverage()

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories)
    def live(history: History) -> None:
        judge(history, coverage)

    live()
    return coverage


def live_small_worlds(share: int, *, thorough: bool) -> Coverage:
    coverage = Coverage()
    together = chain(worlds(thorough=thorough), retry_worlds(thorough=thorough))
    for number, history in enumerate(together):
        if number % SHARES == share:
            judge(history, coverage)
    return coverage


def perform_scenes(share: int, *, thorough: bool) -> Coverage:
    coverage = Coverage()
    cruel = scenes(troubles=CRUEL) if thorough else ()
    together = chain(
        scenes_of_three(thorough=thorough),
        scenes_with_a_deletion(),
        scenes(),
        scenes_of_retries(),
        cruel,
    )
    for number, scene in enumerate(together):
        if number % SHARES == share:
            perform(scene, coverage)
    return coverage


def parts(count: int, first_seed: int, *, thorough: bool) -> Iterator[Work]:
    """All there is to do, the long things first."""
    for share in range(SHARES):
        yield partial(perform_scenes, share, thorough=thorough)
        yield partial(live_small_worlds, share, thorough=thorough)
    for begun in range(0, count, CHUNK):
        yield partial(live_at_random, first_seed + begun, min(CHUNK, count - begun))
