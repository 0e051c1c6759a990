"""Looks up what became of each upload, and checks that it is what it should be."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from handler.aws.records import plain_item

from .alerts import Alert, Listener
from .deployment import Deployment
from .samples import PASSED_OVER, Sample

SINGLE_PUT_BYTES = 8_000_000
CHUNK_BYTES = 1024 * 1024

Item = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    """A sample in the input bucket: which version it is, and what is in it."""

    sample: Sample
    version_id: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Fate:
    """What is known of an upload: its record, and the alerts that name it."""

    upload: Upload
    item: Item | None
    alerts: list[Alert] = field(default_factory=list)

    @property
    def is_told(self) -> bool:
        return self.item is not None and bool(self.alerts)


def upload(deployment: Deployment, sample: Sample, folder: Path) -> Upload:
    """Write the sample to a real file and put it, in parts when it is large, as tools do."""
    path = sample.write(folder / "sample")
    s3, bucket, size = deployment.cloud.s3, deployment.input_bucket, path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if size <= SINGLE_PUT_BYTES:
        with path.open("rb") as file:
            version_id = s3.put_object(Bucket=bucket, Key=sample.key, Body=file)["VersionId"]
    else:
        s3.upload_file(str(path), bucket, sample.key)
        version_id = s3.head_object(Bucket=bucket, Key=sample.key)["VersionId"]
    return Upload(sample, version_id, digest, size)


def look_up(deployment: Deployment, listener: Listener, uploads: Sequence[Upload]) -> list[Fate]:
    """The fate of each upload, as far as it is known by now."""
    items = {(item["object_key"], item.get("version_id")): item for item in records(deployment)}
    heard = listener.listen()
    return [
        Fate(it, item := items.get((it.sample.key, it.version_id)), _naming(item, heard))
        for it in uploads
    ]


def records(deployment: Deployment) -> Iterator[Item]:
    """Every record of an upload. The table also holds counters, which have no version."""
    pages = deployment.cloud.dynamodb.get_paginator("scan").paginate(
        TableName=deployment.table, ConsistentRead=True
    )
    for page in pages:
        for item in map(plain_item, page["Items"]):
            if "version_id" in item:
                yield item


def problems_of(deployment: Deployment, fate: Fate) -> list[str]:
    """What is not as it should be; empty when all is well."""
    sample = fate.upload.sample
    if sample.fate == PASSED_OVER:
        found = [] if fate.item is None else [f"has the record {fate.item['status']}"]
        return found + list(_misplaced(deployment, fate.upload, None))
    if fate.item is None:
        return ["has no record"]
    status, code = fate.item["status"], fate.item.get("reason_code")
    found = []
    if (status, code) != (sample.fate, sample.reason_code):
        wanted = " ".join(filter(None, (sample.fate, sample.reason_code)))
        found.append(f"is {' '.join(filter(None, (status, code)))} and should be {wanted}")
    if len(fate.alerts) != 1:
        found.append(f"was told {len(fate.alerts)} times and should be once")
    return found + list(_misplaced(deployment, fate.upload, fate.item))


def _naming(item: Item | None, heard: Iterable[Alert]) -> list[Alert]:
    if item is None:
        return []
    return [it for it in heard if it.upload == (item["object_key"], item["upload_id"])]


def _misplaced(deployment: Deployment, upload: Upload, item: Item | None) -> Iterator[str]:
    """Whether exactly these bytes are where they belong, and nowhere else."""
    bucket, key = deployment.input_bucket, upload.sample.key
    in_input = _sha256(deployment, bucket, key, upload.version_id)
    status = item["status"] if item else PASSED_OVER
    if status not in ("QUARANTINED", "GONE"):
        if in_input != upload.sha256:
            yield "is not unchanged in the input bucket"
        return
    if in_input is not None:
        yield "is still in the input bucket"
    if item is None or status == "GONE":
        return
    location = f"s3://{deployment.quarantine_bucket}/{key}"
    if item.get("location") != location:
        yield f"is recorded at {item.get('location')} and should be at {location}"
    copy_id = item.get("location_version_id", "")
    if _sha256(deployment, deployment.quarantine_bucket, key, copy_id) != upload.sha256:
        yield "has no equal copy in the quarantine bucket"


def _sha256(deployment: Deployment, bucket: str, key: str, version_id: str) -> str | None:
    """The hash of that exact version's bytes; None when it does not exist."""
    try:
        body = deployment.cloud.s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)["Body"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
