"""Exact, checked copies of one version of an object, from one bucket into another.

The key stays. Metadata of ours name the upload, so that a try that follows a crash or a lost answer
finds the copy which an earlier one made.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .. import log
from ..model.errors import Code, Conflict, Fault, ObjectMissing
from . import backoff
from .clients import Clients
from .errors import aws_errors

ONE_CALL_BYTES = 5 * 1024**3
"""CopyObject takes up to 5 GB; larger objects are copied in parts."""
PART_BYTES = 512 * 1024**2
MOST_PARTS = 10_000
PARALLEL_PARTS = 8

UPLOAD_ID = "scalper-upload-id"
REASON_CODE = "scalper-reason-code"
RESTORED_BY = "scalper-restored-by"
_OURS = frozenset({UPLOAD_ID, REASON_CODE, RESTORED_BY})
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
    """A checked copy."""

    location: str
    """As an `s3://` address."""
    version_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """One exact version of an object; the version it has where there is no other."""

    bucket: str
    key: str
    version_id: str | None

    @property
    def version(self) -> dict[str, str]:
        return {"VersionId": self.version_id} if self.version_id else {}

    @property
    def address(self) -> dict[str, str]:
        """As S3's calls take it."""
        return {"Bucket": self.bucket, "Key": self.key, **self.version}


@dataclass(frozen=True, slots=True)
class _Order:
    """A copy that is to be made."""

    source: Place
    original: Any
    """What HeadObject answers for the source."""
    target: dict[str, str]
    told: dict[str, Any]
    """What the copy is to say of itself: headers, and metadata with ours."""
    condition: dict[str, str]

    @property
    def size_bytes(self) -> int:
        return int(self.original["ContentLength"])

    @property
    def copy_source(self) -> dict[str, Any]:
        return {"CopySource": self.source.address, "CopySourceIfMatch": self.original["ETag"]}

    @property
    def how(self) -> dict[str, Any]:
        """`told`, unless only S3 itself can pass on what the source says of itself."""
        # What carries our names already must not be taken over as it is: it could pass for a copy
        # of another upload.
        forged = not _OURS.isdisjoint(self.original.get("Metadata", {}))
        if forged or self._can_be_sent:
            return {"MetadataDirective": "REPLACE", **self.told}
        if RESTORED_BY in self.told["Metadata"]:
            raise _unrestorable("its metadata are such as only S3 itself can pass on")
        return {"MetadataDirective": "COPY"}

    @property
    def _can_be_sent(self) -> bool:
        """False where only S3 itself can pass on what an uploader said of a file.

        S3 keeps what it does not tell (`MissingMeta`, an `Expires` that is no date), and what a
        request could not carry: other than printable ASCII, or too long beside a long key.
        """
        metadata: dict[str, str] = self.told["Metadata"]
        headers = [value for value in self.told.values() if isinstance(value, str)]
        words = [*metadata, *metadata.values(), *headers]
        size = len(quote(self.source.key)) + sum(map(len, words))
        return (
            not self.original.get("MissingMeta")
            and ("ExpiresString" not in self.original or "Expires" in self.original)
            and all(word.isascii() and word.isprintable() for word in words)
            and size <= CARRIED_BYTES
        )


