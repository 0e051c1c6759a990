"""A file that was set aside or held is tried again by a schedule, and stays one file.

Three things are not as on AWS. A schedule's time is moved nearer, as a retry is due in minutes. The
emulator gives each of Lambda's own retries a new request id, so that of a retry which fails it
tells the rescuer nothing: the test tells it. And it writes over a newer upload whatever IfMatch
says, so that nothing here proves the condition.
"""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handler.aws.records import plain_item
from local.deployment import ROOT, Deployment, deployed
from local.fates import Upload

from .conftest import Pipeline
from .test_fates import failure_record, statuses_told, wait_until
from .test_hostile_input import json_lines

PROCESS = '''
from pathlib import Path

MENDED = Path({mended!r})


def process(file):
    """Copes with what somebody has mended since."""
    if not (MENDED / file.name).exists():
        raise KeyError("amount")
    with file.open() as stream:
        return {{"bytes": len(stream.read())}}
'''
CONTENT = b"a,b\n1,2\n"


class Retried(Pipeline):
    """A pipeline whose `process` fails on every file until that is mended."""

    def __init__(self, deployment: Deployment, folder: Path, mended: Path) -> None:
        super().__init__(deployment, folder)
        self._mended = mended

    def mend(self, key: str) -> None:
        (self._mended / key).touch()

    def drop_failing(self, key: str) -> Upload:
        """An upload that is set aside, for `process` fails on it."""
        upload = self.drop(key, CONTENT, "QUARANTINED", "PROCESS_FAILED")
        assert self.problems_of(self.fate_of(upload)) == []
        return upload

    def records_of(self, key: str) -> list[dict[str, Any]]:
        """Of every upload of `key`, the oldest first."""
        answer = self.cloud.dynamodb.query(
            TableName=self.deployment.table,
            ConsistentRead=True,
            KeyConditionExpression="object_key = :key",
            ExpressionAttributeValues={":key": {"S": key}},
        )
        return [plain_item(item) for item in answer["Items"]]

    def record_of(self, key: str) -> dict[str, Any]:
        (record,) = self.records_of(key)
        return record

    def schedules_of(self, key: str) -> list[Any]:
        """What will try `key` again."""
        scheduler = self.cloud.scheduler
        found = []
        for one in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(GroupName=one["GroupName"], Name=one["Name"])
            target = json.loads(schedule["Target"].get("Input", "{}"))
            if target.get("Retry", {}).get("object_key") == key:
                found.append(schedule)
        return found

    def bring_forward(self, key: str) -> None:
        """Let the one schedule of `key` do now what it would do when it is due."""
        (schedule,) = self.schedules_of(key)
        now = datetime.now(UTC) + timedelta(seconds=1)
        kept = ("Name", "GroupName", "Target", "ActionAfterCompletion")
        self.cloud.scheduler.update_schedule(
            **{name: schedule[name] for name in kept},
            ScheduleExpression=f"at({now:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
        )

    def versions(self, bucket: str, key: str) -> list[str]:
        """The newest first."""
        answer = self.cloud.s3.list_object_versions(Bucket=bucket, Prefix=key)
        assert not answer.get("DeleteMarkers")
        return [it["VersionId"] for it in answer.get("Versions", [])]

    def content(self, key: str) -> bytes:
        bucket = self.deployment.input_bucket
        return self.cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def events_passed_over(self, key: str) -> int:
        """How often the processor said that an event was of a file which a retry restored."""
        lines = json_lines(self)
        return sum((it.get("key"), it.get("status")) == (key, "RESTORED") for it in lines)


@pytest.fixture(scope="module")
def retried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retried]:
    root, mended = tmp_path_factory.mktemp("program"), tmp_path_factory.mktemp("mended")
    for file in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / file, root / file)
    code = root / "code"
    code.mkdir()
    (code / "main.py").write_text(PROCESS.format(mended=str(mended)))
    arguments = {
        "alert_emails": ["you@example.com"],
        "process_code": str(code),
        "retry_delays_minutes": [30, 60],
        "protect_data": False,
    }
    # JSON is YAML.
    config = {"config": {"silent-scalper:pipeline": arguments}}
    (root / "Pulumi.dev.yaml").write_text(json.dumps(config))
    with deployed(root=root, retry_seconds=0.2) as running:
        yield Retried(running, tmp_path_factory.mktemp("samples"), mended)


