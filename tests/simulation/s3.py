"""S3's calls on two or more versioned buckets, as the role of this pipeline meets them."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

from .buckets import Bucket, Lock, Version
from .refusals import refusal

Request = dict[str, Any]
Answer = dict[str, Any]

HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)


class S3:
    """Each method is one call of botocore's client: its request in, its answer out."""

    def __init__(self, now: Callable[[], datetime], *names: str) -> None:
        self.buckets = {name: Bucket(name, now) for name in names}
        self._now = now
        self._uploads: dict[str, tuple[Request, datetime, dict[int, bytes]]] = {}
        self._numbers = count(1)

    def put_object(self, request: Request) -> Answer:
        version = self._bucket(request).put(
            request["Key"], request["Body"], **_details(request, _tags(request))
        )
        return {"VersionId": version.version_id, "ETag": version.etag}

    def head_object(self, request: Request) -> Answer:
        version = self._read("head_object", request)
        if version.lock is Lock.REFUSED_KEY:
            raise refusal("head_object", "AccessDenied", 403)
        return _described(version, checksum=request.get("ChecksumMode") == "ENABLED")

    def get_object(self, request: Request) -> Answer:
        version = self._unlocked("get_object", self._read("get_object", request))
        return {**_described(version, checksum=False), "Body": io.BytesIO(version.body or b"")}

    def get_object_tagging(self, request: Request) -> Answer:
        version = self._read("get_object_tagging", request)
        tags = [{"Key": name, "Value": value} for name, value in version.tags.items()]
        return {"VersionId": version.version_id, "TagSet": tags}

    def copy_object(self, request: Request) -> Answer:
        source = self._source("copy_object", request)
        replaced = request.get("MetadataDirective") == "REPLACE"
        own = {"metadata": source.metadata, "headers": source.headers}
        details = _details(request, {}) if replaced else own
        details["tags"] = (
            _tags(request) if request.get("TaggingDirective") == "REPLACE" else dict(source.tags)
        )
        self._check_destination("copy_object", request)
        copy = self._bucket(request).put(request["Key"], source.body, **details)
        return {
            "VersionId": copy.version_id,
            "CopySourceVersionId": source.version_id,
            "CopyObjectResult": {"ETag": copy.etag, "LastModified": copy.last_modified},
        }

    def delete_object(self, request: Request) -> Answer:
        bucket, key = self._bucket(request), request["Key"]
        version_id = request.get("VersionId")
        if version_id is None:
            return {"DeleteMarker": True, "VersionId": bucket.put(key, None).version_id}
        if bucket.keeps:
            bucket.refused.add(version_id)
            raise refusal("delete_object", "AccessDenied", 403)
        # Deleting what is not there is no error.
        if version := bucket.find(key, version_id):
            bucket.remove(version)
        return {"VersionId": version_id}

    def list_object_versions(self, request: Request) -> Answer:
        bucket = self._bucket(request)
        listed: Iterator[Version] = bucket.newest_first(request.get("Prefix", ""))
        rest = list(listed)
        if "KeyMarker" in request:
            marker = (request["KeyMarker"], request["VersionIdMarker"])
            passed = next(
                (at for at, v in enumerate(rest) if (v.key, v.version_id) == marker), len(rest)
            )
            rest = rest[passed + 1 :]
        page = rest[: request.get("MaxKeys", 1000)]
        answer: Answer = {
            "IsTruncated": len(page) < len(rest),
            "Versions": [_listed(bucket, v) for v in page if v.body is not None],
            "DeleteMarkers": [_listed(bucket, v) for v in page if v.body is None],
        }
        if answer["IsTruncated"]:
            answer["NextKeyMarker"] = page[-1].key
            answer["NextVersionIdMarker"] = page[-1].version_id
        return {name: value for name, value in answer.items() if value != []}

    def create_multipart_upload(self, request: Request) -> Answer:
        upload_id = f"parts-{next(self._numbers)}"
        self._uploads[upload_id] = (request, self._now(), {})
        return {"UploadId": upload_id}

    def upload_part_copy(self, request: Request) -> Answer:
        *_, parts = self._upload("upload_part_copy", request)
        source = self._source("upload_part_copy", request)
        first, last = map(int, request["CopySourceRange"].removeprefix("bytes=").split("-"))
        if last >= len(source.body or b""):
            raise refusal("upload_part_copy", "InvalidArgument", 400, "The range is not valid")
        parts[request["PartNumber"]] = (source.body or b"")[first : last + 1]
        return {"CopyPartResult": {"ETag": f'"part-{request["PartNumber"]}"'}}

    def complete_multipart_upload(self, request: Request) -> Answer:
        created, began, parts = self._upload("complete_multipart_upload", request)
        named = [part["PartNumber"] for part in request["MultipartUpload"]["Parts"]]
        if named != sorted(parts):
            raise refusal("complete_multipart_upload", "InvalidPart", 400)
        self._check_destination("complete_multipart_upload", request)
        del self._uploads[request["UploadId"]]
        body = b"".join(parts[number] for number in named)
        details = _details(created, _tags(created))
        version = self._bucket(created).put(
            created["Key"], body, began, **details, parts=len(named)
        )
        return {"VersionId": version.version_id, "ETag": version.etag}

    def abort_multipart_upload(self, request: Request) -> Answer:
        self._upload("abort_multipart_upload", request)
        del self._uploads[request["UploadId"]]
        return {}

    def _bucket(self, request: Request) -> Bucket:
        return self.buckets[request["Bucket"]]

    def _check_destination(self, operation: str, request: Request) -> None:
        """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
        current = self._bucket(request).current(request["Key"])
        etag = current.etag if current and current.body is not None else None
        if request.get("IfNoneMatch") == "*" and etag:
            raise refusal(operation, "PreconditionFailed", 412)
        if "IfMatch" in request:
            if etag is None:
                raise refusal(operation, "NoSuchKey", 404)
            if request["IfMatch"] != etag:
                raise refusal(operation, "PreconditionFailed", 412)

    def _upload(
        self, operation: str, request: Request
    ) -> tuple[Request, datetime, dict[int, bytes]]:
        try:
            return self._uploads[request["UploadId"]]
        except KeyError:
            raise refusal(operation, "NoSuchUpload", 404) from None

    def _read(self, operation: str, request: Request) -> Version:
        bucket, key = self._bucket(request), request["Key"]
        version_id = request.get("VersionId")
        version = bucket.find(key, version_id) if version_id else bucket.current(key)
        if version is None:
            raise refusal(operation, "NoSuchVersion" if version_id else "NoSuchKey", 404)
        if version.body is None:
            if version_id:
                raise refusal(operation, "MethodNotAllowed", 405)
            raise refusal(operation, "NoSuchKey", 404)
        return version

    def _source(self, operation: str, request: Request) -> Version:
        version = self._unlocked(operation, self._read(operation, request["CopySource"]))
        if request.get("CopySourceIfMatch", version.etag) != version.etag:
            raise refusal(operation, "PreconditionFailed", 412)
        return version

    @staticmethod
    def _unlocked(operation: str, version: Version) -> Version:
        if version.lock is Lock.ARCHIVED:
            raise refusal(operation, "InvalidObjectState", 403, "The object is archived")
        if version.lock is Lock.REFUSED_KEY:
            raise refusal(operation, "AccessDenied", 403)
        return version


def _details(request: Request, tags: dict[str, str]) -> dict[str, Any]:
    headers = {name: request[name] for name in HEADERS if name in request}
    metadata = {name.lower(): str(value) for name, value in request.get("Metadata", {}).items()}
    return {"metadata": metadata, "headers": headers, "tags": tags}


def _tags(request: Request) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in request.get("Tagging", "").split("&") if pair]
    return {name: value for name, _, value in pairs}


def _described(version: Version, *, checksum: bool) -> Answer:
    answer: Answer = {
        "ContentLength": len(version.body or b""),
        "ETag": version.etag,
        "VersionId": version.version_id,
        "LastModified": version.last_modified.replace(microsecond=0),
        "Metadata": dict(version.metadata),
        "ContentType": "binary/octet-stream",
        **version.headers,
    }
    if checksum:
        answer |= {"ChecksumCRC32": version.checksum, "ChecksumType": "FULL_OBJECT"}
    return answer


def _listed(bucket: Bucket, version: Version) -> Answer:
    listed: Answer = {
        "Key": version.key,
        "VersionId": version.version_id,
        "LastModified": version.last_modified.replace(microsecond=0),
        "IsLatest": version is bucket.current(version.key),
    }
    if version.body is not None:
        listed |= {"Size": len(version.body), "ETag": version.etag}
    return listed
