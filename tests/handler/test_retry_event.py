"""The event that asks for a retry is read strictly: an operator may write one by hand."""

from typing import Any

import pytest

from handler.model.errors import Fault
from handler.model.retry_event import ABANDONED_SECONDS, Retry

UPLOAD_ID = "0065A00A".ljust(32, "0")
ASKED = {"object_key": "in/a.csv", "upload_id": UPLOAD_ID, "retries": 0}
ITEM = {"object_key": "in/a.csv", "upload_id": UPLOAD_ID, "attempt": 1}


def asked(**changed: Any) -> Retry:
    return Retry.asked_by({"Retry": ASKED | changed})


def test_an_operators_retry_names_the_upload_and_how_often_it_was_retried() -> None:
    retry = asked()
    assert retry == Retry("in/a.csv", UPLOAD_ID, 0, None)
    assert retry.event == {"Retry": ASKED}


def test_a_schedules_retry_names_what_announced_it_too() -> None:
    announced = ITEM | {"retries": 2, "retry_at": "2026-03-02T10:10:00.000Z"}
    retry = Retry.announced_by(announced)
    assert retry == Retry("in/a.csv", UPLOAD_ID, 2, "2026-03-02T10:10:00.000Z")
    assert Retry.asked_by(retry.event) == retry
    assert Retry.next_of(announced) == Retry("in/a.csv", UPLOAD_ID, 2)


def test_the_first_retry_is_of_a_record_that_counts_none() -> None:
    assert Retry.next_of(ITEM) == Retry("in/a.csv", UPLOAD_ID, 0, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"object_key": "k"},
        {"object_key": "k" * 1024},
        {"object_key": "ä" * 512},
        {"retries": 999_999},
        {"announced": "2"},
        {"announced": "2" * 32},
    ],
)
def test_what_lies_within_the_limits_is_taken(changed: dict[str, Any]) -> None:
    assert asked(**changed).event == {"Retry": ASKED | changed}


NAMES_NOTHING = "it names no upload, or no number of retries"
NO_TIME = "what announced it is no time"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"object_key": ""}, NAMES_NOTHING),
        ({"object_key": "k" * 1025}, NAMES_NOTHING),
        ({"object_key": "ä" * 513}, NAMES_NOTHING),
        ({"upload_id": UPLOAD_ID[:-1]}, NAMES_NOTHING),
        ({"upload_id": UPLOAD_ID + "0"}, NAMES_NOTHING),
        ({"upload_id": UPLOAD_ID.lower()}, NAMES_NOTHING),
        ({"upload_id": "G" * 32}, NAMES_NOTHING),
        ({"retries": -1}, NAMES_NOTHING),
        ({"retries": 1_000_000}, NAMES_NOTHING),
        ({"retries": True}, NAMES_NOTHING),
        ({"retries": 1.0}, NAMES_NOTHING),
        ({"retries": "1"}, NAMES_NOTHING),
        ({"announced": ""}, NO_TIME),
        ({"announced": "2" * 33}, NO_TIME),
        ({"announced": "soon"}, NO_TIME),
        ({"object_key": 7}, "'int' object has no attribute 'encode'"),
        ({"object_key": "\ud800"}, "surrogates not allowed"),
        ({"upload_id": 7}, "expected string"),
        ({"announced": 7}, "expected string"),
        ({"more": 1}, "unexpected keyword argument 'more'"),
    ],
)
def test_anything_else_is_a_fault_that_says_what_is_wrong(
    changed: dict[str, Any], why: str
) -> None:
    with pytest.raises(Fault) as seen:
        asked(**changed)
    assert seen.value.code == "CONFIGURATION"
    assert seen.value.reason.startswith("not a retry, ")
    assert why in seen.value.reason
    assert ": {'Retry': {" in seen.value.reason


@pytest.mark.parametrize("event", [{"Retry": None}, {"Retry": []}, {"Retry": "a.csv"}])
def test_what_is_no_map_is_a_fault_too(event: Any) -> None:
    with pytest.raises(Fault, match="CONFIGURATION: not a retry, "):
        Retry.asked_by(event)


def test_a_retry_is_abandoned_after_lambdas_six_hours_and_the_last_tries() -> None:
    assert ABANDONED_SECONDS == 25_200
