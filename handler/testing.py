"""A `File` for tests of your own `process`: the class itself, on bytes or a file of this machine.

Not deployed. Users import it as `silent_scalper.testing`.
"""

import hashlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import clock
from .file import File
from .model.event import KEY_BYTES, UPLOAD_ID_LENGTH, Upload

BUCKET = "input-bucket"
VERSION_ID = "a-version"


def file_from(
    content: bytes | os.PathLike[str],
    key: str | None = None,
    *,
    uploaded_at: datetime | None = None,
) -> File:
    """What `process` is given when this is uploaded; neither AWS nor a network is needed.

    `content` is the bytes, or the path of a file, which is read when `process` reads. `key` is what
    it is uploaded under: by default the file's name. `uploaded_at` is now by default, or when the
    file was last changed; without a time zone it is taken for UTC.
    """
    upload = upload_of(content, key, uploaded_at=uploaded_at)
    return File(upload, _Object(content, upload.etag).get)


def upload_of(
    content: bytes | os.PathLike[str],
    key: str | None = None,
    *,
    uploaded_at: datetime | None = None,
) -> Upload:
    """What S3 would tell of it; the arguments are those of `file_from`."""
    if isinstance(content, os.PathLike):
        path = Path(content)
        about = path.stat()
        key = path.name if key is None else key
        size_bytes, changed_at = about.st_size, datetime.fromtimestamp(about.st_mtime, UTC)
    elif isinstance(content, bytes):
        size_bytes, changed_at = len(content), clock.now()
    else:
        raise TypeError(
            f"content must be bytes or a path (got {type(content).__name__}); a text must be "
            "encoded, as in 'a,b'.encode(), and the name of a file must be a Path('orders.csv')"
        )
    if not key:
        raise ValueError("key must say what the bytes are uploaded as, for example 'orders.csv'")
    if len(key.encode()) > KEY_BYTES:
        raise ValueError(f"key must have at most {KEY_BYTES} bytes (got {len(key.encode())})")
    at = uploaded_at or changed_at
    with _opened(content) as stream:
        etag = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return Upload(
        bucket=BUCKET,
        key=key,
        version_id=VERSION_ID,
        etag=etag,
        size_bytes=size_bytes,
        upload_id="0" * UPLOAD_ID_LENGTH,
        uploaded_at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
        record={},
    )


class _Object:
    """Answers GetObject, ranges too."""

    def __init__(self, content: bytes | os.PathLike[str], etag: str) -> None:
        self._content, self._etag = content, etag

    def get(self, *, Range: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        body = _opened(self._content)
        size = body.seek(0, os.SEEK_END)
        body.seek(0)
        if Range:
            start, _dash, end = Range.removeprefix("bytes=").partition("-")
            body.seek(int(start))
            piece = body.read(int(end) + 1 - int(start))
            body.close()
            body, size = io.BytesIO(piece), len(piece)
        return {"Body": body, "ContentLength": size, "ETag": f'"{self._etag}"'}


def _opened(content: bytes | os.PathLike[str]) -> io.BufferedIOBase:
    return io.BytesIO(content) if isinstance(content, bytes) else Path(content).open("rb")
