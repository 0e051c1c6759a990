"""The bucket that a program takes for one that exists, as whoever owns it would have set it up."""

from botocore.exceptions import ClientError

from .cloud import Cloud


def found_or_made(cloud: Cloud, name: str) -> dict[str, str]:
    """What the real provider tells of it. An emulator begins empty, so it is made when missing."""
    try:
        cloud.s3.head_bucket(Bucket=name)
    except ClientError:
        _make(cloud, name)
    return described(cloud, name)


def described(cloud: Cloud, name: str) -> dict[str, str]:
    """As the provider answers. Raises a `ClientError` where there is no such bucket."""
    cloud.s3.head_bucket(Bucket=name)
    location = cloud.s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    return {
        "id": name,
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketRegion": location,
        "region": cloud.region,
    }


def _make(cloud: Cloud, name: str) -> None:
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    cloud.s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
