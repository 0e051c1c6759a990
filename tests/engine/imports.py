"""What the stand-in can read of something that is in no state: for imports, and for `get`."""

from typing import Any

from local.cloud import Cloud
from local.errors import UnsupportedError
from local.resources.base import as_dict

Values = dict[str, Any]


def imported(token: str, id: str, cloud: Cloud) -> tuple[Values, Values]:
    """The inputs that would make it, and the outputs beside them."""
    if token != "aws:s3/bucket:Bucket":
        raise UnsupportedError(f"the stand-in imports buckets alone, no {token}")
    tags = as_dict(cloud.s3.get_bucket_tagging(Bucket=id)["TagSet"])
    return {"bucket": id, "forceDestroy": False, "tags": tags}, {"arn": f"arn:aws:s3:::{id}"}
