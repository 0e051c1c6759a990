"""One line a file: small enough to pay for, whole enough to find it, and free of metrics' price."""

import json
from typing import Any

import pytest

from handler import File, Rejection, log
from handler.model.errors import Fault
from handler.model.item import Status

from .world import PIPELINE, World


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """Every line that was logged, as JSON."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


def test_an_accepted_file_is_one_small_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = world.upload("in/orders.csv", b"x" * 100_000)
    world.run(upload)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert len(out.encode()) - len(upload.key) <= 200
    line = json.loads(out)
    assert line.pop("ms") >= 0
    assert line == {
        "status": "PROCESSED",
        "key": "in/orders.csv",
        "upload_id": upload.upload_id,
        "type": "csv",
        "size": 100_000,
    }


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.HELD])
def test_what_an_alarm_watches_is_counted_in_the_line_itself(
    world: World, lines: Any, status: Status
) -> None:
    world.rescue(world.upload(), "failed_process" if status is Status.QUARANTINED else "failed_aws")
    [line] = lines()
    metric = line["_aws"]["CloudWatchMetrics"]
    name = {"QUARANTINED": "FilesQuarantined", "HELD": "FilesHeld"}[status]
    assert metric == [
        {
            "Namespace": "SilentScalper",
            "Dimensions": [["Pipeline"]],
            "Metrics": [{"Name": name, "Unit": "Count"}],
        }
    ]
    # CloudWatch drops a line whose metric or dimension is not one of its members.
    assert line[name] == 1
    assert line["Pipeline"] == PIPELINE
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000, "in milliseconds"
    assert line["code"] in {"PROCESS_FAILED", "AWS_ERROR"}


def test_the_names_are_those_that_the_alarms_watch() -> None:
    """`components` says the same words; neither may import the other."""
    assert log.METRIC_NAMESPACE == "SilentScalper"
    assert log.METRIC_DIMENSION == "Pipeline"
    assert set(log.METRICS.values()) == {"FilesQuarantined", "FilesHeld"}


def test_a_file_that_needs_nobody_costs_no_metric(world: World, lines: Any) -> None:
    world.run(world.upload())
    gone = world.upload("in/gone.csv")
    world.delete_input(gone)
    world.rescue(gone, "failed_aws")
    assert [line["status"] for line in lines()] == ["PROCESSED", "GONE"]
    assert all("_aws" not in line for line in lines())


def test_a_duplicate_is_said_to_stand_and_is_not_counted_twice(world: World, lines: Any) -> None:
    upload = world.upload()
    world.deploy(rules={"accepted_types": ["pdf"]})
    world.run(upload, "request-1")
    world.run(upload, "request-2")
    first, second = lines()
    assert "stood" not in first
    assert first["FilesQuarantined"] == 1
    # The second found neither the file nor anything to do.
    assert second["stood"] is True
    assert second["status"] == "QUARANTINED"
    assert "_aws" not in second


@pytest.mark.parametrize("record", ["failed_process", "failed_aws"])
def test_a_count_that_died_before_it_was_logged_comes_with_the_retry(
    world: World, lines: Any, record: str
) -> None:
    """The alarm may be the only thing that tells a person."""
    upload = world.upload()
    with world.failing("sns.Publish", times=9), pytest.raises(Fault):
        world.rescue(upload, record)
    assert [line["status"] for line in lines()] == ["FAULT"]
    world.rescue(upload, record)
    [line] = lines()
    assert len(line["_aws"]["CloudWatchMetrics"]) == 1


def test_a_fault_says_which_file_and_why_in_the_words_of_the_record(
    world: World, lines: Any
) -> None:
    def process(file: File) -> None:
        raise KeyError("amount")

    upload = world.upload()
    world.deploy(process=process)
    with pytest.raises(Fault):
        world.run(upload)
    [line] = lines()
    assert line["status"] == "FAULT"
    assert line["key"] == upload.key
    assert line["code"] == "PROCESS_FAILED"
    assert line["reason"] == "process raised KeyError: 'amount'"


def test_an_ignored_key_leaves_a_line(world: World, lines: Any) -> None:
    world.deploy(rules={"ignore_patterns": ["*.tmp"]})
    world.run(world.upload("in/a.tmp"))
    assert [(line["status"], line["key"]) for line in lines()] == [("IGNORED", "in/a.tmp")]


@pytest.mark.parametrize(
    "key", ["a\nb", '{"_aws": 1}', "\u2028\u2029\u0085", "東京", "\x1b[2J", "\u202e"]
)
def test_no_name_ends_a_line_or_forges_one(
    world: World, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    from handler.doors.s3_notification import parse

    from .world import INPUT, saved_event

    record = saved_event("s3_put")["Records"][0]
    record["s3"]["object"]["key"] = "".join(f"%{b:02x}" for b in key.encode())
    log.ignored(parse(record, INPUT))
    out = capsys.readouterr().out
    assert out.isascii()
    assert len(out.splitlines()) == 1
    assert json.loads(out)["key"] == key
    assert "_aws" not in json.loads(out)


def test_a_rejection_is_logged_by_its_code_and_without_its_words(world: World, lines: Any) -> None:
    """Reasons may quote the file; they belong in the record."""

    def process(file: File) -> None:
        raise Rejection("BAD_HEADER", "the secret column is missing")

    world.deploy(process=process)
    world.run(world.upload())
    [line] = lines()
    assert line["code"] == "BAD_HEADER"
    assert "secret" not in json.dumps(line)
