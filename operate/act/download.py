"""Files brought here, from wherever their record says that they are.

A key becomes a path below the folder. What would lead out of it, or is no name of a file here, is
written as `%` and two hex digits, as in a URL. Where a file and a folder would have one name, as of
the keys `a` and `a/b`, whichever comes later gets a `%` behind its own.
"""

import errno
import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from botocore.exceptions import ClientError

from handler.model.item import Item, Status

from ..read.deployment import Deployment
from ..read.errors import OperateError, told_plainly
from .actions import Done

NAME_BYTES = 200
"""Most file systems take 255; a temporary ending needs room."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""What would keep every other file from being written, too."""
_UNSAFE = frozenset('\\:*?"<>|%')
"""What Windows does not take, and our own sign."""


def downloading(deployment: Deployment, folder: Path, *, dry_run: bool) -> Callable[[Item], Done]:
    """Write files below `folder`. What is there already is not read again."""

    def act(item: Item) -> Done:
        if item["status"] == Status.GONE:
            return Done.to(item, "is GONE: there is nothing to download", ok=False)
        path = _free_of_the_other_kind(folder, local_path(item["object_key"]))
        if path.exists() and not _is_of(item, path):
            # Another upload of the key, or another file: it is not ours to overwrite.
            path = path.with_name(f"{path.name}.{item['upload_id']}")
        if path.exists() and _is_of(item, path):
            return Done.to(item, f"is here already: {path}")
        if dry_run:
            return Done.to(item, f"would be written to {path}")
        try:
            _write(deployment, item, path)
        except _MissingError:
            return Done.to(item, "is not where its record says: see scalper reconcile", ok=False)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise OperateError(f"Cannot write {path}: {error.strerror}") from error
            return Done.to(item, f"cannot be written to {path}: {error.strerror}", ok=False)
        return Done.to(item, f"is here: {path}")

    return act


def local_path(key: str) -> Path:
    """Where a key goes, relative to the folder; never out of it, never hidden as an option."""
    return Path(*(_name(part) for part in key.split("/")))


class _MissingError(Exception):
    """S3 says 404."""


def _free_of_the_other_kind(folder: Path, relative: Path) -> Path:
    """No file where `relative` needs a folder, and no folder where it is a file."""
    *folders, name = relative.parts
    for part in folders:
        path = folder / part
        folder = path.with_name(f"{part}%") if path.is_file() else path
    path = folder / name
    return path.with_name(f"{name}%") if path.is_dir() else path


def _name(part: str) -> str:
    if part in ("", ".", ".."):
        # A `%` of its own is always written as %25.
        return part.replace(".", "%2E") or "%"
    safe = "".join(c if c.isprintable() and c not in _UNSAFE else _escaped(c) for c in part)
    if len(safe.encode()) <= NAME_BYTES:
        return safe
    digest = blake2b(part.encode(), digest_size=8).hexdigest()
    return f"{safe.encode()[: NAME_BYTES - 17].decode(errors='ignore')}%{digest}"


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _is_of(item: Item, path: Path) -> bool:
    """Whether an earlier download wrote it; each has its upload's time."""
    found = path.stat()
    return found.st_size == item["size_bytes"] and int(found.st_mtime) == _uploaded(item)


def _uploaded(item: Item) -> int:
    return int(datetime.fromisoformat(item["uploaded_at"]).timestamp())


def _write(deployment: Deployment, item: Item, path: Path) -> None:
    """Whole or not at all. Raises OSError when it cannot be written here."""
    bucket, version_id = place_of(deployment, item)
    version = {"VersionId": version_id} if version_id else {}
    with told_plainly(f"read a file from the bucket {bucket}"):
        try:
            answer = deployment.clients.s3.get_object(
                Bucket=bucket,
                Key=item["object_key"],
                **version,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
                raise _MissingError from None
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
            try:
                for chunk in answer["Body"].iter_chunks(1024 * 1024):
                    unfinished.write(chunk)
                unfinished.close()
                os.utime(unfinished.name, (_uploaded(item), _uploaded(item)))
                os.replace(unfinished.name, path)
            except BaseException:
                os.unlink(unfinished.name)
                raise


def place_of(deployment: Deployment, item: Item) -> tuple[str, str | None]:
    """The bucket and the version where the file of a record is."""
    if version_id := item.get("location_version_id"):
        return deployment.settings.quarantine_bucket, version_id
    return deployment.settings.input_bucket, item.get("version_id")
