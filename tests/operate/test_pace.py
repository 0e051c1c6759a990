"""No more files a second than was said."""

import pytest

from operate.act.pace import Pace
from operate.commands.options import Rate


class Clock:
    """Stands still but for who sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_each_waits_its_turn() -> None:
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    for _ in range(5):
        pace.wait()
    assert clock.slept == [0.25] * 4


def test_time_that_was_lost_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    pace.wait()
    clock.now += 60
    pace.wait()
    pace.wait()
    assert clock.slept == [0.25]


@pytest.mark.parametrize(
    ("written", "per_second"), [("20/s", 20), ("300/m", 5), ("1800/h", 0.5), ("2.5", 2.5)]
)
def test_a_rate_is_written_as_people_do(written: str, per_second: float) -> None:
    assert Rate().convert(written, None, None) == per_second
