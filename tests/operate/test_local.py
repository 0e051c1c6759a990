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

Reconcile = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with deployed(retry_seconds=0.2) as running:
        for key, content in FILES.items():
            running.cloud.s3.put_object(Bucket=running.input_bucket, Key=key, Body=content)
        yield running


@pytest.fixture(scope="module")
def reconcile(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Reconcile:
    path: Path = tmp_path_factory.mktemp("outputs") / "outputs.json"
    path.write_text(json.dumps({**deployment.outputs, "endpoint": deployment.emulator.endpoint}))

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [ROOT / "scalper", "reconcile", "--outputs", str(path), *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_files_in_flight_are_in_flight_and_then_accounted_for(reconcile: Reconcile) -> None:
    assert reconcile()[0] == 0
    verdict: Any = {}
    deadline = time.monotonic() + 60
    while not verdict.get("all_accounted_for") and time.monotonic() < deadline:
        verdict = json.loads(reconcile("--grace", "0s", "--json")[1])
    assert verdict["findings"] == []
    counted = {name: count for name, count in verdict["files"].items() if count}
    assert counted == {"processed": 1, "quarantined": 2, "passed_over": 2}


def test_a_file_whose_event_was_lost_is_found(deployment: Deployment, reconcile: Reconcile) -> None:
    s3, bucket = deployment.cloud.s3, deployment.input_bucket
    told: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    lost = s3.put_object(Bucket=bucket, Key="lost.csv", Body=b"a\n")["VersionId"]
    status, text, _ = reconcile("--grace", "0s")
    assert status == 1
    assert "1 not-notified" in text
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
    status, text, _ = reconcile("--grace", "0s")
    assert status == 1
    assert f"lost.csv, version {lost}" in text
    assert "Not all is accounted for: 1 finding." in text


def test_when_the_deployment_has_stopped_nobody_can_tell(
    deployment: Deployment, reconcile: Reconcile
) -> None:
    deployment.emulator.stop()
    status, text, errors = reconcile()
    assert (status, text) == (2, "")
    assert errors.startswith("Error: Cannot read how the function intake-processor")
    assert errors.rstrip().endswith("see that `make local` is still running.")
