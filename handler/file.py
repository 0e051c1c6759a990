"""An uploaded file, as `process` is given it.

Neither botocore nor anything of Lambda's is needed to import this, or users could not test without.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

from .model.errors import Code, DeadlineReached, Fault, ObjectMissing
from .model.event import Upload
from .user_io.stream import PIECE_BYTES, SeekableBody


class File:
    """An uploaded file as `process` sees it. Nothing is read until `open` is called."""

    def __init__(
        self, upload: Upload, get_object: Callable[..., Any], source: Upload | None = None
    ) -> None:
        """`get_object` is S3's, by its arguments; its errors are the handler's own.

        In tests of your code, `silent_scalper.testing.file_from` makes one.
        """
        self._upload = upload
        self._source = source or upload
        self._get_object = get_object
        self.trouble: Fault | ObjectMissing | None = None
        """What went wrong while `process` read the file, unless it was read whole afterwards."""
        self.reads: set[object] = set()
        """The reads from S3 that are in progress, in any thread."""

    @property
    def key(self) -> str:
        """The whole key in the input bucket."""
        return self._upload.key

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self._upload.file_name

    @property
    def file_type(self) -> str:
        """The extension in lower case without its dot, or `none`."""
        return self._upload.file_type

    @property
    def size_bytes(self) -> int:
        """The size that S3 gave for the upload."""
        return self._upload.size_bytes

    @property
    def upload_id(self) -> str:
        """Names this upload of this key; the same at every try: the idempotency key."""
        return self._upload.upload_id

    @property
    def uploaded_at(self) -> datetime:
        """When S3 took the upload; with its time zone (UTC)."""
        return self._upload.uploaded_at

    @property
    def bucket(self) -> str:
        """The input bucket's name."""
        return self._upload.bucket

    @property
    def version_id(self) -> str | None:
        """The version that was uploaded; None in a bucket without versioning."""
        return self._upload.version_id

    @property
    def address(self) -> dict[str, str]:
        """Where the bytes are now, as boto3 takes it: `s3.get_object(**file.address)`.

        Of a file that was set aside and is tried again that is its copy in quarantine.
        """
        version_id = self._source.version_id
        return {
            "Bucket": self._source.bucket,
            "Key": self.key,
            **({"VersionId": version_id} if version_id else {}),
        }

    @property
    def etag(self) -> str:
        """S3's entity tag of the object: no checksum of its content for large files."""
        return self._upload.etag

    def open(self) -> BinaryIO:
        """Open exactly this upload for reading, from the start, as a stream of bytes that can seek.

        Each call opens anew. Close it, or use it as a context manager. Read from the start to the
        end it is one request; each jump in a file of more than 8 MB is one more.
        """
        body = SeekableBody(self._get, self._noting_trouble, self._read_until)
        return io.BufferedReader(body, PIECE_BYTES)

    def _get(self, **arguments: Any) -> Any:
        with self._noting_trouble():
            return self._get_object(**self.address, **arguments)

    def _read_until(self, position: int) -> None:
        if position >= self.size_bytes:
            self.trouble = None

    @contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        read = object()
        self.reads.add(read)
        try:
            yield
        except (Fault, ObjectMissing) as trouble:
            self.trouble = trouble
            raise
        except DeadlineReached:
            self.trouble = out_of_time()
            raise
        finally:
            self.reads.discard(read)


def out_of_time() -> Fault:
    return Fault(
        Code.OUT_OF_TIME,
        "time ran out while the file was being read from S3; raise timeout_seconds",
    )
