"""The policies that look at several resources together."""

import json
from typing import Any

import pytest

from tests.policy_pack.running_pack import UNKNOWN, Pack, Resource

BUCKET = Resource("aws:s3/bucket:Bucket", {"bucket": "files-1"}, name="files")
TOPIC = Resource("aws:sns/topic:Topic", {"arn": "arn:t"}, name="alerts")
QUEUE = Resource("aws:sqs/queue:Queue", {"url": "https://q"}, name="kept")
PLAIN_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def block() -> Resource:
    kind = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    return Resource(kind, refers_to={"bucket": BUCKET})


def versioning(status: str) -> Resource:
    return Resource(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"versioningConfiguration": {"status": status}},
        refers_to={"bucket": BUCKET},
    )


def policy_of(owner: Resource, **changes: Any) -> Resource:
    kind, key = {
        BUCKET.type: ("aws:s3/bucketPolicy:BucketPolicy", "bucket"),
        TOPIC.type: ("aws:sns/topicPolicy:TopicPolicy", "arn"),
        QUEUE.type: ("aws:sqs/queuePolicy:QueuePolicy", "queueUrl"),
    }[owner.type]
    policy = json.dumps({"Statement": {**PLAIN_HTTP, **changes}})
    return Resource(kind, {"policy": policy}, refers_to={key: owner})


def alarms(number: int) -> list[Resource]:
    kind = "aws:cloudwatch/metricAlarm:MetricAlarm"
    return [Resource(kind, {"metricName": "Errors"}, name=f"a{i}") for i in range(number)]


def said(pack: Pack, policy: str, *resources: Resource) -> list[str]:
    diagnostics = pack.about_stack([resource.in_stack() for resource in resources])
    return [message for name, message in diagnostics if name == policy]


REFUSED = [
    ("buckets-block-public-access", [BUCKET], "files has no BucketPublicAccessBlock"),
    ("encrypted-on-the-way", [BUCKET], "files takes plain http"),
    ("encrypted-on-the-way", [TOPIC], "alerts takes plain http"),
    ("encrypted-on-the-way", [QUEUE], "kept takes plain http"),
    ("encrypted-on-the-way", [BUCKET, policy_of(BUCKET, Effect="Allow")], "plain http"),
    ("encrypted-on-the-way", [BUCKET, policy_of(BUCKET, Condition={})], "plain http"),
    ("encrypted-on-the-way", [BUCKET, policy_of(BUCKET, Principal={"AWS": "1"})], "plain http"),
    ("buckets-versioned-in-production", [BUCKET], "Enable versioning"),
    ("buckets-versioned-in-production", [BUCKET, versioning("Suspended")], "Enable versioning"),
    ("few-alarms", alarms(11), "11 metrics; 10 are allowed"),
]

PASSED = [
    ("buckets-block-public-access", [BUCKET, block()]),
    ("encrypted-on-the-way", [BUCKET, policy_of(BUCKET)]),
    ("encrypted-on-the-way", [TOPIC, policy_of(TOPIC)]),
    ("encrypted-on-the-way", [QUEUE, policy_of(QUEUE)]),
    ("buckets-versioned-in-production", [BUCKET, versioning("Enabled")]),
    ("buckets-versioned-in-production", [Resource(BUCKET.type, stack="dev")]),
    ("few-alarms", alarms(10)),
]


@pytest.mark.parametrize(
    ("policy", "stack", "words"), REFUSED, ids=[f"{p}-{i}" for i, (p, *_) in enumerate(REFUSED)]
)
def test_a_stack_that_violates_a_policy_is_refused(
    pack: Pack, policy: str, stack: list[Resource], words: str
) -> None:
    assert words in "\n".join(said(pack, policy, *stack))


@pytest.mark.parametrize(
    ("policy", "stack"), PASSED, ids=[f"{p}-{i}" for i, (p, *_) in enumerate(PASSED)]
)
def test_a_stack_that_keeps_to_a_policy_passes(
    pack: Pack, policy: str, stack: list[Resource]
) -> None:
    assert said(pack, policy, *stack) == []


def test_every_policy_about_stacks_has_a_violation_here(pack: Pack) -> None:
    by_stack = {p.name for p in pack.policies() if p.policy_type == 2}
    assert by_stack == {policy for policy, *_ in REFUSED}


def test_a_setting_that_names_its_bucket_by_hand_counts_too(pack: Pack) -> None:
    by_name = Resource(block().type, {"bucket": "files-1"})
    assert said(pack, "buckets-block-public-access", BUCKET, by_name) == []
    of_another = Resource(block().type, {"bucket": "others"})
    assert said(pack, "buckets-block-public-access", BUCKET, of_another)


def test_a_policy_that_a_preview_cannot_know_is_left_for_the_deployment(pack: Pack) -> None:
    unknown = Resource(
        "aws:s3/bucketPolicy:BucketPolicy", {"policy": UNKNOWN}, refers_to={"bucket": BUCKET}
    )
    assert said(pack, "encrypted-on-the-way", BUCKET, unknown) == []