def test_a_file_that_process_comes_to_cope_with_returns_by_itself_as_one_file(
    retried: Retried,
) -> None:
    key = "returns.csv"
    upload = retried.drop_failing(key)
    aside = retried.record_of(key)
    (schedule,) = retried.schedules_of(key)
    due = datetime.fromisoformat(aside["retry_at"])
    assert schedule["ScheduleExpression"] == f"at({due:%Y-%m-%dT%H:%M:%S})"

    retried.mend(key)
    retried.bring_forward(key)
    wait_until(lambda: statuses_told(retried, key) == ["QUARANTINED", "PROCESSED"])
    wait_until(lambda: retried.events_passed_over(key) == 1)
    wait_until(lambda: retried.schedules_of(key) == [])

    item = retried.record_of(key)
    assert (item["status"], item["attempt"], item["retries"]) == ("PROCESSED", 2, 1)
    assert item["result"] == {"bytes": len(CONTENT)}
    assert [(it["attempt"], it["reason_code"]) for it in item["history"]] == [(1, "PROCESS_FAILED")]
    assert retried.versions(retried.deployment.quarantine_bucket, key) == []
    assert retried.versions(retried.deployment.input_bucket, key) == [item["version_id"]]
    assert item["version_id"] != upload.version_id
    assert retried.content(key) == CONTENT
    assert statuses_told(retried, key) == ["QUARANTINED", "PROCESSED"]


def test_a_newer_upload_stays_on_top_of_the_one_that_is_accepted_later(retried: Retried) -> None:
    key = "overtaken.csv"
    retried.drop_failing(key)
    aside = retried.record_of(key)
    retried.mend(key)
    newer = retried.drop(key, b"a,b\n3,4\n5,6\n")
    retried.fate_of(newer)
    retried.bring_forward(key)
    wait_until(lambda: statuses_told(retried, key) == ["QUARANTINED", "PROCESSED", "PROCESSED"])

    old, new = retried.records_of(key)
    assert [it["status"] for it in (old, new)] == ["PROCESSED", "PROCESSED"]
    assert retried.versions(retried.deployment.input_bucket, key) == [newer.version_id]
    assert new["version_id"] == newer.version_id
    copies = retried.versions(retried.deployment.quarantine_bucket, key)
    assert copies == [aside["location_version_id"]] == [old["location_version_id"]]
    assert old["location"] == f"s3://{retried.deployment.quarantine_bucket}/{key}"


def test_a_file_that_fails_at_every_retry_is_parked_and_that_is_told(retried: Retried) -> None:
    key = "never.csv"
    retried.drop_failing(key)
    for retries in (1, 2):
        retried.bring_forward(key)
        wait_until(lambda: retried.record_of(key).get("retries") == retries)  # noqa: B023
        give_up(retried, key)
        wait_until(lambda: len(statuses_told(retried, key)) == retries + 1)  # noqa: B023

    item = retried.record_of(key)
    assert (item["status"], item["attempt"], item["parked"]) == ("QUARANTINED", 3, True)
    assert "retry_at" not in item
    assert [it["attempt"] for it in item["history"]] == [1, 2]
    wait_until(lambda: retried.schedules_of(key) == [])
    told = [it for it in retried.listener.listen() if it.upload[0] == key]
    assert [it.attributes["email"] for it in told] == ["yes", "no", "yes"]
    assert [it.message.get("parked", False) for it in told] == [False, False, True]
    copies = retried.versions(retried.deployment.quarantine_bucket, key)
    assert copies == [item["location_version_id"]]


def test_a_held_file_is_tried_again_by_its_schedule_where_it_is(retried: Retried) -> None:
    key = "held.csv"
    with retried.deaf_to_uploads():
        waiting = retried.drop(key, CONTENT, fate="HELD", reason_code="EVENT_TOO_OLD")
    event = retried.creation_event(waiting)
    retried.invoke("rescuer_function", failure_record(event, condition="EventAgeExceeded"))
    assert retried.problems_of(retried.fate_of(waiting)) == []

    retried.mend(key)
    retried.bring_forward(key)
    wait_until(lambda: statuses_told(retried, key) == ["HELD", "PROCESSED"])
    item = retried.record_of(key)
    assert (item["status"], item["attempt"], item["retries"]) == ("PROCESSED", 2, 1)
    assert item["version_id"] == waiting.version_id
    assert retried.versions(retried.deployment.input_bucket, key) == [waiting.version_id]


def give_up(retried: Retried, key: str) -> None:
    """Tell the rescuer of a retry that failed at each of Lambda's tries."""
    item = retried.record_of(key)
    names = {name: item[name] for name in ("object_key", "upload_id")}
    asked = {"Retry": {**names, "retries": item["retries"] - 1}}
    failure = failure_record(asked, condition="RetriesExhausted")
    failure["requestContext"]["requestId"] = item["retry_owner"]
    failure["responseContext"] = {"statusCode": 200, "functionError": "Unhandled"}
    failure["responsePayload"] = {"errorMessage": "PROCESS_FAILED: process raised KeyError"}
    retried.invoke("rescuer_function", failure)
