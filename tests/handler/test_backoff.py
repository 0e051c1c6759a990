"""Tries spread out at random, and more so the more there were."""

import pytest

from handler.aws import backoff


def test_a_pause_is_drawn_from_a_range_that_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges: list[tuple[float, float]] = []
    slept: list[float] = []

    def uniform(least: float, most: float) -> float:
        ranges.append((least, most))
        return most / 3

    monkeypatch.setattr("random.uniform", uniform)
    monkeypatch.setattr("time.sleep", slept.append)
    for tries in range(1, backoff.TRIES):
        backoff.pause(tries)
    assert ranges == [(0, 1), (0, 2), (0, 4)]
    assert slept == [most / 3 for _, most in ranges]
