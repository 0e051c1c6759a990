"""The way back from quarantine: a file that a retry accepted returns to the input bucket.

It returns as a new version under its key, which says that it was restored, and never on top of a
newer upload of that key.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..model.errors import Code, Conflict, Fault, ObjectMissing
from ..model.event import Upload
from ..model.settings import Settings
from .claims import Claims
from .copies import RESTORED_BY, UPLOAD_ID, Copies, Place

LOOKS = 5
"""How often it is looked again when somebody uploads under the key at the same moment."""
CLOCK = timedelta(seconds=60)
"""How far the clocks of Lambda and S3 may be apart, and S3's whole seconds."""


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

    def restore(
        self, upload: Upload, version_id: str, owner: str, claimed_at: datetime
    ) -> Version | None:
        """Bring that version of the quarantine bucket back; None where a newer upload is there.

        A repeated try of the same `owner` finds what an earlier one restored. Raises
        `ObjectMissing` when the copy in quarantine is gone.
        """
        for _ in range(LOOKS):
            versions = list(self._versions_since(claimed_at, upload))
            if made := _restored_by(owner, upload, versions):
                below = versions[versions.index(made) + 1 :]
                if not any(self._is_newer(version, upload, owner) for version in below):
                    return made
                # The condition is on an ETag, and the newer upload has that of an older one.
                self._copies.delete(self._place(upload, made))
                return None
            latest = next((version for version in versions if version.is_latest), None)
            if latest is not None and self._is_newer(latest, upload, owner):
                return None

            def find() -> str | None:
                found = _restored_by(owner, upload, self._versions_since(claimed_at, upload))
                return found.version_id if found else None

            try:
                self._copies.make(
                    Place(self._quarantine, upload.key, version_id),
                    self._input,
                    {UPLOAD_ID: upload.upload_id, RESTORED_BY: owner},
                    find,
                    **({"IfMatch": latest.etag} if latest else {"IfNoneMatch": "*"}),
                )
            except Conflict:
                continue
        raise Fault(Code.AWS_ERROR, "the key was written to again and again while it was restored")

    def remove(
        self, upload: Upload, owner: str, since: datetime, keep: str | None = None
    ) -> list[tuple[str, Fault]]:
        """Delete what tries of `owner`, the first of them at `since`, restored in vain.

        Returns the ids of the versions that S3 refuses to delete for good, each with why.
        """
        refused = []
        for version in self._versions_since(since, upload):
            mine = _restored_by(owner, upload, [version])
            if mine is None or mine.version_id == keep:
                continue
            try:
                self._copies.delete(self._place(upload, mine))
            except Fault as fault:
                if not fault.lasting:
                    raise
                refused.append((mine.version_id, fault))
        return refused

    def made(self, upload: Upload) -> bool:
        """True when an event tells of an object that a retry restored, not of an upload.

        A user may copy a file with its metadata: then it is an upload like any other. Raises
        `ObjectMissing` when it is no longer there: a retry may have removed it again.
        """
        if upload.version_id is None:
            return False
        metadata = self._copies.metadata(Place(self._input, upload.key, upload.version_id))
        return self._is_of_a_retry(upload.key, upload.version_id, metadata, upload.uploaded_at)

    def _versions_since(self, moment: datetime, upload: Upload) -> Iterator[Version]:
        """Newest first: those since the moment, and the one below them.

        Only what may be newer than `upload` is asked for its metadata.
        """
        for listed in self._copies.versions(self._input, upload.key):
            modified = listed["LastModified"]
            place = Place(self._input, upload.key, listed["VersionId"])
            try:
                metadata = self._copies.metadata(place) if _is_since(modified, upload) else {}
            except ObjectMissing:
                continue
            yield Version(
                listed["VersionId"], listed["ETag"], modified, listed["IsLatest"], metadata
            )
            if modified < moment - CLOCK:
                return

    def _is_newer(self, version: Version, upload: Upload, owner: str) -> bool:
        """Than `upload`; what cannot be told apart to the second counts as newer."""
        # Whoever uploads may write our metadata, but cannot know whose retry comes.
        if version.version_id == upload.version_id or version.metadata.get(RESTORED_BY) == owner:
            return False
        if self._is_of_a_retry(upload.key, version.version_id, version.metadata, version.modified):
            return version.metadata[UPLOAD_ID] > upload.upload_id
        return _is_since(version.modified, upload)

    def _is_of_a_retry(
        self, key: str, version_id: str, metadata: dict[str, str], made_at: datetime
    ) -> bool:
        upload_id, owner = metadata.get(UPLOAD_ID), metadata.get(RESTORED_BY)
        if not upload_id or not owner:
            return False
        return self._claims.has_restored(key, upload_id, owner, version_id, made_at)

    def _place(self, upload: Upload, version: Version) -> Place:
        return Place(self._input, upload.key, version.version_id)


def _is_since(modified: datetime, upload: Upload) -> bool:
    return modified >= upload.uploaded_at.replace(microsecond=0)


def _restored_by(owner: str, upload: Upload, versions: Iterable[Version]) -> Version | None:
    """What `owner` restored of `upload` among `versions`: the oldest, so that all find the same."""
    found = None
    for version in versions:
        metadata = version.metadata
        if metadata.get(UPLOAD_ID) == upload.upload_id and metadata.get(RESTORED_BY) == owner:
            found = version
    return found
