"""The command, as it is typed, on a running local deployment."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.deployment import ROOT, Deployment, deployed

FILES = {
    "good.csv": b"a,b\n1,2\n",
    "bad.csv": b"a,b\n1\n",
    "wrong.exe": b"MZ",
    "half.tmp": b"",
    "folder/": b"",
}

Scalper = Callable[..., tuple[int, str, str]]
PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with deployed(retry_seconds=0.2) as running:
        for key, content in FILES.items():
            running.cloud.s3.put_object(Bucket=running.input_bucket, Key=key, Body=content)
        yield running


@pytest.fixture(scope="module")
def scalper(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Scalper:
    path: Path = tmp_path_factory.mktemp("outputs") / "outputs.json"
    path.write_text(json.dumps({**deployment.outputs, "endpoint": deployment.emulator.endpoint}))

    def run(command: str, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [ROOT / "scalper", command, "--outputs", str(path), *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def statuses(scalper: Scalper, key: str) -> list[str]:
    """Of every upload of the key, the newest first."""
    return [item["status"] for item in json.loads(scalper("show", key, "--json")[1])["uploads"]]


def until_all_are_accounted_for(scalper: Scalper) -> None:
    told = ""

    def accounted_for() -> bool:
        nonlocal told
        status, told, _ = scalper("reconcile", "--grace", "0s")
        return status == 0

    try:
        until(accounted_for)
    except AssertionError:
        raise AssertionError(told) from None


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "that took too long"
        time.sleep(0.5)


def test_files_in_flight_are_in_flight_and_then_accounted_for(scalper: Scalper) -> None:
    assert scalper("reconcile")[0] == 0
    until_all_are_accounted_for(scalper)
    verdict = json.loads(scalper("reconcile", "--grace", "0s", "--json")[1])
    assert verdict["findings"] == []
    counted = {name: count for name, count in verdict["files"].items() if count}
    assert counted == {"processed": 1, "quarantined": 2, "passed_over": 2}


def test_status_and_list_tell_of_what_waits(scalper: Scalper) -> None:
    status, text, _ = scalper("status")
    assert (status, "2 rejected, for their senders" in text) == (0, True)
    files = json.loads(scalper("list", "--json")[1])["files"]
    assert {file["key"] for file in files} == {"bad.csv", "wrong.exe"}
    told = scalper("list")[1]
    assert all(file["key"] in told for file in files)


@pytest.mark.parametrize(
    ("key", "fate"),
    [
        ("bad.csv", "QUARANTINED CORRUPT_CSV"),
        ("wrong.exe", "QUARANTINED WRONG_TYPE"),
        ("good.csv", "PROCESSED"),
    ],
)
def test_the_log_of_a_file_tells_its_fate(scalper: Scalper, key: str, fate: str) -> None:
    # The line is written after the record, for which the tests before have waited.
    until(lambda: fate in scalper("logs", key)[1])


def test_a_file_comes_from_quarantine(scalper: Scalper, tmp_path: Path) -> None:
    assert scalper("download", "wrong.exe", "--to", str(tmp_path))[0] == 0
    assert (tmp_path / "wrong.exe").read_bytes() == FILES["wrong.exe"]


def test_a_file_whose_event_was_lost_is_found_and_repaired(
    deployment: Deployment, scalper: Scalper
) -> None:
    s3, bucket = deployment.cloud.s3, deployment.input_bucket
    told: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    lost = s3.put_object(Bucket=bucket, Key="lost.csv", Body=b"a\n")["VersionId"]
    status, text, _ = scalper("reconcile", "--grace", "0s")
    assert status == 1
    assert "1 not-notified" in text
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
    status, text, _ = scalper("reconcile", "--grace", "0s")
    assert status == 1
    assert f"lost.csv, version {lost}" in text
    assert "Not all is accounted for: 1 finding." in text
    for _ in range(2):
        scalper("reconcile", "--grace", "0s", "--repair")
    until_all_are_accounted_for(scalper)
    assert statuses(scalper, "lost.csv") == ["PROCESSED"], "one record, however often repaired"


def test_while_it_is_stopped_nothing_is_lost_or_set_aside_and_it_catches_up(
    deployment: Deployment, scalper: Scalper
) -> None:
    assert scalper("pause")[0] == 0
    for key in ("late-1.csv", "late-2.csv"):
        deployment.cloud.s3.put_object(Bucket=deployment.input_bucket, Key=key, Body=b"a\n")
    held = ["late-1.csv", "late-2.csv"]
    until(lambda: all(statuses(scalper, key) == ["HELD"] for key in held))
    status, text, _ = scalper("status")
    assert (status, "The processor is stopped" in text) == (1, True)
    assert scalper("resume")[0] == 0
    until(lambda: all(statuses(scalper, key) == ["PROCESSED"] for key in held))
    assert scalper("status")[0] == 0


def test_after_a_fix_what_was_set_aside_is_released_and_back_in_its_bucket(
    deployment: Deployment, scalper: Scalper
) -> None:
    accept_every_type(deployment)
    assert scalper("release", "--reason", "WRONG_TYPE")[0] == 0
    until(lambda: statuses(scalper, "wrong.exe") == ["PROCESSED"])
    restored = deployment.cloud.s3.get_object(Bucket=deployment.input_bucket, Key="wrong.exe")
    assert restored["Body"].read() == FILES["wrong.exe"]
    assert scalper("release", "--reason", "WRONG_TYPE")[1] == "No such file waits.\n"
    until_all_are_accounted_for(scalper)


def test_what_nobody_needs_is_discarded(deployment: Deployment, scalper: Scalper) -> None:
    assert scalper("discard", "bad.csv")[0] == 2, "nobody can be asked here"
    assert statuses(scalper, "bad.csv") == ["QUARANTINED"]
    assert scalper("discard", "bad.csv", "--yes")[0] == 0
    assert statuses(scalper, "bad.csv") == ["GONE"]
    versions = deployment.cloud.s3.list_object_versions(Bucket=deployment.quarantine_bucket)
    assert "bad.csv" not in [it["Key"] for it in versions.get("Versions", [])]
    assert scalper("reconcile", "--grace", "0s")[0] == 0


def accept_every_type(deployment: Deployment) -> None:
    """Deploy a fix of the rules."""
    lambda_, name = deployment.cloud.lambda_, deployment.outputs["processor_function"]
    variables = lambda_.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    rules = json.loads(variables["SCALPER_RULES"])
    variables["SCALPER_RULES"] = json.dumps({**rules, "accepted_types": []})
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_when_the_deployment_has_stopped_nobody_can_tell(
    deployment: Deployment, scalper: Scalper
) -> None:
    deployment.emulator.stop()
    status, text, errors = scalper("reconcile")
    assert (status, text) == (2, "")
    assert errors.startswith("Error: Cannot read how the function intake-processor")
    assert errors.rstrip().endswith("see that `make local` is still running.")
