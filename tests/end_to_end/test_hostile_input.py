"""Names, metadata and content that want to be more than that, through the whole pipeline.

Nothing here would do harm if it worked: no name holds a command that does anything.
"""

import hashlib
import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from handler.model.messages import email_text
from handler.model.text import printable
from local import screen
from local.fates import Fate, Upload
from local.samples import Sample
from tests.handler.hostile import NAMES

from .conftest import Pipeline

AT_ONCE = 4
"""Every event in flight is a process of its own."""

CANARY = b"canary-of-the-file"

# moto and the emulator list keys as XML 1.0, which has no form for other control characters; S3
# encodes them. So such a name is accepted here, and what lists (setting aside) is left to units.
ACCEPTED = [f"hostile/{name.replace(chr(0), '')}.csv" for name in NAMES]
REFUSED = [f"hostile/{name}.exe" for name in NAMES if all(c in "\t\n\r" or c >= " " for c in name)][
    ::3
]


@pytest.fixture(scope="module")
def fates(pipeline: Pipeline) -> list[Fate]:
    """A fate for every hostile name; some accepted, some set aside by a rule."""
    found: list[Fate] = []
    for start in range(0, len(ACCEPTED), AT_ONCE):
        batch = ACCEPTED[start : start + AT_ONCE]
        found += pipeline.fates_of([pipeline.drop(key) for key in batch])
    for start in range(0, len(REFUSED), AT_ONCE):
        batch = REFUSED[start : start + AT_ONCE]
        found += pipeline.fates_of(
            [pipeline.drop(key, b"MZ", "QUARANTINED", "WRONG_TYPE") for key in batch]
        )
    return found


def test_every_hostile_name_reaches_its_fate_unchanged(
    pipeline: Pipeline, fates: list[Fate]
) -> None:
    problems = {fate.upload.sample.key: pipeline.problems_of(fate) for fate in fates}
    assert problems == {key: [] for key in [*ACCEPTED, *REFUSED]}


def test_the_record_and_the_alert_hold_the_name_and_nothing_that_it_says(
    fates: list[Fate],
) -> None:
    for fate in fates:
        key, item = fate.upload.sample.key, fate.item or {}
        [alert] = fate.alerts
        assert item["object_key"] == alert.message["object_key"] == key
        assert item["status"] == alert.message["status"] == fate.upload.sample.fate
        assert alert.subject.isascii()
        assert alert.subject.isprintable()
        assert alert.subject.startswith(("Processed: ", "Set aside: "))
        assert all(printable(value) == value for value in alert.attributes.values())
        lines = email_text(alert.message).split("\n")
        assert all(printable(line) == line for line in lines)
        assert [line for line in lines if line.startswith("File:")] == [
            f"File:      {printable(key)}"
        ]


def test_the_log_has_one_line_a_file_that_the_file_did_not_write(
    pipeline: Pipeline, fates: list[Fate]
) -> None:
    ours = [line for line in json_lines(pipeline) if line.get("key", "").startswith("hostile/")]
    keys = [line["key"] for line in ours if line.get("status") in {"PROCESSED", "QUARANTINED"}]
    assert sorted(keys) == sorted(fate.upload.sample.key for fate in fates)
    assert {line.get("status") for line in json_lines(pipeline)}.isdisjoint({"FORGED"})
    for line in json_lines(pipeline):
        metrics = line.get("_aws", {}).get("CloudWatchMetrics", [])
        assert {metric["Namespace"] for metric in metrics} <= {"SilentScalper"}


def test_the_terminal_is_sent_plain_text(pipeline: Pipeline, fates: list[Fate]) -> None:
    sent = StringIO()
    terminal = Console(file=sent, force_terminal=True, color_system=None, width=200)
    # Not entered: its bar moves the cursor, as it must.
    screen.Watch(terminal, len(fates)).show(fates)
    for fate in fates:
        assert f"{printable(fate.upload.sample.key)}\n" in sent.getvalue()
    screen.table(terminal, pipeline.deployment, [(fate, []) for fate in fates])
    assert {c for c in sent.getvalue() if printable(c) != c} == {"\n"}


def test_metadata_and_content_are_told_nobody(pipeline: Pipeline) -> None:
    """The example says which line is wrong, never what is in it."""
    content = b"a,b\n" + CANARY + b"," + CANARY + b"\n" + CANARY + b"\n"
    refused = pipeline.drop("canary.csv", content, "QUARANTINED", "CORRUPT_CSV")
    accepted = pipeline.drop("canary-too.csv", b"a,b\n1," + CANARY + b"\n")
    no_json = pipeline.drop("canary.json", b'{"' + CANARY + b'": x', "QUARANTINED", "CORRUPT_JSON")
    fates = pipeline.fates_of([refused, accepted, no_json])
    assert [pipeline.problems_of(fate) for fate in fates] == [[], [], []]
    told = [[alert.subject, alert.message, alert.attributes] for f in fates for alert in f.alerts]
    everything = json.dumps([told, [f.item for f in fates], lines_of_the_log(pipeline)])
    assert CANARY.decode() not in everything


def test_a_file_with_the_metadata_of_another_is_set_aside_as_itself(pipeline: Pipeline) -> None:
    sample = Sample("forged.exe", lambda: iter([b"MZ"]), "QUARANTINED", "WRONG_TYPE")
    answer = pipeline.cloud.s3.put_object(
        Bucket=pipeline.deployment.input_bucket,
        Key=sample.key,
        Body=b"MZ",
        Metadata={"scalper-upload-id": "0" * 32, "scalper-reason-code": "FINE", "sender": "=1+1"},
    )
    forged = Upload(sample, answer["VersionId"], hashlib.sha256(b"MZ").hexdigest(), 2)
    fate = pipeline.fate_of(forged)
    assert pipeline.problems_of(fate) == []
    item = pipeline.item_of(fate)
    copy = pipeline.cloud.s3.head_object(
        Bucket=pipeline.deployment.quarantine_bucket,
        Key=sample.key,
        VersionId=item["location_version_id"],
    )
    assert copy["Metadata"] == {
        "scalper-upload-id": item["upload_id"],
        "scalper-reason-code": "WRONG_TYPE",
        "sender": "=1+1",
    }


def lines_of_the_log(pipeline: Pipeline) -> list[str]:
    """Every line of both functions' logs."""
    logs = pipeline.cloud.logs
    groups = [it["logGroupName"] for it in logs.describe_log_groups()["logGroups"]]
    lines: list[str] = []
    for group in groups:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            lines += [line for event in page["events"] for line in event["message"].splitlines()]
    assert lines, f"nothing was logged to {groups}"
    return lines


def json_lines(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Those of the handler's own: the emulator adds START and END."""
    return [json.loads(line) for line in lines_of_the_log(pipeline) if line.startswith("{")]
