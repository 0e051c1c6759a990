"""The way back from quarantine: a file that a retry accepted returns to the input bucket.

It returns as a new version under its key, which says that it was restored, and never on top of a
newer upload of that key.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from .copies import RESTORED_BY, UPLOAD_ID, Copies, Copy, Place
from .errors import Code, Conflict, Fault, ObjectMissing
from .event import Upload
from .retries import Claims
from .settings import Settings

LOOKS = 5
"""How often it is looked again when somebody uploads under the key at the same moment."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a key in the input bucket."""

    version_id: str
    etag: str
    modified: datetime
    """When its upload began, which is how S3 itself orders versions; to the second."""
    is_latest: bool
    metadata: dict[str, str]


class Restorer:
    """Copies from quarantine into the input bucket, and knows such copies again."""

    def __init__(self, copies: Copies, claims: Claims, settings: Settings) -> None:
        self._copies = copies
        self._claims = claims
        self._input = settings.input_bucket
        self._quarantine = settings.quarantine_bucket

    def restore(self, upload: Upload, version_id: str, owner: str) -> Copy | None:
        """Bring that version of the quarantine bucket back; None where a newer upload is there.

        A repeated try of the same `owner` finds what an earlier one restored. Raises
        `ObjectMissing` when the copy in quarantine is gone.
        """
        for _ in range(LOOKS):
            versions = list(self._versions_since(upload))
            if made := _restored_by(owner, upload, versions):
                below = versions[versions.index(made) + 1 :]
                if not any(self._is_newer(version, upload) for version in below):
                    return Copy(f"s3://{self._input}/{upload.key}", made.version_id)
                # The condition is on an ETag, and the newer upload has that of an older one.
                self._copies.delete(self._place(upload, made))
                return None
            latest = next((version for version in versions if version.is_latest), None)
            if latest is not None and self._is_newer(latest, upload):
                return None
            try:
                self._make(upload, version_id, owner, latest)
            except Conflict:
                continue
        raise Fault(Code.AWS_ERROR, "the key was written to again and again while it was restored")

    def remove(self, upload: Upload, owner: str, keep: str | None = None) -> None:
        """Remove what tries of `owner` restored in vain."""
        for version in self._versions_since(upload):
            mine = _restored_by(owner, upload, [version])
            if mine is not None and mine.version_id != keep:
                self._copies.delete(self._place(upload, mine))

    def made(self, upload: Upload) -> bool:
        """True when an event tells of an object that a retry restored, not of an upload.

        A user may copy a file with its metadata: then it is an upload like any other.
        """
        if upload.version_id is None:
            return False
        place = Place(self._input, upload.key, upload.version_id)
        try:
            metadata = self._copies.metadata(place)
        except ObjectMissing:
            return False
        return self._is_of_a_retry(upload.key, upload.version_id, metadata)

    def _make(self, upload: Upload, version_id: str, owner: str, latest: Version | None) -> None:
        condition = {"IfMatch": latest.etag} if latest else {"IfNoneMatch": "*"}

        def find() -> str | None:
            found = _restored_by(owner, upload, self._versions_since(upload))
            return found.version_id if found else None

        self._copies.make(
            Place(self._quarantine, upload.key, version_id),
            self._input,
            {UPLOAD_ID: upload.upload_id, RESTORED_BY: owner},
            find,
            **condition,
        )

    def _versions_since(self, upload: Upload) -> Iterator[Version]:
        """Newest first: those since the upload, and the latest whenever it was made."""
        for listed in self._copies.versions(self._input, upload.key):
            is_since = listed["LastModified"] >= upload.uploaded_at.replace(microsecond=0)
            if not (is_since or listed["IsLatest"]):
                return
            place = Place(self._input, upload.key, listed["VersionId"])
            try:
                metadata = self._copies.metadata(place) if is_since else {}
            except ObjectMissing:
                continue
            yield Version(
                listed["VersionId"],
                listed["ETag"],
                listed["LastModified"],
                listed["IsLatest"],
                metadata,
            )

    def _is_newer(self, version: Version, upload: Upload) -> bool:
        """Than `upload`; what cannot be told apart to the second counts as newer."""
        restored = version.metadata.get(UPLOAD_ID, "")
        if version.version_id == upload.version_id or (
            restored == upload.upload_id and RESTORED_BY in version.metadata
        ):
            return False
        if self._is_of_a_retry(upload.key, version.version_id, version.metadata):
            return restored > upload.upload_id
        return version.modified >= upload.uploaded_at.replace(microsecond=0)

    def _is_of_a_retry(self, key: str, version_id: str, metadata: dict[str, str]) -> bool:
        upload_id, owner = metadata.get(UPLOAD_ID), metadata.get(RESTORED_BY)
        if not upload_id or not owner:
            return False
        return self._claims.has_restored(key, upload_id, owner, version_id)

    def _place(self, upload: Upload, version: Version) -> Place:
        return Place(self._input, upload.key, version.version_id)


def _restored_by(owner: str, upload: Upload, versions: Iterable[Version]) -> Version | None:
    """What `owner` restored of `upload` among `versions`: the oldest, so that all find the same."""
    found = None
    for version in versions:
        metadata = version.metadata
        if metadata.get(UPLOAD_ID) == upload.upload_id and metadata.get(RESTORED_BY) == owner:
            found = version
    return found
