"""The quarantine bucket: a version-exact, checked copy of what is set aside.

The copy has the same key. Its metadata say why it is here and which upload it is, so that a
repeated try finds the copy which an earlier one made before it died.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from . import backoff
from .aws import Clients
from .errors import Code, Fault, ObjectMissing, aws_errors
from .event import Upload
from .settings import Settings

ONE_CALL_BYTES = 5 * 1024**3
"""CopyObject takes up to 5 GB; larger objects are copied in parts."""
PART_BYTES = 512 * 1024**2
MOST_PARTS = 10_000
PARALLEL_PARTS = 8

UPLOAD_ID = "scalper-upload-id"
REASON_CODE = "scalper-reason-code"
_OURS = frozenset({UPLOAD_ID, REASON_CODE})
METADATA_BYTES = 2 * 1024
"""S3's limit for all user-defined metadata of an object, names and values together."""
CARRIED_BYTES = 4 * 1024
"""Of the 8 KB that S3 takes for a request's headers; credentials and a signature are there too."""

_KEPT_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A checked copy in the quarantine bucket."""

    location: str
    """As an `s3://` address."""
    version_id: str


class Quarantine:
    """Copies into the quarantine bucket, and removes from the input bucket, one exact version."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self._clients = clients
        self._s3 = clients.s3
        self._input = settings.input_bucket
        self._bucket = settings.quarantine_bucket

    def copy_of(self, upload: Upload, reason_code: str) -> Copy:
        """Find the copy of `upload` or make one.

        Raises `ObjectMissing` when the upload is no longer there, and a `Fault` (CANNOT_BE_MOVED,
        lasting) when S3 refuses it for good.
        """
        if upload.version_id is None:
            raise Fault(
                Code.CANNOT_BE_MOVED,
                "the event names no version: versioning of the input bucket is off, so moving the "
                "file could delete a newer one; switch versioning on again",
                lasting=True,
            )
        try:
            version_id = self._find(upload) or self._make(upload, reason_code)
        except Fault as fault:
            if not fault.lasting:
                raise
            raise Fault(Code.CANNOT_BE_MOVED, fault.reason, lasting=True) from fault
        return Copy(f"s3://{self._bucket}/{upload.key}", version_id)

    def has(self, upload: Upload, version_id: str) -> bool:
        """True when that version of the quarantine bucket is a whole copy of `upload`."""
        try:
            return int(self._head(self._bucket, upload.key, version_id)["ContentLength"]) == (
                upload.size_bytes
            )
        except ObjectMissing:
            return False

    def remove(self, upload: Upload, version_id: str) -> None:
        """Remove a copy that no record names."""
        self._delete(self._bucket, upload.key, version_id)

    def delete_input(self, upload: Upload) -> None:
        """Delete exactly this upload from the input bucket; a newer one of its key stays."""
        assert upload.version_id is not None, "checked before anything was copied"
        self._delete(self._input, upload.key, upload.version_id)

    def is_in_input(self, upload: Upload) -> bool:
        """False only when S3 says that it is gone; a refusal or an outage says nothing of that."""
        try:
            self._head(self._input, upload.key, upload.version_id)
        except ObjectMissing:
            return False
        except Fault:
            return True
        return True

    def _find(self, upload: Upload) -> str | None:
        """The version id of the oldest copy that a try before this one made."""
        found = None
        for version in self._versions(upload.key):
            # Newest first: what is older than the upload cannot be its copy. S3's clocks agree
            # to the second only.
            if (upload.uploaded_at - version["LastModified"]).total_seconds() > 60:
                break
            if version["Size"] != upload.size_bytes:
                continue
            version_id: str = version["VersionId"]
            try:
                metadata = self._head(self._bucket, upload.key, version_id)["Metadata"]
            except ObjectMissing:
                continue
            if metadata.get(UPLOAD_ID) == upload.upload_id:
                found = version_id
        return found

    def _versions(self, key: str) -> Iterator[Any]:
        """The versions of exactly `key`: of all keys that begin with it, it is listed first."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=key, PaginationConfig={"PageSize": 50}
        )
        with aws_errors("S3 ListObjectVersions"):
            for page in pages:
                for version in page.get("Versions", []):
                    if version["Key"] != key:
                        return
                    yield version

    def _make(self, upload: Upload, reason_code: str) -> str:
        source = self._head(self._input, upload.key, upload.version_id)
        target = {"Bucket": self._bucket, "Key": upload.key}
        told = {
            "Metadata": _metadata(source.get("Metadata", {}), upload, reason_code),
            **{name: source[name] for name in _KEPT_HEADERS if name in source},
        }
        copy_source = {
            "CopySource": {
                "Bucket": self._input,
                "Key": upload.key,
                "VersionId": upload.version_id,
            },
            "CopySourceIfMatch": source["ETag"],
        }
        if source["ContentLength"] > ONE_CALL_BYTES:
            version_id = self._copy_in_parts(
                upload, {**target, **told}, copy_source, source["ContentLength"]
            )
        else:
            # What carries our names already must not be taken over as it is: it could pass for a
            # copy of another upload.
            forged = not _OURS.isdisjoint(source.get("Metadata", {}))
            how = (
                {"MetadataDirective": "REPLACE", **told}
                if forged or _can_be_sent(source, told, upload)
                else {"MetadataDirective": "COPY"}
            )
            whole = {**target, **copy_source, **how, "TaggingDirective": "COPY"}
            version_id = self._made_once(
                upload,
                "S3 CopyObject",
                lambda: self._clients.s3_for_copies.copy_object(**whole),
            )
        self._check(upload, source, version_id)
        return version_id

    def _made_once(self, upload: Upload, call: str, make: Callable[[], Any]) -> str:
        """The version id of the copy that `make` makes, also when S3's answer to it is lost.

        To repeat the call without a look could leave a second copy that no record names.
        """
        for tries in range(1, backoff.TRIES + 1):
            try:
                with aws_errors(call):
                    return str(make()["VersionId"])
            except Fault as fault:
                if fault.lasting:
                    raise
                failed = fault
            if tries < backoff.TRIES:
                backoff.pause(tries)
            if made := self._find(upload):
                return made
        raise failed

    def _check(self, upload: Upload, source: Any, version_id: str) -> None:
        """Compare size and, where both have one, the checksum of the whole object.

        ETags are no checksums of the content and may differ between equal objects.
        """
        try:
            copy = self._head(self._bucket, upload.key, version_id)
        except ObjectMissing as missing:
            raise Fault(Code.AWS_ERROR, "the copy in quarantine has vanished") from missing
        differing = [
            f"{name} {source.get(name)} became {copy.get(name)}"
            for name in ("ContentLength", *_shared_checksums(source, copy))
            if source.get(name) != copy.get(name)
        ]
        if differing:
            self.remove(upload, version_id)
            raise Fault(
                Code.CANNOT_BE_MOVED,
                f"the copy in quarantine differs from the file: {', '.join(differing)}",
                lasting=True,
            )

    def _copy_in_parts(
        self, upload: Upload, request: dict[str, Any], copy_source: dict[str, Any], size: int
    ) -> str:
        with aws_errors("S3 GetObjectTagging"):
            tags = self._s3.get_object_tagging(
                Bucket=self._input, Key=upload.key, VersionId=upload.version_id
            )["TagSet"]
        tagging = urlencode({tag["Key"]: tag["Value"] for tag in tags}, quote_via=quote)
        with aws_errors("S3 CreateMultipartUpload"):
            multipart = self._s3.create_multipart_upload(**request, Tagging=tagging)
        target = {"Bucket": self._bucket, "Key": upload.key, "UploadId": multipart["UploadId"]}
        step = max(PART_BYTES, -(-size // MOST_PARTS))
        starts = range(0, size, step)

        def copy_part(number: int, start: int) -> dict[str, Any]:
            end = min(start + step, size) - 1
            with aws_errors("S3 UploadPartCopy"):
                answer = self._s3.upload_part_copy(
                    **target,
                    **copy_source,
                    PartNumber=number,
                    CopySourceRange=f"bytes={start}-{end}",
                )
            return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

        pool = ThreadPoolExecutor(PARALLEL_PARTS)
        try:
            parts = list(pool.map(copy_part, range(1, len(starts) + 1), starts))
            return self._made_once(
                upload,
                "S3 CompleteMultipartUpload",
                lambda: self._clients.s3_for_copies.complete_multipart_upload(
                    **target, MultipartUpload={"Parts": parts}
                ),
            )
        except BaseException:
            # Parts of an abandoned upload are billed; the lifecycle rule catches what we cannot.
            pool.shutdown(wait=False, cancel_futures=True)
            with aws_errors("S3 AbortMultipartUpload"):
                self._s3.abort_multipart_upload(**target)
            raise
        finally:
            pool.shutdown(wait=False)

    def _head(self, bucket: str, key: str, version_id: str | None) -> Any:
        version = {"VersionId": version_id} if version_id else {}
        with aws_errors("S3 HeadObject"):
            return self._s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **version)

    def _delete(self, bucket: str, key: str, version_id: str) -> None:
        with aws_errors("S3 DeleteObject"):
            self._s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)


def _metadata(own: dict[str, str], upload: Upload, reason_code: str) -> dict[str, str]:
    """The file's own metadata, with ours where S3's limit leaves room for them."""
    ours = {UPLOAD_ID: upload.upload_id, REASON_CODE: reason_code}
    # An uploader may have given the file our names; then it must not pass for another's copy.
    theirs = {name: value for name, value in own.items() if name not in ours}
    both = theirs | ours
    size = sum(len(name.encode()) + len(value.encode()) for name, value in both.items())
    return both if size <= METADATA_BYTES else theirs


def _can_be_sent(source: Any, told: dict[str, Any], upload: Upload) -> bool:
    """False where only S3 itself can pass on what an uploader said of a file.

    S3 keeps what it does not tell (`MissingMeta`, an `Expires` that is no date), and what a request
    could not carry: other than printable ASCII, or too long beside a long key.
    """
    metadata: dict[str, str] = told["Metadata"]
    headers = [value for value in told.values() if isinstance(value, str)]
    words = [*metadata, *metadata.values(), *headers]
    size = len(quote(upload.key)) + sum(map(len, words))
    return (
        not source.get("MissingMeta")
        and ("ExpiresString" not in source or "Expires" in source)
        and all(word.isascii() and word.isprintable() for word in words)
        and size <= CARRIED_BYTES
    )


def _shared_checksums(source: Any, copy: Any) -> list[str]:
    """Checksums of parts depend on how the parts were cut; only those of whole objects compare."""
    if not source.get("ChecksumType") == copy.get("ChecksumType") == "FULL_OBJECT":
        return []
    return [name for name in source if name.startswith("Checksum") and name in copy]
