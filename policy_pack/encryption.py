"""Nothing unencrypted: at rest, nor on the way."""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_policy import (
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from .documents import conditions, many, statements
from .resources import BUCKET, QUEUE, TABLE, TOPIC, is_unknown, of_type, settings_of

Props = Mapping[str, Any]

ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)


def _algorithms(props: Props) -> list[str | None]:
    return [
        (rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm")
        for rule in props.get("rules") or []
    ]


def _bucket_is_encrypted(props: Props) -> bool:
    return all(one in ("AES256", "aws:kms", "aws:kms:dsse") for one in _algorithms(props))


def _queue_is_encrypted(props: Props) -> bool:
    return props.get("sqsManagedSseEnabled") is True or bool(props.get("kmsMasterKeyId"))


ENCRYPTED: dict[str, tuple[Callable[[Props], bool], str]] = {
    ENCRYPTION: (_bucket_is_encrypted, "Set sse_algorithm to AES256 or aws:kms in every rule."),
    QUEUE: (_queue_is_encrypted, "Set sqs_managed_sse_enabled to true, or kms_master_key_id."),
}
"""What AWS or the provider would leave unencrypted. Tables and logs are always encrypted."""

OWN_KEY: dict[str, tuple[Callable[[Props], object], str]] = {
    ENCRYPTION: (lambda p: all(str(a).startswith("aws:kms") for a in _algorithms(p)), "aws:kms"),
    QUEUE: (lambda p: p.get("kmsMasterKeyId"), "kms_master_key_id"),
    TOPIC: (lambda p: p.get("kmsMasterKeyId"), "kms_master_key_id"),
    TABLE: (lambda p: (p.get("serverSideEncryption") or {}).get("kmsKeyArn"), "kms_key_arn"),
    "aws:cloudwatch/logGroup:LogGroup": (lambda p: p.get("kmsKeyId"), "kms_key_id"),
}
"""Where a key of one's own can be given, for those who must."""


def _encrypted_at_rest(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type in ENCRYPTED:
        is_encrypted, advice = ENCRYPTED[args.resource_type]
        if not is_encrypted(args.props):
            report(f"It is stored unencrypted. {advice}", None)
    if args.get_config().get("customer_key") and args.resource_type in OWN_KEY:
        has_own_key, setting = OWN_KEY[args.resource_type]
        if not has_own_key(args.props):
            report(f"It is not encrypted with a key of your own. Set {setting}.", None)


def _encrypted_on_the_way(args: StackValidationArgs, report: ReportViolation) -> None:
    for kind, policy, key, advice in (
        (BUCKET, "aws:s3/bucketPolicy:BucketPolicy", "bucket", "s3:*"),
        (TOPIC, "aws:sns/topicPolicy:TopicPolicy", "arn", "sns:Publish"),
        (QUEUE, "aws:sqs/queuePolicy:QueuePolicy", "queueUrl", "sqs:*"),
    ):
        for owner in of_type(args.resources, kind):
            policies = list(settings_of(args.resources, policy, key, owner))
            if not any(_denies_plain_http(one) for one in policies):
                report(
                    f"{owner.name} takes plain http. Deny {advice} in its policy where "
                    "aws:SecureTransport is false.",
                    owner.urn,
                )


def _denies_plain_http(policy: PolicyResource) -> bool:
    # In the preview of a new stack the document is not known yet; `pulumi up` looks again.
    return is_unknown(policy.props, "policy") or any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and many(statement.get("Action"))
        and any(
            key == "aws:securetransport" and values == ["false"]
            for _, key, values in conditions(statement)
        )
        for statement in statements(policy.props.get("policy"))
    )


ENCRYPTED_AT_REST = ResourceValidationPolicy(
    name="encrypted-at-rest",
    description="What is stored is encrypted; with `customer_key`, by a key of your own.",
    config_schema=PolicyConfigSchema(
        properties={"customer_key": {"type": "boolean", "default": False}}
    ),
    validate=_encrypted_at_rest,
)
ENCRYPTED_ON_THE_WAY = StackValidationPolicy(
    name="encrypted-on-the-way",
    description="Buckets, topics and queues refuse plain http.",
    validate=_encrypted_on_the_way,
)
