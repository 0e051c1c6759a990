"""A deployment whose functions reach the emulator through a proxy that can fail."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from local.cloud import Cloud
from local.deployment import ROOT, STACK
from local.emulator import Emulator
from local.program import deploy
from operate.audit.findings import Finding
from operate.audit.reconcile import Reconciliation, reconcile
from operate.read.deployment import Deployment
from operate.read.outputs import Outputs

from .faults import Faults

FILES = int(os.environ.get("BURST_FILES", "12"))
"""`make burst` takes 60: every file in flight is a process, and starting one takes a while."""
PATIENCE_SECONDS = 60 + 3 * FILES


@dataclass(frozen=True)
class Burst:
    """What is deployed, and what was sent."""

    emulator: Emulator
    cloud: Cloud
    outputs: dict[str, str]
    faults: Faults
    events_url: str
    """A queue that S3 also tells of every upload, as it tells the processor."""

    def upload(self, files: Sequence[tuple[str, bytes]]) -> None:
        """All at once."""
        bucket = self.outputs["input_bucket"]
        with ThreadPoolExecutor(len(files)) as pool:
            list(
                pool.map(
                    lambda it: self.cloud.s3.put_object(Bucket=bucket, Key=it[0], Body=it[1]),
                    files,
                )
            )

    def findings(self) -> list[Finding]:
        """The judge's."""
        with self._judged() as reconciliation:
            return list(reconciliation.findings())

    def findings_when_settled(self) -> list[Finding]:
        """As soon as there are none; else after a long wait."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self.findings()
            if not found or time.monotonic() > deadline:
                return found
            self.emulator.check()
            time.sleep(1)

    def fates(self, folder: str) -> dict[str, str]:
        """The status of each key."""
        pages = self.cloud.dynamodb.get_paginator("scan").paginate(
            TableName=self.outputs["metadata_table"], ConsistentRead=True
        )
        items = [
            item
            for page in pages
            for item in page["Items"]
            if item["object_key"]["S"].startswith(folder)
        ]
        fates = {item["object_key"]["S"]: item["status"]["S"] for item in items}
        assert len(fates) == len(items), "an upload has two records"
        return fates

    def told(self) -> list[dict[str, Any]]:
        """The events of S3, each once."""
        events = []
        while messages := self.cloud.sqs.receive_message(
            QueueUrl=self.events_url, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                self.cloud.sqs.delete_message(
                    QueueUrl=self.events_url, ReceiptHandle=message["ReceiptHandle"]
                )
                event = json.loads(message["Body"])
                if "Records" in event:
                    events.append(event)
        return events

    def _judged(self) -> AbstractContextManager[Reconciliation]:
        endpoint = {"endpoint": self.emulator.endpoint}
        named = Outputs.from_mapping({**self.outputs, **endpoint}, "the test")
        return reconcile(Deployment.of(named), grace_seconds=0)

    def send_rescuer_to(self, endpoint: str) -> None:
        """By the proxy or past it.

        Lambda tries the rescuer three times and then keeps its event. The emulator does neither
        for what a failing processor leaves to it, so by the proxy that would be lost.
        """
        name = self.outputs["rescuer_function"]
        config = self.cloud.lambda_.get_function_configuration(FunctionName=name)
        variables = {**config["Environment"]["Variables"], "AWS_ENDPOINT_URL": endpoint}
        self.cloud.lambda_.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

    def counts(self) -> Mapping[str, int]:
        """The judge's."""
        with self._judged() as reconciliation:
            return reconciliation.counts()

    def deliver(self, event: dict[str, Any]) -> None:
        """As S3 does."""
        self.cloud.lambda_.invoke(
            FunctionName=self.outputs["processor_function"],
            InvocationType="Event",
            Payload=json.dumps(event),
        )


@pytest.fixture(scope="session")
def burst() -> Iterator[Burst]:
    """One for all tests, each of which has a folder of keys of its own."""
    with Faults() as faults:
        switches = {"AWS_ENDPOINT_URL": faults.endpoint, "PERSIST_STATE": "1", "S3_PERSIST": "1"}
        with Emulator(retry_seconds=0.5, switches=switches) as emulator:
            faults.start(emulator.endpoint, emulator.folder / "microburst.log")
            cloud = Cloud(emulator.endpoint, emulator.region)
            outputs = deploy(ROOT, STACK, cloud)
            url = _tell_a_queue_too(cloud, outputs["input_bucket"])
            burst = Burst(emulator, cloud, outputs, faults, url)
            burst.send_rescuer_to(emulator.endpoint)
            yield burst


def _tell_a_queue_too(cloud: Cloud, bucket: str) -> str:
    url = cloud.sqs.create_queue(QueueName="events-of-s3")["QueueUrl"]
    answer = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    configuration: Any = cloud.s3.get_bucket_notification_configuration(Bucket=bucket)
    configuration.pop("ResponseMetadata")
    configuration["QueueConfigurations"] = [
        {"QueueArn": answer["Attributes"]["QueueArn"], "Events": ["s3:ObjectCreated:*"]}
    ]
    cloud.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )
    return url
