"""The input and the quarantine bucket: private, encrypted, versioned, and kept for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws import s3

from silent_scalper_arguments.settings import Settings

from .iam import Statement, deny_plain_http, objects_of, render
from .scope import Scope
from .uploaders import also, let_in

ABANDONED_UPLOAD_DAYS = 7
"""Parts of an unfinished multipart upload are billed and seen in no listing."""

BLOCKED = ["SSE-C"]
"""What S3 itself sets on every bucket made since April 2026: no keys that only the uploader has.

Written out, since a provider before terraform-provider-aws 6.40.0 takes a missing list for an empty
one and would change it at every `up`
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html).
"""

SET_BY_OTHERS = ("lifecycle_rules", "policy", "server_side_encryption_configuration", "versioning")
"""Deprecated inputs of a bucket, each of which a resource of its own sets here.

A refresh may write what it finds into the bucket's state, and the next `up` would then take it away
again from S3 (https://github.com/pulumi/pulumi-aws/issues/6244).
"""


_KEY_OF_UPLOAD = "s3:x-amz-server-side-encryption-aws-kms-key-id"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and what must be in place before the first file arrives in it."""

    name: Output[str]
    arn: Output[str]
    files: Output[str]
    """The ARN, as a pattern, of the objects in it that the pipeline may touch."""
    settled: Sequence[pulumi.Resource]

    @classmethod
    def of(cls, bucket: s3.Bucket, settled: Sequence[pulumi.Resource]) -> "Bucket":
        """One that belongs to the pipeline, with all that is in it."""
        return cls(bucket.bucket, bucket.arn, objects_of(bucket.arn), settled)


def input_bucket(scope: Scope, settings: Settings) -> Bucket:
    """Where files arrive. Nothing in it expires unless it is asked for."""
    bucket = _bucket(scope, "input", settings.protect_data)
    policy: list[Statement | Output[dict[str, Any]]] = [
        _deny_plain_http(bucket),
        *_deny_what_cannot_be_moved(bucket),
        *_deny_other_keys(bucket, settings.kms_key_arn),
        *let_in(bucket, settings.senders),
        *also(bucket, settings.bucket_policy_statements),
    ]
    return Bucket.of(
        bucket,
        _secured(
            scope,
            "input",
            bucket,
            policy=policy,
            retention_days=settings.input_retention_days,
            kms_key_arn=settings.kms_key_arn,
        ),
    )


def quarantine_bucket(scope: Scope, settings: Settings) -> Bucket:
    """Where the exact copies of rejected files wait for a person."""
    bucket = _bucket(scope, "quarantine", settings.protect_data)
    return Bucket.of(
        bucket,
        _secured(
            scope,
            "quarantine",
            bucket,
            policy=[_deny_plain_http(bucket)],
            retention_days=settings.quarantine_retention_days,
            kms_key_arn=settings.kms_key_arn,
        ),
    )


def _bucket(scope: Scope, purpose: str, protect_data: bool) -> s3.Bucket:
    return s3.Bucket(
        scope.child(purpose),
        force_destroy=not protect_data,
        tags=scope.tags,
        opts=scope.options(protect=protect_data, ignore_changes=SET_BY_OTHERS),
    )


def _secured(
    scope: Scope,
    purpose: str,
    bucket: s3.Bucket,
    *,
    policy: Sequence[Statement | Output[dict[str, Any]]],
    retention_days: int | None,
    kms_key_arn: Input[str] | None,
) -> list[pulumi.Resource]:
    def child(setting: str) -> str:
        return scope.child(f"{purpose}-{setting}")

    private = s3.BucketPublicAccessBlock(
        child("public-access"),
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=scope.options(),
    )
    owned = s3.BucketOwnershipControls(
        child("ownership"),
        bucket=bucket.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=scope.options(),
    )
    encrypted = s3.BucketServerSideEncryptionConfiguration(
        child("encryption"),
        bucket=bucket.bucket,
        rules=[_encryption(kms_key_arn)],
        opts=scope.options(),
    )
    versioned = s3.BucketVersioning(
        child("versioning"),
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=scope.options(),
    )
    expiring = s3.BucketLifecycleConfiguration(
        child("lifecycle"),
        bucket=bucket.bucket,
        rules=_lifecycle(retention_days),
        opts=scope.options(depends_on=[versioned]),
    )
    guarded = s3.BucketPolicy(
        child("policy"),
        bucket=bucket.bucket,
        policy=render(policy),
        # S3 refuses a policy put at the same moment as a public access block.
        opts=scope.options(depends_on=[private]),
    )
    return [private, owned, encrypted, versioned, expiring, guarded]


def _encryption(
    kms_key_arn: Input[str] | None,
) -> s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
            "bucket_key_enabled": False,
            "blocked_encryption_types": BLOCKED,
        }
    return {
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": kms_key_arn,
        },
        # One call to KMS for many files instead of one for each: ten thousand would be throttled.
        "bucket_key_enabled": True,
        "blocked_encryption_types": BLOCKED,
    }


def _lifecycle(
    retention_days: int | None,
) -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    rules: list[s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abandoned-uploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
        }
    ]
    if retention_days is not None:
        rules.append(
            {
                "id": "retention",
                "status": "Enabled",
                "filter": {},
                "expiration": {"days": retention_days},
                # Counted from when a version stops being the newest: an overwritten file is kept
                # as long as any other, and an expired one for as long again.
                "noncurrent_version_expiration": {"noncurrent_days": retention_days},
            }
        )
    return rules


def _deny_plain_http(bucket: s3.Bucket) -> Statement:
    return deny_plain_http("s3", bucket.arn, objects_of(bucket.arn))


def _deny_what_cannot_be_moved(bucket: s3.Bucket) -> list[Statement]:
    """Refused at the door: an uploader can act on that, we could never copy the file later."""
    return [
        {
            "Sid": "DenyCustomerProvidedKeys",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject"],
            "Resource": [objects_of(bucket.arn)],
            "Condition": {
                "Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"},
            },
        },
        {
            "Sid": "DenyArchiveClasses",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject"],
            "Resource": [objects_of(bucket.arn)],
            "Condition": {
                "StringEquals": {"s3:x-amz-storage-class": ["GLACIER", "DEEP_ARCHIVE"]},
            },
        },
    ]


def _deny_other_keys(bucket: s3.Bucket, kms_key_arn: Input[str] | None) -> list[Statement]:
    """A file under a key that the functions may not use could neither be read nor moved.

    Without a key of the pipeline's, no upload may name one: `aws:kms` alone takes AWS's own key
    for S3, which everybody may use who may use the file.
    """
    # Who names no key gets the bucket's; a negated condition alone would refuse them.
    condition: dict[str, dict[str, Any]] = {"Null": {_KEY_OF_UPLOAD: "false"}}
    if kms_key_arn is not None:
        condition["StringNotEquals"] = {_KEY_OF_UPLOAD: kms_key_arn}
    return [
        {
            "Sid": "DenyOtherKeys",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:PutObject"],
            "Resource": [objects_of(bucket.arn)],
            "Condition": condition,
        }
    ]
