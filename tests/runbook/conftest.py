"""A local deployment, and a shell in which the very commands of docs/operating.md are typed."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from local.deployment import ROOT, deployed
from local.fates import Upload
from operate.__main__ import scalper
from tests.end_to_end.conftest import Pipeline

KEY = "partners/acme/orders.csv"
GOOD, BROKEN = b"a,b\n1,2\n", b"a;b\n1;2\n"
"""What every `process` here takes, and what only the corrected one takes."""

PROCESS = """
import os
def process(file):
    with file.open() as stream:
        text = stream.read()
    if {condition}:
        raise KeyError("the release of today cannot read this")
    return {{"bytes": len(text)}}
"""
BAD_RELEASE = PROCESS.format(condition="b';' in text and 'MENDED' not in os.environ")
MENDED_RELEASE = PROCESS.format(condition="False")

# Files are young in a test: what waits a quarter of an hour for a person is overlooked at once.
SCALPER = """#!/bin/sh
exec {python} -P -c 'from operate.audit import reconcile; reconcile.DEFAULT_GRACE_SECONDS = 0
from operate.__main__ import main; main()' "$@"
"""
PULUMI = '#!/bin/sh\necho "pulumi $*" >> "$PULUMI_RAN"\n'
PATIENCE_SECONDS = 40


def sections(document: Path) -> dict[str, list[list[str]]]:
    """Each heading of the runbook, with the commands of its fenced blocks."""
    text = document.read_text(encoding="utf-8")
    runbook = text[text.index("\n# Runbook\n") :]
    runbook = runbook[: runbook.find("\n# ", 1)] if "\n# " in runbook[1:] else runbook
    found: dict[str, list[list[str]]] = {}
    for section in re.split(r"^### ", runbook, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        blocks = re.findall(r"^```sh\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        found[heading] = [block.splitlines() for block in blocks]
    return found


RUNBOOK = sections(ROOT / "docs" / "operating.md")


def is_a_command(line: str) -> bool:
    """As the command itself reads what is typed, without doing it."""
    _, name, *words = shlex.split(line)
    command = scalper.get_command(click.Context(scalper), name)
    if command is None:
        return False
    try:
        command.make_context(name, words)
    except click.UsageError:
        return False
    return True


@dataclass(frozen=True)
class Typed:
    """A command, and how it ended."""

    command: str
    status: int
    out: str
    errors: str


@dataclass
class Operator:
    """Types one section of the runbook, command by command."""

    pipeline: Pipeline
    environment: dict[str, str]
    folder: Path
    commands: list[str]
    pulumi: Callable[[], None] | None = None
    """What `pulumi up` would do here."""

    def types(self, *statuses: int, answer: str = "") -> str:
        """The next commands, which end with these statuses; what they said."""
        typed = [self.type(self.commands.pop(0), answer) for _ in statuses]
        assert tuple(it.status for it in typed) == statuses, typed
        return "\n".join(it.out for it in typed)

    def type(self, command: str, answer: str = "") -> Typed:
        done = subprocess.run(
            ["/bin/bash", "--norc", "--noprofile", "-c", command],
            cwd=self.folder,
            env=self.environment,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )
        if command.startswith("pulumi "):
            assert self.pulumi is not None, command
            self.pulumi()
        return Typed(command, done.returncode, done.stdout, done.stderr)

    def status_of(self, key: str = KEY) -> str | None:
        """Of the newest upload of a key."""
        answer = self.pipeline.cloud.dynamodb.query(
            TableName=self.pipeline.deployment.table,
            KeyConditionExpression="object_key = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ScanIndexForward=False,
            Limit=1,
        )
        return answer["Items"][0]["status"]["S"] if answer["Items"] else None

    def waits_until(self, status: str, *keys: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        for key in keys or (KEY,):
            while self.status_of(key) != status:
                assert time.monotonic() < deadline, (key, self.status_of(key))
                time.sleep(0.2)

    def event_of(self, upload: Upload) -> dict[str, Any]:
        """What S3 would have sent."""
        head = self.pipeline.cloud.s3.head_object(
            Bucket=self.pipeline.deployment.input_bucket,
            Key=upload.sample.key,
            VersionId=upload.version_id,
        )
        event = self.pipeline.creation_event(upload)
        event["Records"][0]["s3"]["object"] |= {
            "eTag": head["ETag"].strip('"'),
            "sequencer": f"{time.time_ns():016X}",
        }
        return event

    def holds(self, *keys: str, why: str = "failed_aws") -> None:
        """Uploads that Lambda hands to the rescuer, for a reason among `tests/events`."""
        for key in keys or (KEY,):
            with self.pipeline.deaf_to_uploads():
                upload = self.pipeline.drop(key, GOOD)
            record = json.loads((ROOT / f"tests/events/{why}.json").read_text())
            # The event of another upload each time, as S3 would have it.
            event = self.event_of(upload)
            self.pipeline.invoke("rescuer_function", {**record, "requestPayload": event})
        self.waits_until("HELD", *(keys or (KEY,)))

    def loses(self, *keys: str) -> None:
        """Uploads that nobody was told of."""
        with self.pipeline.deaf_to_uploads():
            for key in keys or (KEY,):
                self.pipeline.drop(key, GOOD)

    def is_sent_broken(self, *keys: str) -> None:
        for key in keys or (KEY,):
            self.pipeline.drop(key, BROKEN)
        self.waits_until("QUARANTINED", *(keys or (KEY,)))

    def gives_up(self) -> None:
        """As after the last automatic retry."""
        table = self.pipeline.deployment.table
        dynamodb = self.pipeline.cloud.dynamodb
        (item,) = dynamodb.scan(TableName=table, FilterExpression="attribute_exists(retry_at)")[
            "Items"
        ]
        dynamodb.update_item(
            TableName=table,
            Key={name: item[name] for name in ("object_key", "upload_id")},
            UpdateExpression="SET parked = :yes REMOVE retry_at",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def mends_the_code(self) -> None:
        """Deploys the corrected `process`."""
        self._tell_process(MENDED="1")

    def breaks_the_code(self) -> None:
        self._tell_process()

    def _tell_process(self, **told: str) -> None:
        lambda_, name = (
            self.pipeline.cloud.lambda_,
            self.pipeline.deployment.outputs["processor_function"],
        )
        variables = lambda_.get_function_configuration(FunctionName=name)["Environment"][
            "Variables"
        ]
        variables = {k: v for k, v in variables.items() if k != "MENDED"} | told
        lambda_.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    root = tmp_path_factory.mktemp("program")
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copyfile(ROOT / name, root / name)
    code = root / "examples" / "process"
    code.mkdir(parents=True)
    (code / "main.py").write_text(BAD_RELEASE)
    with deployed(root=root, retry_seconds=0.2) as running:
        yield Pipeline(running, tmp_path_factory.mktemp("samples"))


@pytest.fixture
def operator(
    pipeline: Pipeline, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Operator]:
    """In front of an empty pipeline, with the section of the runbook that the test names."""
    programs, home, folder = (tmp_path / name for name in ("programs", "home", "folder"))
    for path in (programs, home, folder):
        path.mkdir()
    outputs = {**pipeline.deployment.outputs, "endpoint": pipeline.deployment.emulator.endpoint}
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    for name, text in (
        ("scalper", SCALPER.format(python=shlex.quote(sys.executable))),
        ("pulumi", PULUMI),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {
        "PATH": str(programs),
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "PULUMI_RAN": str(tmp_path / "pulumi-ran"),
        "SCALPER_OUTPUTS": str(tmp_path / "outputs.json"),
    }
    empty(pipeline)
    heading = request.node.get_closest_marker("section").args[0]
    at_work = Operator(
        pipeline, environment, folder, [line for block in RUNBOOK[heading] for line in block]
    )
    at_work.breaks_the_code()
    yield at_work
    assert at_work.commands == [], "the test has not typed these"


def empty(pipeline: Pipeline) -> None:
    """No file, no record, no kept event."""
    cloud, deployment = pipeline.cloud, pipeline.deployment
    for bucket in (deployment.input_bucket, deployment.quarantine_bucket):
        for page in cloud.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for it in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                cloud.s3.delete_object(Bucket=bucket, Key=it["Key"], VersionId=it["VersionId"])
    for items in cloud.dynamodb.get_paginator("scan").paginate(TableName=deployment.table):
        for item in items["Items"]:
            key: Any = {name: item[name] for name in ("object_key", "upload_id")}
            cloud.dynamodb.delete_item(TableName=deployment.table, Key=key)
    for url in cloud.sqs.list_queues(QueueNamePrefix="intake-kept-events").get("QueueUrls", []):
        cloud.sqs.purge_queue(QueueUrl=url)
