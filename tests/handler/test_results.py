"""What `process` returns is recorded in a documented form, and never a reason to move a file."""

import time
from collections import OrderedDict, UserDict, namedtuple
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as time_of_day
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.records import plain_item, typed_item
from handler.model.errors import Fault
from handler.results import recordable

from .world import World

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.floats(-1e15, 1e15).filter(lambda f: f == 0 or abs(f) > 1e-100)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda parts: (
        st.lists(parts, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
            parts,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=JSON)
def test_json_like_data_comes_back_from_the_record_as_it_was(value: Any) -> None:
    assert plain_item(typed_item({"result": recordable(value)}))["result"] == value


class Colour(Enum):
    RED = 1


class Size(IntEnum):
    BIG = 3


class Mixed(int, Enum):
    """`str()` of one of these is a name, not a number."""

    SEVEN = 7


class Unrepresentable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Unlistable(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no")


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


def circular() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        bytearray(b"bytes"),
        object(),
        10**5_000,
        1j,
        Unrepresentable(),
        Unlistable(),
        nested(17),
        nested(5_000),
        circular(),
        {"a": {"b": [b""]}},
        {None: "a"},
        {(1, 2): "a"},
        {"": "an empty name, which DynamoDB refuses"},
        {"a": {"": 1}},
        {1: "a", "1": "b"},
        "x" * (65_536 + 1),
        ["x" * 1_000] * 70,
        ["\u00e9" * 500] * 70,
        (n for n in range(3)),
        time,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_recorded_is_neither_the_files_fault_nor_that_of_aws(value: Any) -> None:
    with pytest.raises(Fault) as seen:
        recordable(value)
    assert seen.value.code == "UNRECORDABLE_RESULT"
    assert len(str(seen.value)) < 1_100


Point = namedtuple("Point", "x y")

RECORDABLE: list[tuple[Any, Any]] = [
    (0, 0),
    (False, False),
    ("", ""),
    ([], []),
    ({}, {}),
    ((1, 2), [1, 2]),
    (-0.0, 0),
    (1e22, 1e22),
    (10**38 - 1, 10**38 - 1),
    (Size.BIG, 3),
    (Mixed.SEVEN, 7),
    (Colour.RED, 1),
    (nested(16), nested(16)),
    ("x" * (65_536 - 2), "x" * (65_536 - 2)),
    # Numbers that DynamoDB does not keep.
    (float("nan"), "NaN"),
    (float("inf"), "Infinity"),
    (-float("inf"), "-Infinity"),
    (1e-200, "1e-200"),
    (1e300, "1e+300"),
    (10**38, "1" + "0" * 38),
    (Decimal("NaN"), "NaN"),
    (Decimal("1." + "3" * 38), "1." + "3" * 38),
    # Of other types.
    (Decimal("19.90"), 19.9),
    (Decimal(7), 7),
    (Fraction(1, 4), 0.25),
    (date(2026, 3, 2), "2026-03-02"),
    (datetime(2026, 3, 2, 10, 5, tzinfo=UTC), "2026-03-02T10:05:00+00:00"),
    (
        datetime(2026, 3, 2, 10, 5, 0, 250_000, timezone(timedelta(hours=2))),
        "2026-03-02T10:05:00.250000+02:00",
    ),
    (time_of_day(10, 5), "10:05:00"),
    (timedelta(minutes=1, milliseconds=500), 60.5),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (PurePosixPath("/tmp/x"), "/tmp/x"),
    (Point(1, 2), [1, 2]),
    ({3}, [3]),
    (frozenset(), []),
    (OrderedDict(a=1), {"a": 1}),
    (UserDict(a=date(2026, 3, 2)), {"a": "2026-03-02"}),
    ({1: "a", date(2026, 3, 2): "c"}, {"1": "a", "2026-03-02": "c"}),
    # What Python makes of a file name that is no UTF-8.
    ("caf\udce9", "caf?"),
]


def test_what_can_be_recorded_is(world: World) -> None:
    for value, recorded in RECORDABLE:
        world.deploy(process=partial(lambda value, file: value, value))
        upload = world.upload()
        world.run(upload)
        assert world.record(upload)["result"] == recorded, repr(value)[:100]


def test_a_decimal_is_recorded_to_its_last_digit() -> None:
    money = Decimal("12345678901234567890.12345")
    assert typed_item({"result": recordable(money)}) == {
        "result": {"N": "12345678901234567890.12345"}
    }


def test_what_numpy_counted_is_recorded(world: World) -> None:
    numpy = pytest.importorskip("numpy")
    returned = {
        "rows": numpy.int64(3),
        "mean": numpy.float32(0.5),
        "widest": numpy.longdouble(0.25),
        "all": numpy.bool_(True),
        "empty": numpy.float64("nan"),
        "by": {numpy.int32(7): numpy.array([1, 2])},
        "day": numpy.datetime64("2026-03-02"),
        "ns": numpy.datetime64("2026-03-02T10:05:00.000000001"),
        "name": numpy.str_("x"),
    }
    world.deploy(process=lambda file: returned)
    upload = world.upload()
    world.run(upload)
    assert world.record(upload)["result"] == {
        "rows": 3,
        "mean": 0.5,
        "widest": 0.25,
        "all": True,
        "empty": "NaN",
        "by": {"7": [1, 2]},
        "day": "2026-03-02",
        "ns": "2026-03-02T10:05:00.000000001",
        "name": "x",
    }


def test_nothing_returned_is_nothing_recorded(world: World) -> None:
    world.deploy(process=lambda file: None)
    upload = world.upload()
    world.run(upload)
    assert "result" not in world.record(upload)


def unrecorded(world: World, value: Any) -> Fault:
    """The fault that a run ends in whose `process` returns `value`; its file is HELD at last."""
    upload = world.upload()
    world.deploy(process=lambda file: value)
    with pytest.raises(Fault) as seen:
        world.run(upload)
    assert world.called() == [], "it is found out before anything is asked of AWS"
    world.rescue(upload, error=str(seen.value))
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "UNRECORDABLE_RESULT")
    return seen.value


def test_a_file_whose_result_cannot_be_recorded_is_held_until_process_is_mended(
    world: World,
) -> None:
    assert "it is of type bytes" in unrecorded(world, b"bytes").reason


def test_a_result_that_is_too_large_names_the_limit_and_the_way_out(world: World) -> None:
    fault = unrecorded(world, "x" * 100_000)
    assert "65,536 bytes" in fault.reason
    assert "100,002" in fault.reason
    assert "a bucket of your own" in fault.reason


def test_the_part_that_cannot_be_recorded_is_named(world: World) -> None:
    fault = unrecorded(world, {"count": 1, "rows": [1, {"when": b"now"}]})
    assert (
        "entry 1 of entry 2 of entry 2 of the result cannot be recorded, it is of type bytes"
        in fault.reason
    )
