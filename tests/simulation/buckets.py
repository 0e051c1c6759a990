"""What S3 keeps: versions of objects, and markers where a key was deleted without naming one."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Lock(StrEnum):
    """Why S3 refuses to hand out an object that it has."""

    ARCHIVED = "archived"
    REFUSED_KEY = "encrypted with a key that refuses us"


@dataclass(eq=False, slots=True)
class Version:
    """One version of an object, or a delete marker (body None)."""

    key: str
    version_id: str
    body: bytes | None
    last_modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    """Content-Type and the like, by their names in botocore."""
    parts: int = 0
    """How many parts it was uploaded in; 0 when in one go."""
    lock: Lock | None = None

    @property
    def etag(self) -> str:
        """Not the same for equal contents: an upload in parts has another one."""
        digest = hashlib.md5(self.body or b"", usedforsecurity=False).hexdigest()
        return f'"{digest}-{self.parts}"' if self.parts else f'"{digest}"'

    @property
    def checksum(self) -> str:
        """Of the whole object, which S3 keeps also for uploads in parts."""
        crc = zlib.crc32(self.body or b"")
        return base64.b64encode(crc.to_bytes(4, "big")).decode()


class Bucket:
    """A versioned bucket."""

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        self.name = name
        self._now = now
        self.keeps = False
        """True while S3 refuses to delete any of its versions for good, whoever asks."""
        self.refused: set[str] = set()
        """The ids of the versions that it refused to delete."""
        self._made = 0
        self._versions: dict[str, list[Version]] = {}
        self.on_put: Callable[[Version], None] = lambda version: None
        self.on_remove: Callable[[Version], None] = lambda version: None
        """Called before a version is removed for good."""

    def put(
        self, key: str, body: bytes | None, began: datetime | None = None, **details: Any
    ) -> Version:
        """Add a version, or a marker when there is no body.

        An upload in parts has its place among the versions from when it `began`. Source:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        """
        self._made += 1
        modified = began or self._now()
        version = Version(key, f"{self.name}-v{self._made}", body, modified, **details)
        versions = self._versions.setdefault(key, [])
        newer = sum(other.last_modified > modified for other in versions)
        versions.insert(len(versions) - newer, version)
        self.on_put(version)
        return version

    def find(self, key: str, version_id: str) -> Version | None:
        """That version, whatever came after it."""
        return next((v for v in self._versions.get(key, []) if v.version_id == version_id), None)

    def current(self, key: str) -> Version | None:
        """What a read without a version id finds; may be a marker."""
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def remove(self, version: Version) -> None:
        """Delete one version for good; the one before it may show again."""
        self.on_remove(version)
        self._versions[version.key].remove(version)

    def newest_first(self, prefix: str) -> Iterator[Version]:
        """As listings have it: by key, then the newest first."""
        for key in sorted(key for key in self._versions if key.startswith(prefix)):
            yield from self.versions_of(key)

    def versions_of(self, key: str) -> Iterator[Version]:
        """The newest first."""
        return reversed(self._versions.get(key, []))
