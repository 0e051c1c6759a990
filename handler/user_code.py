"""The user's code: found, called with one file, and what it returns or raises understood.

`process(file)` may run more than once for an upload, even at the same time: `file.upload_id` is
its idempotency key.
"""

import importlib
import io
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from typing import Any, BinaryIO

from .aws.errors import aws_errors, caused_by_aws
from .deadline import DeadlineReached
from .model.errors import Code, Fault, ObjectMissing, Rejection, described
from .model.event import Upload

RESULT_BYTES = 64 * 1024
"""The most that `process` may return, as JSON: a record must stay far below DynamoDB's 400 KB."""
RESULT_DEPTH = 16
OUTPUT_CHARACTERS = 64 * 1024
"""What `process` may print for one file: every character of a log is paid for."""

Process = Callable[["File"], Any]


class File:
    """An uploaded file as `process` sees it. Nothing is read until `open` is called."""

    def __init__(self, upload: Upload, s3: Callable[[], Any], source: Upload | None = None) -> None:
        self._upload = upload
        self._source = source or upload
        self._s3 = s3
        self.trouble: Fault | ObjectMissing | None = None
        """What went wrong on our side while `process` read the file, if anything did."""

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
        """Open exactly this upload for reading, from the start, as a stream of bytes.

        Each call opens anew. Close it, or use it as a context manager.
        """
        with self._noting_trouble(), aws_errors("S3 GetObject"):
            answer = self._s3().get_object(**self.address)
        return io.BufferedReader(_Body(answer["Body"], self._noting_trouble), 256 * 1024)

    @contextmanager
    def _noting_trouble(self) -> Iterator[None]:
        try:
            yield
        except (Fault, ObjectMissing) as trouble:
            self.trouble = trouble
            raise
        except DeadlineReached:
            self.trouble = Fault(
                Code.OUT_OF_TIME,
                "time ran out while the file was being read from S3; raise timeout_seconds",
            )
            raise


class _Body(io.RawIOBase):
    """A response body as a raw stream whose errors are told apart from the file's own."""

    def __init__(self, body: Any, noting_trouble: Callable[[], Any]) -> None:
        self._body = body
        self._noting_trouble = noting_trouble

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._noting_trouble():
            chunk = self._read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _read(self, size: int) -> bytes:
        try:
            return self._body.read(size)  # type: ignore[no-any-return]
        except MemoryError:
            raise
        except Exception as error:
            # Not all of what can befall a connection comes as an error of botocore; nothing of it
            # is the file's.
            reason = f"S3 GetObject failed while reading: {described(error)}"
            raise Fault(Code.AWS_ERROR, reason) from error

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def load(entry: str) -> Process:
    """Import `module.function` of the user's code, or raise a `Fault` (CONFIGURATION).

    It lies in the first folder of `sys.path`: see the package's `__init__`.

    A deployment that cannot be imported is nobody's file's fault, so files wait until it is mended.
    """
    module_name, _, function_name = entry.rpartition(".")
    try:
        process = getattr(importlib.import_module(module_name), function_name)
    except (Exception, SystemExit) as error:
        raise Fault(
            Code.CONFIGURATION,
            f"process_entry '{entry}' cannot be imported ({described(error)}); "
            "correct the code or process_entry and deploy again",
        ) from error
    if not callable(process):
        raise Fault(Code.CONFIGURATION, f"process_entry '{entry}' is not a function")
    return process  # type: ignore[no-any-return]


def call(process: Process, file: File) -> Any:
    """What `process` returned, ready to be recorded.

    Raises its `Rejection`; `ObjectMissing` when the file went away; a `Fault` for all else, whose
    code says whether `process` or AWS is to blame.
    """
    output = _Output(sys.stdout)
    try:
        with redirect_stdout(output), redirect_stderr(output):
            result = process(file)
        return recordable(result)
    except DeadlineReached as late:
        raise file.trouble or Fault(
            Code.PROCESS_TIMED_OUT, "process was still running when its time was up."
        ) from late
    except BaseException as error:
        # Also SystemExit and a cancelled task: the other files of the event get their turn.
        if file.trouble is not None:
            # Bytes that never arrived can make any file look corrupt.
            raise file.trouble from error
        if isinstance(error, Rejection):
            raise
        if caused_by_aws(error):
            reason = f"an AWS call inside process failed: {described(error)}"
            raise Fault(Code.AWS_ERROR, reason) from error
        if isinstance(error, MemoryError):
            raise Fault(Code.PROCESS_OUT_OF_MEMORY, "process ran out of memory.") from error
        raise Fault(Code.PROCESS_FAILED, f"process raised {described(error)}") from error
    finally:
        output.end()


def recordable(value: Any) -> Any:
    """Check that `value` is JSON-like and small enough to be recorded; raise ValueError if not.

    The error says where and of which type the offending part is, never what it is: it may be
    content of the file, and the error is logged and told.
    """
    size = _json_size(value, "the result", 0)
    if size > RESULT_BYTES:
        raise ValueError(
            f"what process returns is recorded and may take {RESULT_BYTES:,} bytes as JSON "
            f"(got about {size:,}); write large results to a bucket of your own"
        )
    return value


def _json_size(value: Any, path: str, depth: int) -> int:
    if depth > RESULT_DEPTH:
        raise ValueError(f"what process returns is nested deeper than {RESULT_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return 5
    if isinstance(value, str):
        return len(value.encode("utf-8")) + 2
    # DynamoDB keeps 38 digits of a number, up to about 1e125.
    if isinstance(value, int) and abs(value) < 10**38:
        return len(str(value))
    if isinstance(value, float) and math.isfinite(value) and _dynamodb_takes(value):
        return len(repr(value))
    if isinstance(value, (list, tuple)):
        return 2 + sum(
            1 + _json_size(part, f"entry {at} of {path}", depth + 1)
            for at, part in enumerate(value, 1)
        )
    # DynamoDB refuses empty names.
    if isinstance(value, dict) and all(isinstance(name, str) and name for name in value):
        return 2 + sum(
            2 + _json_size(name, path, depth) + _json_size(part, f"entry {at} of {path}", depth + 1)
            for at, (name, part) in enumerate(value.items(), 1)
        )
    raise ValueError(
        f"{path} cannot be recorded, it is of type {type(value).__name__}; process may return "
        "None, texts, true and false, finite numbers of at most 38 digits, and lists and dicts of "
        "these, with names that are texts"
    )


def _dynamodb_takes(value: float) -> bool:
    return value == 0 or 1e-125 < abs(value) < 1e125


class _Output(io.TextIOBase):
    """Passes on what `process` prints, up to a limit, and says what was left out."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._left = OUTPUT_CHARACTERS
        self._dropped = 0
        self._mid_line = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        passed = text[: self._left]
        self._left -= len(passed)
        self._dropped += len(text) - len(passed)
        if passed:
            self._target.write(passed)
            self._mid_line = not passed.endswith("\n")
        return len(text)

    def flush(self) -> None:
        self._target.flush()

    def end(self) -> None:
        """Say how much was dropped, once `process` is done; our own lines start on a new one."""
        if self._mid_line:
            self._target.write("\n")
        if self._dropped:
            self._target.write(
                f"(process printed {self._dropped:,} characters more; "
                f"{OUTPUT_CHARACTERS:,} a file are kept)\n"
            )
