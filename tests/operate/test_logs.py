"""`scalper logs`: the lines of one file among those of all."""

import json
import time
from typing import Any

import pytest

from operate.read.logs import lines_of
from operate.read.story import upload_of

from .conftest import Scalper, Uploaded, World


def line(upload: Uploaded, **fields: Any) -> str:
    about = {"key": upload.key, "upload_id": upload.delivery.upload.upload_id}
    return json.dumps({"status": "QUARANTINED", **about, **fields})


class Logs:
    """Writes log lines, a millisecond apart."""

    def __init__(self, world: World) -> None:
        self._logs = world.clients.logs
        self._now = int(time.time() * 1000)
        for group in ("/aws/lambda/processor", "/aws/lambda/rescuer"):
            self._logs.create_log_group(logGroupName=group)

    def write(self, group: str, stream: str, *texts: str) -> None:
        name = f"/aws/lambda/{group}"
        streams = self._logs.describe_log_streams(logGroupName=name)["logStreams"]
        if stream not in [it["logStreamName"] for it in streams]:
            self._logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = []
        for text in texts:
            self._now += 1
            events.append({"timestamp": self._now, "message": text})
        self._logs.put_log_events(
            logGroupName=name,
            logStreamName=stream,
            logEvents=events,  # type: ignore[arg-type]
        )


@pytest.fixture
def logs(world: World) -> Logs:
    return Logs(world)


def texts(world: World, key: str) -> list[str]:
    return [it.text for it in lines_of(world.deployment, upload_of(world.deployment, key))]


def test_a_files_lines_are_told_from_its_neighbours(world: World, logs: Logs) -> None:
    before, mine, after = (world.reject(key) for key in ("before.csv", "mine.csv", "after.csv"))
    logs.write(
        "processor",
        "one",
        "printed for before",
        line(before),
        "printed for mine",
        line(mine),
        "printed for after",
        line(after),
    )
    assert texts(world, "mine.csv") == ["printed for mine", line(mine)]


def test_both_functions_and_every_stream_come_in_order_of_time(world: World, logs: Logs) -> None:
    upload = world.reject("a.csv", "PROCESS_FAILED")
    faults = [line(upload, status="FAULT", code="PROCESS_FAILED", reason=str(at)) for at in (1, 2)]
    logs.write("processor", "one", faults[0])
    logs.write("processor", "two", faults[1])
    logs.write("rescuer", "three", line(upload))
    assert texts(world, "a.csv") == [*faults, line(upload)]


def test_lambdas_own_lines_are_found_by_the_request(world: World, logs: Logs) -> None:
    upload = world.reject("a.csv", "PROCESS_CRASHED")
    crash = "RequestId: owner Error: Runtime exited with error: signal: killed"
    logs.write("processor", "one", "printed for mine", crash)
    logs.write("rescuer", "two", line(upload))
    assert texts(world, "a.csv") == ["printed for mine", crash, line(upload)]


def test_a_line_that_names_the_file_twice_over_comes_once(world: World, logs: Logs) -> None:
    upload = world.reject("a.csv")
    both = line(upload, reason="asked by owner")
    logs.write("processor", "one", "printed", both, both)
    assert texts(world, "a.csv") == ["printed", both, both]


def test_a_person_reads_words_and_a_hostile_line_stays_one(
    world: World, logs: Logs, scalper: Scalper
) -> None:
    upload = world.reject("a.csv")
    logs.write("processor", "one", "[bold]\x1b[31m", line(upload, code="WRONG_TYPE", ms=3))
    first, second = scalper("logs", "a.csv").output.splitlines()
    assert first.endswith(r"processor  [bold]\x1b[31m")
    assert second.endswith("processor  QUARANTINED WRONG_TYPE in 3 ms")


def test_a_traceback_is_shown_as_python_prints_it_and_can_forge_no_line(
    world: World, logs: Logs, scalper: Scalper
) -> None:
    upload = world.reject("mine.csv")
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/var/task/process/main.py", line 4, in process\n'
        "    return int(row)\n"
        "ValueError: invalid literal: '\x1b[2J\r2026-03-02T09:15:27  processor  PROCESSED [red]'"
    )
    fault = {"status": "FAULT", "code": "PROCESS_FAILED", "reason": "process raised ValueError"}
    logs.write("processor", "one", line(upload, **fault, traceback=trace))
    shown = scalper("logs", "mine.csv").stdout.splitlines()
    assert shown[0].endswith("FAULT PROCESS_FAILED process raised ValueError")
    assert shown[1:4] == [
        "    | Traceback (most recent call last):",
        '    |   File "/var/task/process/main.py", line 4, in process',
        "    |     return int(row)",
    ]
    assert shown[4].startswith("    | ValueError: invalid literal: '\\x1b[2J")
    assert shown[4].endswith("PROCESSED [red]'")
    assert len(shown) == 5


def test_for_machines_lines_are_whole(world: World, logs: Logs, scalper: Scalper) -> None:
    upload = world.reject("a.csv")
    logs.write("processor", "one", line(upload))
    told = json.loads(scalper("logs", "a.csv", "--json").output)
    assert told["upload_id"] == upload.delivery.upload.upload_id
    (only,) = told["lines"]
    assert only["function"] == "processor"
    assert json.loads(only["text"])["key"] == "a.csv"


@pytest.mark.usefixtures("logs")
def test_no_line_is_told_with_a_reason(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    answer = scalper("logs", "a.csv")
    assert answer.stdout == ""
    assert "logs arrive a few seconds late" in answer.stderr
