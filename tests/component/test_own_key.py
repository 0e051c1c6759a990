"""A customer-managed key and a permissions boundary reach everything they are for."""

from typing import Any

import pytest

from tests.component.recorder import Deployment

KEY = "arn:aws-mock:kms:eu-north-1:123456789012:key/files"
BOUNDARY = "arn:aws-mock:iam::123456789012:policy/boundary"


@pytest.mark.parametrize("bucket", ["input", "quarantine"])
def test_a_bucket_encrypts_with_the_key_and_asks_kms_once_for_many_files(
    full: Deployment, bucket: str
) -> None:
    by_default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert full.named(f"{bucket}-encryption").inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": by_default,
            "bucketKeyEnabled": True,
            "blockedEncryptionTypes": ["SSE-C"],
        }
    ]


@pytest.mark.parametrize(
    ("name", "encryption"),
    [
        ("FileMetadata", {"serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY}}),
        ("ScalperAlerts", {"kmsMasterKeyId": KEY}),
        ("kept-events", {"kmsMasterKeyId": KEY}),
        ("processor-logs", {"kmsKeyId": KEY}),
        ("rescuer-logs", {"kmsKeyId": KEY}),
        ("checker-logs", {"kmsKeyId": KEY}),
    ],
)
def test_every_other_store_encrypts_with_it(
    full: Deployment, deployed: Deployment, name: str, encryption: dict[str, Any]
) -> None:
    assert encryption.items() <= full.named(name).inputs.items()
    assert not encryption.keys() & deployed.named(name).inputs.keys()


def test_the_queue_is_not_given_two_kinds_of_key(full: Deployment) -> None:
    assert "sqsManagedSseEnabled" not in full.named("kept-events").inputs


@pytest.mark.parametrize("function", ["processor", "rescuer", "checker"])
def test_a_function_may_use_the_key_only_when_there_is_one(
    full: Deployment, deployed: Deployment, function: str
) -> None:
    uses = [one for one in full.policy(f"{function}-policy") if one["Sid"] == "UseTheKey"]
    (use,) = uses
    assert (use["Effect"], use["Resource"]) == ("Allow", [KEY])
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert "kms" not in str(deployed.policy(f"{function}-policy"))


def test_an_upload_under_a_key_the_functions_may_not_use_is_refused(
    full: Deployment, deployed: Deployment
) -> None:
    """Both conditions: an upload that names no key gets the bucket's and must pass."""
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    (deny,) = [one for one in full.policy("input-policy") if one["Sid"] == "DenyOtherKeys"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:PutObject"])
    assert deny["Condition"] == {"Null": {header: "false"}, "StringNotEquals": {header: KEY}}
    (deny,) = [one for one in deployed.policy("input-policy") if one["Sid"] == "DenyOtherKeys"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:PutObject"])
    assert deny["Condition"] == {"Null": {header: "false"}}


def test_every_role_stays_inside_the_boundary(full: Deployment, deployed: Deployment) -> None:
    assert {role.inputs.get("permissionsBoundary") for role in full.of("Role")} == {BOUNDARY}
    assert not any("permissionsBoundary" in role.inputs for role in deployed.of("Role"))


def test_schedules_are_encrypted_read_and_kept_with_the_key_where_there_is_one(
    full: Deployment, deployed: Deployment
) -> None:
    (described,) = [s for s in full.policy("rescuer-policy") if s["Sid"] == "EncryptSchedules"]
    assert (described["Action"], described["Resource"]) == (["kms:DescribeKey"], [KEY])
    (use,) = [s for s in full.policy("retries-policy") if s["Sid"] == "UseTheKey"]
    assert (use["Action"], use["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], [KEY])
    assert "kms" not in str(deployed.policy("retries-policy") + deployed.policy("rescuer-policy"))
