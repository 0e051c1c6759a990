"""Counts in buckets: what they say is at most 2 % off, and adding them up loses nothing."""

import math
import random
from collections.abc import Callable

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from operate.read.buckets import MOST, RELATIVE_ERROR, Buckets

SHARES = (0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0)
VALUES = st.lists(st.integers(0, 10**14), min_size=1, max_size=200)


def counted(values: list[int]) -> Buckets:
    buckets = Buckets()
    for value in values:
        buckets.add(value)
    return buckets


def at_rank(values: list[int], share: float) -> int:
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


@given(VALUES, st.sampled_from(SHARES))
def test_a_quantile_is_within_two_percent_of_the_value_at_its_rank(
    values: list[int], share: float
) -> None:
    exact, found = at_rank(values, share), counted(values).quantile(share)
    assert found is not None
    assert abs(found - exact) <= RELATIVE_ERROR * exact * (1 + 1e-9)


@given(VALUES, VALUES)
def test_adding_two_days_is_as_if_all_had_been_counted_in_one(
    first: list[int], second: list[int]
) -> None:
    merged = counted(first)
    merged.merge(counted(second))
    assert merged == counted(first + second)
    assert merged.files == len(first) + len(second)


@given(VALUES)
def test_what_is_written_down_is_read_again(values: list[int]) -> None:
    assert Buckets.from_list(counted(values).as_list()) == counted(values)


def draws() -> dict[str, Callable[[], float]]:
    chance = random.Random(1)
    return {
        "durations": lambda: chance.lognormvariate(4, 1.5),
        "sizes": lambda: 10 ** chance.uniform(0, 13),
        "even": lambda: chance.uniform(1, 1000),
        "one": lambda: 7,
    }


@pytest.mark.parametrize("kind", draws())
def test_the_counts_are_those_of_ddsketch(kind: str) -> None:
    """Bucket by bucket: the published algorithm's own package says the same."""
    draw, theirs, ours = draws()[kind], DDSketch(RELATIVE_ERROR), Buckets()
    for _ in range(5_000):
        value = max(1, round(draw()))
        theirs.add(value)
        ours.add(value)
    store = theirs._store
    expected = {store.offset + at: int(count) for at, count in enumerate(store.bins) if count}
    assert dict(ours) == expected
    for share in SHARES[:-1]:
        mine, its = ours.quantile(share), theirs.get_quantile_value(share)
        assert mine is not None
        assert its is not None
        # Both are at most 2 % off; they take ranks that may differ by one.
        assert mine == pytest.approx(its, rel=0.05)


def test_a_value_beyond_all_sizes_counts_as_the_largest() -> None:
    buckets = counted([MOST * 10, -5, 0])
    assert (buckets.largest, buckets.zeros, buckets.files) == (MOST, 2, 3)


def test_there_is_no_quantile_of_nothing() -> None:
    assert Buckets().quantile(0.5) is None


@pytest.mark.parametrize(
    "garbled", [[], [1], [0, 1, 2], [-1, 0], [0, 0, "1", 2], [True, 0], [0, 5, 10**9, 1]]
)
def test_garbled_counts_are_refused(garbled: list[object]) -> None:
    with pytest.raises(ValueError, match=r"bucket"):
        Buckets.from_list(garbled)
