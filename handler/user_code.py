"""The user's code: found, called with one file, and what it returns or raises understood.

`process(file)` may run more than once for an upload, even at the same time: `file.upload_id` is
its idempotency key.
"""

import importlib
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from .aws.errors import aws_errors
from .blame import judged
from .deadline import deadline_of_user_code
from .file import File, out_of_time
from .model.errors import Code, DeadlineReached, Fault, described
from .model.event import Upload
from .own_reads import OwnReads
from .results import recordable
from .tracebacks import let_go, traceback_of
from .user_io.output import limited, prepare

Process = Callable[[File], Any]


def file_in_s3(upload: Upload, s3: Callable[[], Any], source: Upload | None = None) -> File:
    """The file of an upload, whose bytes are at `source` where that is another place."""

    def get_object(**arguments: Any) -> Any:
        with aws_errors("S3 GetObject"):
            return s3().get_object(**arguments)

    return File(upload, get_object, source)


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
            raise out_of_time() from late
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
