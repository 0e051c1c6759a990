"""The quarantine bucket: a version-exact, checked copy of what is set aside.

The copy has the same key. Its metadata say why it is here and which upload it is.
"""

from itertools import islice

from ..model.errors import Code, Fault, ObjectMissing
from ..model.event import Upload
from ..model.settings import Settings
from .copies import REASON_CODE, UPLOAD_ID, Copies, Copy, Place

CLOCK_SECONDS = 60
"""S3's clocks agree to the second only."""
MOST_LISTED = 100
"""Versions of a key among which the copy of an earlier try is looked for."""
MOST_LOOKS = 10
"""Of these, as many are asked of which upload they are as this instance does not know."""
MOST_REMEMBERED = 10_000


class Quarantine:
    """Copies into the quarantine bucket, and removes from the input bucket, one exact version."""

    def __init__(self, copies: Copies, settings: Settings) -> None:
        self._copies = copies
        self._input = settings.input_bucket
        self.bucket = settings.quarantine_bucket
        self._upload_ids: dict[str, str | None] = {}
        """Of copies, by version id."""

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
            version_id = self._find(upload) or self._copies.make(
                self._uploaded(upload),
                self.bucket,
                {UPLOAD_ID: upload.upload_id, REASON_CODE: reason_code},
                lambda: self._find(upload),
            )
        except Fault as fault:
            if not fault.lasting:
                raise
            raise Fault(Code.CANNOT_BE_MOVED, fault.reason, lasting=True) from fault
        self._remember(version_id, upload.upload_id)
        return Copy(f"s3://{self.bucket}/{upload.key}", version_id)

    def has(self, upload: Upload, version_id: str) -> bool:
        """True when that version of the quarantine bucket is a whole copy of `upload`."""
        try:
            copy = self._copies.head(self._aside(upload, version_id))
        except ObjectMissing:
            return False
        return int(copy["ContentLength"]) == upload.size_bytes

    def remove(self, upload: Upload, version_id: str) -> None:
        """Remove a copy that no record names, or names no more."""
        self._copies.delete(self._aside(upload, version_id))

    def delete_input(self, upload: Upload) -> None:
        """Delete exactly this upload from the input bucket; a newer one of its key stays."""
        self._copies.delete(self._uploaded(upload))

    def delete(self, bucket: str, key: str, version_id: str) -> None:
        """Delete exactly that version, in either bucket."""
        self._copies.delete(Place(bucket, key, version_id))

    def is_in_input(self, upload: Upload) -> bool:
        """False only when S3 says that it is gone; a refusal or an outage says nothing of that."""
        return self.is_there(self._input, upload.key, upload.version_id)

    def is_there(self, bucket: str, key: str, version_id: str | None) -> bool:
        """False only when S3 says that it is gone, as above."""
        try:
            self._copies.head(Place(bucket, key, version_id))
        except ObjectMissing:
            return False
        except Fault:
            return True
        return True

    def _find(self, upload: Upload) -> str | None:
        """The version id of the oldest copy that a try before this one made.

        However often its key was uploaded, it costs no more than MOST_LISTED and MOST_LOOKS say.
        Where that is too little, two copies of one upload may stay.
        """
        looks = 0
        for version_id in self._candidates(upload):
            if version_id not in self._upload_ids:
                if looks == MOST_LOOKS:
                    continue
                looks += 1
                try:
                    metadata = self._copies.metadata(self._aside(upload, version_id))
                except ObjectMissing:
                    continue
                self._remember(version_id, metadata.get(UPLOAD_ID))
            if self._upload_ids[version_id] == upload.upload_id:
                return version_id
        return None

    def _candidates(self, upload: Upload) -> list[str]:
        """What may be a copy of `upload`, the first made after it arrived first."""
        found = []
        for version in islice(self._copies.versions(self.bucket, upload.key), MOST_LISTED):
            # Newest first: what is older than the upload cannot be its copy.
            if (upload.uploaded_at - version["LastModified"]).total_seconds() > CLOCK_SECONDS:
                break
            if version["Size"] == upload.size_bytes:
                found.append(version)
        second = upload.uploaded_at.replace(microsecond=0)
        # Oldest first; `sort` keeps that order.
        found.reverse()
        found.sort(key=lambda version: bool(version["LastModified"] < second))
        return [version["VersionId"] for version in found]

    def _remember(self, version_id: str, upload_id: str | None) -> None:
        """What a version says of itself never changes."""
        if len(self._upload_ids) == MOST_REMEMBERED:
            self._upload_ids.clear()
        self._upload_ids[version_id] = upload_id

    def _uploaded(self, upload: Upload) -> Place:
        return Place(self._input, upload.key, upload.version_id)

    def _aside(self, upload: Upload, version_id: str) -> Place:
        return Place(self.bucket, upload.key, version_id)