class Copies:
    """What quarantine and its way back have in common."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._s3 = clients.s3

    def head(self, place: Place) -> Any:
        with aws_errors("S3 HeadObject"):
            return self._s3.head_object(**place.address, ChecksumMode="ENABLED")

    def metadata(self, place: Place) -> dict[str, str]:
        """What is said of an object; no key is needed for it, as one may be for a checksum."""
        with aws_errors("S3 HeadObject"):
            found: dict[str, str] = self._s3.head_object(**place.address)["Metadata"]
        return found

    def delete(self, place: Place) -> None:
        """Delete exactly that version."""
        assert place.version_id is not None, "without it, S3 would hide the key"
        with aws_errors("S3 DeleteObject"):
            self._s3.delete_object(**place.address)

    def versions(self, bucket: str, key: str) -> Iterator[Any]:
        """The versions of exactly `key`: of all keys that begin with it, it is listed first."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=key, PaginationConfig={"PageSize": 50}
        )
        with aws_errors("S3 ListObjectVersions"):
            for page in pages:
                for version in page.get("Versions", []):
                    if version["Key"] != key:
                        return
                    yield version

    def make(
        self,
        source: Place,
        bucket: str,
        ours: dict[str, str],
        find: Callable[[], str | None],
        **condition: str,
    ) -> str:
        """Copy `source` into `bucket` with `ours` among its metadata; return the new version id.

        `find` looks for a copy of which S3's answer was lost. `condition` is on what is there now
        (IfMatch, IfNoneMatch): where it does not hold, a `Conflict` is raised.
        """
        original = self.head(source)
        told = {
            "Metadata": _metadata(original.get("Metadata", {}), ours),
            **{name: original[name] for name in _KEPT_HEADERS if name in original},
        }
        target = {"Bucket": bucket, "Key": source.key}
        order = _Order(source, original, target, told, condition)
        try:
            version_id = self._carry_out(order, find)
        except ObjectMissing as missing:
            if not condition:
                raise
            # S3 answers 404 also when there is nothing any more for IfMatch to match.
            raise Conflict(Code.AWS_ERROR, f"what was there is gone: {missing}") from missing
        self._check(original, Place(bucket, source.key, version_id))
        return version_id

    def _carry_out(self, order: _Order, find: Callable[[], str | None]) -> str:
        if order.size_bytes > ONE_CALL_BYTES:
            return self._in_parts(order, find)
        whole = {**order.target, **order.copy_source, **order.how, **order.condition}
        return _made_once(
            "S3 CopyObject",
            lambda: self._clients.s3_for_copies.copy_object(**whole, TaggingDirective="COPY"),
            find,
        )

    def _check(self, original: Any, made: Place) -> None:
        """Compare size and, where both have one, the checksum of the whole object.

        ETags are no checksums of the content and may differ between equal objects.
        """
        try:
            copy = self.head(made)
        except ObjectMissing as missing:
            raise Fault(Code.AWS_ERROR, f"the copy in {made.bucket} has vanished") from missing
        differing = [
            f"{name} {original.get(name)} became {copy.get(name)}"
            for name in ("ContentLength", *_shared_checksums(original, copy))
            if original.get(name) != copy.get(name)
        ]
        if differing:
            self.delete(made)
            raise Fault(
                Code.CANNOT_BE_MOVED,
                f"the copy in {made.bucket} differs from the file: {', '.join(differing)}",
                lasting=True,
            )

    def _in_parts(self, order: _Order, find: Callable[[], str | None]) -> str:
        """With metadata and tags. S3 copies annotations with CopyObject alone, so they are lost."""
        log.note(
            f"copied in parts, without the annotations that it may have: {order.source.key!r}, "
            f"version {order.source.version_id}"
        )
        with aws_errors("S3 GetObjectTagging"):
            tags = self._s3.get_object_tagging(**order.source.address)["TagSet"]
        tagging = urlencode({tag["Key"]: tag["Value"] for tag in tags}, quote_via=quote)
        with aws_errors("S3 CreateMultipartUpload"):
            multipart = self._s3.create_multipart_upload(
                **order.target, **order.told, Tagging=tagging
            )
        target = {**order.target, "UploadId": multipart["UploadId"]}
        size = order.size_bytes
        step = max(PART_BYTES, -(-size // MOST_PARTS))
        starts = range(0, size, step)

        def copy_part(number: int, start: int) -> dict[str, Any]:
            end = min(start + step, size) - 1
            with aws_errors("S3 UploadPartCopy"):
                answer = self._s3.upload_part_copy(
                    **target,
                    **order.copy_source,
                    PartNumber=number,
                    CopySourceRange=f"bytes={start}-{end}",
                )
            return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

        pool = ThreadPoolExecutor(PARALLEL_PARTS)
        try:
            parts = list(pool.map(copy_part, range(1, len(starts) + 1), starts))
            return _made_once(
                "S3 CompleteMultipartUpload",
                lambda: self._clients.s3_for_copies.complete_multipart_upload(
                    **target, **order.condition, MultipartUpload={"Parts": parts}
                ),
                find,
            )
        except BaseException:
            # Parts of an abandoned upload are billed; the lifecycle rule catches what we cannot.
            pool.shutdown(wait=False, cancel_futures=True)
            with aws_errors("S3 AbortMultipartUpload"):
                self._s3.abort_multipart_upload(**target)
            raise
        finally:
            pool.shutdown(wait=False)


def _made_once(call: str, make: Callable[[], Any], find: Callable[[], str | None]) -> str:
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
        if made := find():
            return made
    raise failed


def _metadata(own: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """The file's own metadata, with ours where S3's limit leaves room for them."""
    # A file may bring our names along; then it must not pass for another's copy.
    theirs = {name: value for name, value in own.items() if name not in _OURS}
    both = theirs | ours
    size = sum(len(name.encode()) + len(value.encode()) for name, value in both.items())
    if size <= METADATA_BYTES:
        return both
    if RESTORED_BY in ours:
        raise _unrestorable(
            f"its metadata have no room for ours ({size} of {METADATA_BYTES} bytes)"
        )
    return theirs


def _unrestorable(why: str) -> Fault:
    """A file that does not say it was restored would pass for a new upload."""
    reason = f"it cannot come back from quarantine by itself: {why}; download it, and upload it"
    return Fault(Code.CANNOT_BE_MOVED, reason, lasting=True)


def _shared_checksums(original: Any, copy: Any) -> list[str]:
    """Checksums of parts depend on how the parts were cut; only those of whole objects compare."""
    if not original.get("ChecksumType") == copy.get("ChecksumType") == "FULL_OBJECT":
        return []
    return [name for name in original if name.startswith("Checksum") and name in copy]
