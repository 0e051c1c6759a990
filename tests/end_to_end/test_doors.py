"""A bucket that exists, shared by two pipelines, and one with senders, on the emulator.

The programs are examples/existing_bucket and examples/partner_account.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import components
from handler.aws.records import plain_item
from handler.model.item import Item
from local.cloud import Cloud
from local.deployment import ROOT
from local.emulator import Emulator
from local.program import deploy
from operate import __main__ as command

PATIENCE_SECONDS = 90
BUCKET = "files-of-the-company"
PIPELINES = ("invoices", "photos")


class Shared:
    """The deployed program, its bucket and its two pipelines."""

    def __init__(self, cloud: Cloud, outputs: dict[str, Any], folder: Path) -> None:
        self.cloud, self.s3, self._folder = cloud, cloud.s3, folder
        self.outputs = {name: dict(outputs[name]) for name in PIPELINES}

    def put(self, key: str) -> str:
        """Its version."""
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"a,b\n1,2\n")
        return answer["VersionId"]

    def records(self, pipeline: str) -> dict[str, Item]:
        """By key."""
        found = self.cloud.dynamodb.scan(
            TableName=self.outputs[pipeline]["metadata_table"], ConsistentRead=True
        )["Items"]
        items = [plain_item(item) for item in found]
        return {item["object_key"]: item for item in items if "status" in item}

    def record_of(self, pipeline: str, key: str) -> Item:
        record: Item = waited_for(lambda: self.records(pipeline).get(key))
        return record

    def scalper(self, pipeline: str, *typed: str) -> Any:
        path = self._folder / f"{pipeline}.json"
        told = {**self.outputs[pipeline], "endpoint": self.cloud.endpoint}
        path.write_text(json.dumps(told))
        name, *rest = typed
        return CliRunner().invoke(command.scalper, [name, "--outputs", str(path), *rest])


def waited_for(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"nothing after {PATIENCE_SECONDS} s")


def program(name: str, config: str, folders: pytest.TempPathFactory) -> Path:
    """A copy of an example, with a stack that is called `test`."""
    root = folders.mktemp("program") / name
    shutil.copytree(ROOT / "examples" / name, root)
    (root / "Pulumi.test.yaml").write_text(f"config:\n  {config}\n")
    return root


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    root = program("existing_bucket", f"existing-bucket:bucket: {BUCKET}", tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch, Emulator(retry_seconds=0.2) as emulator:
        patch.setitem(sys.modules, "silent_scalper", components)
        cloud = Cloud(emulator.endpoint, emulator.region)
        yield Shared(cloud, deploy(root, "test", cloud), root)


def test_each_pipeline_deals_with_its_own_prefix_of_the_bucket(shared: Shared) -> None:
    good = shared.put("invoices/march + april 100%.csv")
    shared.put("photos/märz.jpg")
    refused = shared.put("photos/notes.csv")
    shared.put("elsewhere/a.csv")

    assert shared.record_of("photos", "photos/märz.jpg")["status"] == "PROCESSED"
    record = shared.record_of("invoices", "invoices/march + april 100%.csv")
    assert (record["status"], record["version_id"]) == ("PROCESSED", good)
    set_aside = shared.record_of("photos", "photos/notes.csv")
    assert (set_aside["status"], set_aside["reason_code"]) == ("QUARANTINED", "WRONG_TYPE")
    assert set_aside["version_id"] == refused

    quarantine = shared.outputs["photos"]["quarantine_bucket"]
    waited_for(lambda: shared.s3.list_objects_v2(Bucket=quarantine).get("Contents"))
    waited_for(lambda: "photos/notes.csv" not in keys(shared))
    assert set(shared.records("invoices")) == {"invoices/march + april 100%.csv"}
    assert "elsewhere/a.csv" in keys(shared)


def keys(shared: Shared) -> set[str]:
    return {it["Key"] for it in shared.s3.list_objects_v2(Bucket=BUCKET)["Contents"]}


def test_all_is_accounted_for_in_each_pipeline(shared: Shared) -> None:
    for pipeline in PIPELINES:
        answer = shared.scalper(pipeline, "reconcile", "--grace", "0s", "--json")
        found = json.loads(answer.output)
        # The emulator confirms no address.
        kinds = {one["kind"] for one in found["findings"]} - {"subscription-unconfirmed"}
        assert kinds == set(), answer.output


def test_what_the_bucket_lacks_is_said_with_the_command_that_mends_it(shared: Shared) -> None:
    kinds = [one["kind"] for one in troubles(shared)]
    assert not {"input-unversioned", "eventbridge-off", "not-notified"} & set(kinds)
    configuration: Any = {"EventBridgeConfiguration": {}}
    shared.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    shared.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    try:
        found = {one["kind"]: one for one in troubles(shared)}
        assert "not-notified" not in found
        assert "Status=Enabled" in found["input-unversioned"]["type_next"][0]
        assert "EventBridgeConfiguration = {}" in found["eventbridge-off"]["type_next"][0]
    finally:
        shared.s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration=configuration
        )
        shared.s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )


def troubles(shared: Shared) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shared.scalper("photos", "status", "--json").output)[
        "troubles"
    ]
    return found


def test_a_rule_that_was_switched_off_is_noticed(shared: Shared) -> None:
    events = shared.cloud.events
    [rule] = [it["Name"] for it in events.list_rules(NamePrefix="photos-")["Rules"]]
    events.disable_rule(Name=rule)
    try:
        assert "not-notified" in [one["kind"] for one in troubles(shared)]
    finally:
        events.enable_rule(Name=rule)


def test_an_upload_to_a_bucket_that_is_not_versioned_is_held_where_it_is(shared: Shared) -> None:
    shared.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    try:
        shared.s3.put_object(Bucket=BUCKET, Key="photos/good.jpg", Body=b"x")
        shared.s3.put_object(Bucket=BUCKET, Key="photos/bad.csv", Body=b"x")
        assert shared.record_of("photos", "photos/good.jpg")["status"] == "PROCESSED"
        held = shared.record_of("photos", "photos/bad.csv")
        assert (held["status"], held["reason_code"]) == ("HELD", "CANNOT_BE_MOVED")
        assert "photos/bad.csv" in keys(shared)
    finally:
        shared.s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )


def test_a_partner_uploads_below_its_prefix_alone(
    shared: Shared, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator evaluates no bucket's policy here; what it says is what S3 was given."""
    root = program("partner_account", "partner-account:partner: '111122223333'", tmp_path_factory)
    monkeypatch.setitem(sys.modules, "silent_scalper", components)
    outputs = deploy(root, "test", shared.cloud)
    bucket = outputs["input_bucket"]
    assert outputs["upload_to"] == f"s3://{bucket}/partner/"
    policy = json.loads(shared.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    allowed = {it["Sid"]: it for it in policy["Statement"] if it["Effect"] == "Allow"}
    assert allowed["SendersPutFiles1"]["Principal"] == {"AWS": "111122223333"}
    assert allowed["SendersPutFiles1"]["Resource"] == [f"arn:aws:s3:::{bucket}/partner/*"]
    assert allowed["AuditorsRead"]["Resource"] == [
        f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"
    ]  # fmt: skip
    shared.outputs["partner"] = outputs
    shared.s3.put_object(Bucket=bucket, Key="partner/a.csv", Body=b"a,b\n1,2\n")
    record = shared.record_of("partner", "partner/a.csv")
    assert (record["status"], record["sender_address"]) == ("PROCESSED", "127.0.0.1")
