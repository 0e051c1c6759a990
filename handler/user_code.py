"""The user's code: found, called with one file, and what it returns or raises understood.

`process(file)` may run more than once for an upload, even at the same time: `file.upload_id` is
its idempotency key.
"""

import importlib
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from typing import Any, BinaryIO

from .aws.errors import aws_errors
from .blame import judged
from .deadline import DeadlineReached, deadline_of_user_code
from .model.errors import Code, Fault, ObjectMissing, described
from .model.event import Upload
from .own_reads import OwnReads
from .results import recordable
from .tracebacks import let_go, traceback_of
from .user_io.output import limited, prepare
from .user_io.stream import PIECE_BYTES, SeekableBody

Process = Callable[["File"], Any]


class File:
    """An uploaded file as `process` sees it. Nothing is read until `open` is called."""

    def __init__(self, upload: Upload, s3: Callable[[], Any], source: Upload | None = None) -> None:
        self._upload = upload
        self._source = source or upload
        self._s3 = s3
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
        with self._noting_trouble(), aws_errors("S3 GetObject"):
            return self._s3().get_object(**self.address, **arguments)

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
            self.trouble = _out_of_time()
            raise
        finally:
            self.reads.discard(read)


def _out_of_time() -> Fault:
    return Fault(
        Code.OUT_OF_TIME,
        "time ran out while the file was being read from S3; raise timeout_seconds",
    )


_own_reads = OwnReads()


def load(entry: str) -> Process:
    """Import `module.function` of the user's code, or raise a `Fault` (CONFIGURATION).

    It lies in the first folder of `sys.path`: see the package's `__init__`.

    A deployment that cannot be imported is nobody's file's fault, so files wait until it is mended.
    """
    _own_reads.begin_watching()
    prepare()
    module_name, _, function_name = entry.rpartition(".")
    try:
        with deadline_of_user_code():
            process = getattr(importlib.import_module(module_name), function_name)
    except DeadlineReached:
        raise
    except BaseException as error:
        # Also what is no Exception, as a panic of Rust's: it would end the instance.
        fault = Fault(
            Code.CONFIGURATION,
            f"process_entry '{entry}' cannot be imported ({described(error)}); "
            "correct the code or process_entry and deploy again",
        )
        fault.traceback = traceback_of(error)
        raise fault from error
    if not callable(process):
        raise Fault(Code.CONFIGURATION, f"process_entry '{entry}' is not a function")
    return process  # type: ignore[no-any-return]


def call(process: Process, file: File) -> Any:
    """What `process` returned, ready to be recorded.

    Raises its `Rejection`; `ObjectMissing` when the file went away; a `Fault` for all else, whose
    code says whether `process` or something else is to blame. What it prints and logs is limited.
    """
    try:
        with limited() as output:
            return _called(process, file)
    except Fault as fault:
        is_ours = fault is file.trouble
        fault.traceback = traceback_of(fault if is_ours else fault.__cause__ or fault)
        let_go(fault)
        if output.lost and fault.code is Code.PROCESS_FAILED:
            reason = f"what process printed could not be passed on: {fault.reason}"
            raise Fault(Code.INTERNAL_ERROR, reason) from fault
        raise


def _called(process: Process, file: File) -> Any:
    _own_reads.file = file
    path = list(sys.path)
    try:
        with deadline_of_user_code():
            # In a context of its own, as that of its decimals.
            result = copy_context().run(process, file)
    except DeadlineReached as late:
        if file.reads:
            raise _out_of_time() from late
        raise file.trouble or Fault(
            Code.PROCESS_TIMED_OUT, "process was still running when its time was up."
        ) from late
    except BaseException as error:
        # Also SystemExit and a cancelled task: the other files of the event get their turn.
        # Bytes that never arrived can make any file look corrupt.
        if file.trouble is not None:
            raise file.trouble  # noqa: B904 - it has a cause of its own
        verdict = judged(error)
        if verdict is error:
            raise
        raise verdict from error
    finally:
        _own_reads.file = None
        # What we import late lies there.
        sys.path += [folder for folder in path if folder not in sys.path]
    if file.trouble is not None:
        # It was caught and not made good: what came back is about a part of the file.
        raise file.trouble
    return recordable(result)
