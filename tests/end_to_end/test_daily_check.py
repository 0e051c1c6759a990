"""The daily check as it is deployed, started as its schedule does: it tells of a lost file."""

import json
import time
from typing import Any

import pytest

from local.alerts import Alert

from .conftest import Pipeline

PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def checker(pipeline: Pipeline) -> str:
    pages = pipeline.cloud.lambda_.get_paginator("list_functions").paginate()
    names = [it["FunctionName"] for page in pages for it in page["Functions"]]
    (name,) = [name for name in names if name.startswith("intake-checker-")]
    return name


def run(pipeline: Pipeline, checker: str, event: dict[str, Any]) -> str | None:
    """How it failed, if it did."""
    answer = pipeline.cloud.lambda_.invoke(FunctionName=checker, Payload=json.dumps(event))
    said = answer["Payload"].read().decode()
    return said if answer.get("FunctionError") else None


def told(pipeline: Pipeline, key: str) -> Alert | None:
    for alert in pipeline.listener.listen():
        if alert.message.get("status") == "DAILY_CHECK" and key in json.dumps(alert.message):
            return alert
    return None


def test_a_lost_file_is_found_and_people_are_told(pipeline: Pipeline, checker: str) -> None:
    with pipeline.deaf_to_uploads():
        lost = pipeline.drop("lost-by-the-event.csv")
    assert run(pipeline, checker, {"grace_seconds": 0}) is None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (alert := told(pipeline, lost.sample.key)) is None:
        assert time.monotonic() < deadline, "nobody was told"
        time.sleep(0.2)
    assert alert.subject.startswith("Daily check: ")
    assert alert.attributes["email"] == "yes"
    assert alert.message["found"]["no-fate"] == 1
    assert lost.version_id in alert.message["first"]["no-fate"][0]


def test_by_its_schedule_it_gives_files_time(pipeline: Pipeline, checker: str) -> None:
    with pipeline.deaf_to_uploads():
        young = pipeline.drop("still-on-its-way.csv")
    (schedule,) = pipeline.cloud.scheduler.list_schedules(NamePrefix="intake-daily-check")[
        "Schedules"
    ]
    target = pipeline.cloud.scheduler.get_schedule(Name=schedule["Name"])["Target"]
    assert target["Arn"].endswith(f":function:{checker}")
    event = json.loads(target["Input"])
    assert run(pipeline, checker, event) is None
    assert told(pipeline, young.sample.key) is None
