"""The FileMetadata table: one item an upload, and an index of those that need somebody."""

from pulumi_aws import dynamodb

from silent_scalper_arguments.settings import Settings

from .scope import Scope

NEEDS_ATTENTION = "needs_attention"

LISTED = [
    "status", "reason_code", "file_name", "size_bytes", "bucket", "version_id",
    "location", "location_version_id", "retry_at", "claimed_at", "sender",
]  # fmt: skip
"""What a list of the files that need somebody shows, without reading the items themselves."""


def metadata_table(scope: Scope, settings: Settings) -> dynamodb.Table:
    """On-demand, so that it costs nothing while nothing arrives and takes a storm when one does."""
    return dynamodb.Table(
        scope.child("FileMetadata"),
        billing_mode="PAY_PER_REQUEST",
        hash_key="object_key",
        range_key="upload_id",
        attributes=[
            {"name": name, "type": "S"}
            for name in ("object_key", "upload_id", "attention_shard", "attention_at")
        ],
        global_secondary_indexes=[
            {
                # Sparse and sharded: only items that carry the shard are in it, and a storm of
                # them is spread over many partitions. A hot index would throttle its table.
                "name": NEEDS_ATTENTION,
                "key_schemas": [
                    {"attribute_name": "attention_shard", "key_type": "HASH"},
                    {"attribute_name": "attention_at", "key_type": "RANGE"},
                ],
                "projection_type": "INCLUDE",
                "non_key_attributes": LISTED,
            }
        ],
        # Always on: the counters of the e-mail budget expire even where records do not.
        ttl={"attribute_name": "expires_at", "enabled": True},
        point_in_time_recovery={"enabled": settings.point_in_time_recovery},
        server_side_encryption=(
            {"enabled": True, "kms_key_arn": settings.kms_key_arn} if settings.kms_key_arn else None
        ),
        deletion_protection_enabled=settings.protect_data,
        tags=scope.tags,
        opts=scope.options(protect=settings.protect_data),
    )
