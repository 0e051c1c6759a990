"""One local deployment of the unmodified program for all tests of this folder."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.alerts import Listener
from local.deployment import Deployment, deployed
from local.fates import Fate, Upload, look_up, problems_of, upload
from local.samples import Sample

PATIENCE_SECONDS = 40
POLL_SECONDS = 0.2


class Pipeline:
    """The running deployment as the tests speak of it."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self.deployment = deployment
        self.cloud = deployment.cloud
        self.listener = Listener(deployment.cloud, deployment.topic_arns, "tests")
        self._folder = folder

    def drop(
        self,
        key: str,
        content: bytes = b"a,b\n1,2\n",
        fate: str = "PROCESSED",
        reason_code: str | None = None,
    ) -> Upload:
        sample = Sample(key, lambda: iter([content]), fate, reason_code)
        return upload(self.deployment, sample, self._folder)

    @contextmanager
    def deaf_to_uploads(self) -> Iterator[None]:
        """Uploads meanwhile cause no event, so that a test can send the event it wants."""
        s3, bucket = self.cloud.s3, self.deployment.input_bucket
        configuration: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
        configuration.pop("ResponseMetadata")
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        try:
            yield
        finally:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=configuration
            )

    def fates_of(self, uploads: Sequence[Upload]) -> list[Fate]:
        """The fates of all, waited for until each has a record and was told."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            fates = look_up(self.deployment, self.listener, uploads)
            if all(fate.is_told for fate in fates):
                return fates
            time.sleep(POLL_SECONDS)
        untold = [fate.upload.sample.key for fate in fates if not fate.is_told]
        raise AssertionError(f"no record or no alert after {PATIENCE_SECONDS} s: {untold}")

    def fate_of(self, upload: Upload) -> Fate:
        return self.fates_of([upload])[0]

    def problems_of(self, fate: Fate) -> list[str]:
        return problems_of(self.deployment, fate)

    def item_of(self, fate: Fate) -> dict[str, Any]:
        assert fate.item is not None
        return fate.item

    def invoke(self, function: str, event: dict[str, Any]) -> None:
        """Call a function of the stack's outputs asynchronously, as S3 and Lambda do."""
        self.cloud.lambda_.invoke(
            FunctionName=self.deployment.outputs[function],
            InvocationType="Event",
            Payload=json.dumps(event),
        )

    def creation_event(self, upload: Upload) -> dict[str, Any]:
        """What S3 would have sent; the keys used with it need no form-encoding."""
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.cloud.region,
            "eventTime": "2026-03-01T12:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": self.deployment.input_bucket},
                "object": {
                    "key": upload.sample.key,
                    "size": upload.size_bytes,
                    "eTag": "0" * 32,
                    "versionId": upload.version_id,
                    "sequencer": "0A01",
                },
            },
        }
        return {"Records": [record]}


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    with deployed(retry_seconds=0.2) as running:
        yield running


@pytest.fixture(scope="session")
def pipeline(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(deployment, tmp_path_factory.mktemp("samples"))
