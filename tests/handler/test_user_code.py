"""The user's code may do anything: whatever it does, its file gets the fate that it deserves."""

import asyncio
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

import handler.file
from handler import File, Rejection
from handler.deadline import deadline
from handler.model.errors import Code, DeadlineReached, Fault, ObjectMissing
from handler.user_code import call, load

from .world import Context, World


def blamed(world: World, process: Callable[[File], Any], **run: Any) -> Fault:
    """The fault that a run with `process` ends in."""
    upload = world.upload()
    world.deploy(process=process)
    with pytest.raises(Fault) as seen:
        world.run(upload, **run)
    assert world.item(upload) is None
    assert world.is_in_input(upload)
    return seen.value


# What `process` is given.


def test_process_knows_its_file_before_it_reads_a_byte(world: World) -> None:
    files: list[File] = []
    world.deploy(process=files.append)
    upload = world.upload("in/Ärger 1+1.CSV", b"12345")
    world.run(upload)
    [file] = files
    assert (file.key, file.name, file.file_type) == ("in/Ärger 1+1.CSV", "Ärger 1+1.CSV", "csv")
    assert (file.size_bytes, file.upload_id) == (5, upload.upload_id)
    assert (file.bucket, file.version_id) == ("intake-input", upload.version_id)
    assert file.etag == world.record(upload)["etag"]
    assert file.uploaded_at.tzinfo is not None
    assert file.uploaded_at.utcoffset() == UTC.utcoffset(None)
    assert "s3.GetObject" not in world.called()


def test_the_upload_id_is_the_same_at_every_try(world: World) -> None:
    seen: list[str] = []

    def process(file: File) -> None:
        seen.append(file.upload_id)
        if len(seen) < 3:
            raise RuntimeError

    world.deploy(process=process)
    upload = world.upload()
    for _ in range(2):
        with pytest.raises(Fault):
            world.run(upload)
    world.run(upload)
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_stream_reads_exactly_this_upload_although_it_was_overwritten(world: World) -> None:
    read: list[bytes] = []
    world.deploy(process=lambda file: read.append(file.open().read()))
    old = world.upload(body=b"the first")
    world.upload(body=b"the second")
    world.run(old)
    assert read == [b"the first"]


def test_a_stream_reads_in_pieces_lines_and_again(world: World) -> None:
    body = b"".join(b"line %d\n" % n for n in range(50_000))

    def process(file: File) -> dict[str, int]:
        with file.open() as stream:
            assert stream.read(4) == b"line"
            rest = stream.read()
        assert stream.closed
        with file.open() as stream:
            lines = sum(1 for _ in io.TextIOWrapper(stream, "utf-8"))
        return {"rest": len(rest), "lines": lines}

    world.deploy(process=process)
    upload = world.upload(body=body)
    world.run(upload)
    assert world.record(upload)["result"] == {"rest": len(body) - 4, "lines": 50_000}


def test_a_stream_is_not_held_in_memory(world: World) -> None:
    asked: list[int] = []

    class Zeros(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            asked.append(size)
            return b"\0" * min(size, 1024) if len(asked) < 100 else b""

    with answering(world, Zeros, None):
        world.deploy(process=lambda file: len(file.open().read(1000)))
        world.run(world.upload())
    assert asked
    assert max(asked) <= 256 * 1024
    assert len(asked) < 5


def test_an_upload_that_is_gone_when_it_is_opened_is_gone_also_when_process_hides_it(
    world: World,
) -> None:
    def process(file: File) -> None:
        try:
            file.open()
        except Exception as error:
            raise Rejection("UNREADABLE", "cannot be read") from error

    upload = world.upload()
    world.deploy(process=process)
    world.delete_input(upload)
    world.run(upload)
    assert world.status(upload) == "GONE"


# What goes wrong while it reads.


class answering:  # noqa: N801
    """GetObject's body comes from `raw` for a while; botocore's own wrapper stays around it."""

    def __init__(self, world: World, raw: Callable[[], Any], length: int | None) -> None:
        self._events, self._raw, self._length = world.aws.s3.meta.events, raw, length

    def _answer(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed["Body"] = StreamingBody(self._raw(), self._length)  # type: ignore[arg-type]

    def __enter__(self) -> None:
        self._events.register("after-call.s3.GetObject", self._answer)

    def __exit__(self, *_: object) -> None:
        self._events.unregister("after-call.s3.GetObject", self._answer)


class Breaking(io.RawIOBase):
    """Some bytes, then trouble."""

    def __init__(self, error: Exception | None) -> None:
        self._error, self._sent = error, False

    def read(self, size: int = -1) -> bytes:
        if not self._sent:
            self._sent = True
            return b"a,b\n1,"
        if self._error:
            raise self._error
        return b""


BROKEN_STREAMS = {
    "cut short": None,
    "reset": urllib3.exceptions.ProtocolError("Connection broken", ConnectionResetError(104)),
    "timed out": urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out."),  # type: ignore[arg-type]
    "tls": urllib3.exceptions.SSLError("decryption failed or bad record mac"),
    "socket": ConnectionResetError(104, "Connection reset by peer"),
    "os": OSError("the network is unreachable"),
    "protocol": ValueError("invalid literal for int() with base 16: b''"),
}


def reads(file: File) -> int:
    return len(file.open().read())


def reads_and_rejects_what_it_cannot_read(file: File) -> None:
    try:
        file.open().read()
    except Exception as error:
        raise Rejection("CORRUPT", "it cannot be read") from error


def reads_and_forgets_why(file: File) -> None:
    with file.open() as stream, suppress(Exception):
        stream.read()
    raise Rejection("TOO_SHORT", "there is nothing in it")


def reads_and_fails_otherwise(file: File) -> None:
    try:
        file.open().read()
    finally:
        raise KeyError("amount")


@pytest.mark.parametrize(
    "process",
    [
        reads,
        reads_and_rejects_what_it_cannot_read,
        reads_and_forgets_why,
        reads_and_fails_otherwise,
    ],
)
def test_a_stream_that_breaks_is_never_the_files_fault(
    world: World, process: Callable[[File], Any]
) -> None:
    for trouble, error in BROKEN_STREAMS.items():
        with answering(world, partial(Breaking, error), 100):
            fault = blamed(world, process)
        assert fault.code is Code.AWS_ERROR, f"{trouble}: so the rescuer will hold it"


def test_a_process_that_tries_a_broken_stream_again_and_succeeds_is_believed(world: World) -> None:
    streams = [Breaking(None), io.BytesIO(b"x" * 100)]

    def process(file: File) -> int:
        with suppress(Exception):
            reads(file)
        return reads(file)

    world.deploy(process=process)
    upload = world.upload()
    with answering(world, lambda: streams.pop(0), 100):
        world.run(upload)
    assert world.record(upload)["result"] == 100


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InvalidObjectState", "403"])
def test_a_refused_or_failing_open_is_aws_trouble_whatever_process_makes_of_it(
    world: World, code: str
) -> None:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    with world.failing("s3.GetObject", error=ClientError(response, "GetObject")):
        fault = blamed(world, reads_and_rejects_what_it_cannot_read)
    assert fault.code is Code.AWS_ERROR
    assert code in fault.reason


# What it raises.


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("amount"), "process raised KeyError: 'amount'"),
        (ValueError(), "process raised ValueError: "),
        (SystemExit(0), "process raised SystemExit: 0"),
        (SystemExit("bye"), "process raised SystemExit: bye"),
        (KeyboardInterrupt(), "process raised KeyboardInterrupt: "),
        (GeneratorExit(), "process raised GeneratorExit: "),
        (StopIteration(3), "process raised StopIteration: 3"),
        (ExceptionGroup("two", [KeyError("x")]), "process raised ExceptionGroup: two"),
        (RecursionError("deep"), "process raised RecursionError: deep"),
        (BaseException("mine"), "process raised BaseException: mine"),
        (ObjectMissing("mine"), "process raised ObjectMissing: mine"),
    ],
)
def test_whatever_else_is_raised_is_a_failure_of_process(
    world: World, error: BaseException, reason: str
) -> None:
    def process(file: File) -> None:
        raise error

    fault = blamed(world, process)
    assert fault.code is Code.PROCESS_FAILED
    assert fault.reason.startswith(reason)


def test_a_cancelled_task_is_a_failure_of_process_and_the_other_files_get_their_turn(
    world: World,
) -> None:
    def process(file: File) -> None:
        if file.name == "0.csv":
            raise asyncio.CancelledError

    world.deploy(process=process)
    uploads = [world.upload(f"in/{n}.csv") for n in range(2)]
    with pytest.raises(Fault, match="PROCESS_FAILED: process raised CancelledError"):
        world.run({"Records": [upload.record for upload in uploads]})
    assert world.status(uploads[1]) == "PROCESSED"


def test_an_error_that_cannot_be_printed_is_still_a_failure_of_process(world: World) -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise self

    def process(file: File) -> None:
        raise Unprintable

    assert blamed(world, process).code is Code.PROCESS_FAILED


def test_an_error_of_a_megabyte_is_cut(world: World) -> None:
    def process(file: File) -> None:
        raise ValueError("x" * 1_000_000)

    assert len(str(blamed(world, process))) < 1_100


def test_a_memory_error_has_a_code_of_its_own(world: World) -> None:
    def process(file: File) -> None:
        raise MemoryError

    assert blamed(world, process).code is Code.PROCESS_OUT_OF_MEMORY


def test_an_aws_error_inside_process_is_not_held_against_the_file(world: World) -> None:
    def process(file: File) -> None:
        response: Any = {"Error": {"Code": "ServiceUnavailable"}}
        try:
            raise ClientError(response, "StartExecution")
        except ClientError as error:
            raise RuntimeError("cannot start the workflow") from error

    fault = blamed(world, process)
    assert fault.code is Code.AWS_ERROR
    assert (
        "an AWS call inside process failed: RuntimeError: cannot start the workflow" in fault.reason
    )


def test_a_rejection_is_the_files_fault_also_when_aws_failed_behind_it(world: World) -> None:
    """It was raised on purpose, and nothing that we read for it went wrong."""

    def process(file: File) -> None:
        response: Any = {"Error": {"Code": "404"}}
        try:
            raise ClientError(response, "HeadObject")
        except ClientError as error:
            raise Rejection("UNKNOWN_CUSTOMER", "no such customer") from error

    world.deploy(process=process)
    upload = world.upload()
    world.run(upload)
    assert world.record(upload)["reason_code"] == "UNKNOWN_CUSTOMER"
    assert world.record(upload)["reason"] == "no such customer"


@pytest.mark.parametrize("code", ["bad header", "", "x" * 65, None, "PART-1"])
def test_a_rejection_with_a_bad_code_is_a_failure_of_process_that_says_how_to_mend_it(
    world: World, code: Any
) -> None:
    def process(file: File) -> None:
        raise Rejection(code, "why")

    fault = blamed(world, process)
    assert fault.code is Code.PROCESS_FAILED
    assert "'BAD_HEADER'" in fault.reason


def test_what_users_import_is_what_the_handler_catches() -> None:
    assert handler.Rejection is Rejection
    assert handler.File is handler.file.File


# When it never ends.


def spins(file: File) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with suppress(Exception):
            time.sleep(0.01)


def test_a_process_that_never_returns_is_stopped_before_lambda_kills_it(world: World) -> None:
    # Were it not stopped, this test would never end.
    fault = blamed(world, spins, remaining_ms=200)
    assert fault.code is Code.PROCESS_TIMED_OUT


def test_time_that_runs_out_in_s3_is_not_held_against_process(world: World) -> None:
    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            time.sleep(5)
            return b""

    with answering(world, Slow, 100):
        fault = blamed(world, reads, remaining_ms=200)
    assert fault.code is Code.OUT_OF_TIME
    assert "raise timeout_seconds" in fault.reason


def test_time_that_runs_out_in_our_own_calls_is_not_held_against_process(world: World) -> None:
    def slow(**_: Any) -> None:
        time.sleep(5)

    world.aws.hook("before-call.dynamodb.PutItem", slow)
    fault = blamed(world, lambda file: None, remaining_ms=200)
    assert fault.code is Code.OUT_OF_TIME


def test_the_alarm_is_off_after_the_invocation_and_the_old_handler_is_back(world: World) -> None:
    before = signal.getsignal(signal.SIGALRM)
    world.run(world.upload(), remaining_ms=60_000)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    with pytest.raises(ZeroDivisionError), deadline(Context("r", 60_000)):
        raise ZeroDivisionError
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("remaining_ms", [0, -5, 1])
def test_an_invocation_that_is_late_already_ends_at_once(remaining_ms: int) -> None:
    with pytest.raises(DeadlineReached), deadline(Context("r", remaining_ms)):
        time.sleep(5)


def test_outside_of_the_main_thread_there_is_no_alarm_and_no_error() -> None:
    seen: list[bool] = []

    def work() -> None:
        with deadline(Context("r", 1)):
            time.sleep(0.05)
            seen.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [True]


# How it is found.


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the user's code, where the handler puts it: in front of all others."""
    folder = tmp_path / "process"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setitem(sys.modules, "silent_scalper", handler)
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        if str(folder) in str(getattr(sys.modules[name], "__file__", None) or folder):
            del sys.modules[name]


def test_an_entry_is_imported_from_the_mounted_folder_with_what_it_brings_along(
    mounted: Path, world: World
) -> None:
    (mounted / "brought_along.py").write_text("ANSWER = 42\n")
    (mounted / "main.py").write_text(
        "import brought_along\n"
        "from silent_scalper import Rejection\n"
        "def process(file):\n"
        "    if file.file_type != 'csv':\n"
        "        raise Rejection('NOT_CSV', 'only csv')\n"
        "    return brought_along.ANSWER\n"
    )
    world.deploy(entry="main.process")
    good, bad = world.upload("a.csv"), world.upload("b.pdf")
    world.run(good)
    world.run(bad)
    assert world.record(good)["result"] == 42
    assert world.record(bad)["reason_code"] == "NOT_CSV"


def test_an_entry_may_lie_deeper(mounted: Path) -> None:
    (mounted / "deep").mkdir()
    (mounted / "deep" / "er.py").write_text("def run(file): return 1\n")
    assert load("deep.er.run")(SimpleNamespace()) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "entry", "words"),
    [
        ("", "main.process", "AttributeError"),
        ("def process(file:", "main.process", "SyntaxError"),
        ("import pandas_is_not_there", "main.process", "No module named 'pandas_is_not_there'"),
        ("import sys; sys.exit(3)", "main.process", "SystemExit: 3"),
        ("1 / 0", "main.process", "ZeroDivisionError"),
        ("raise MemoryError", "main.process", "MemoryError"),
        ("process = 7", "main.process", "is not a function"),
        ("def process(file): pass", "other.process", "No module named"),
        ("def process(file): pass", "process", "Empty module name"),
        ("def process(file): pass", "main.", "AttributeError"),
    ],
)
def test_code_that_cannot_be_imported_is_nobodys_files_fault(
    mounted: Path, world: World, code: str, entry: str, words: str
) -> None:
    (mounted / "main.py").write_text(code)
    world.deploy(entry=entry)
    upload = world.upload()
    with pytest.raises(Fault) as seen:
        world.run(upload)
    assert seen.value.code is Code.CONFIGURATION
    assert entry in str(seen.value)
    assert words in str(seen.value)

    world.rescue(upload, "failed_configuration")
    assert world.status(upload) == "HELD"
    assert world.is_in_input(upload)


def test_a_rule_rejects_also_while_the_users_code_is_broken(mounted: Path, world: World) -> None:
    (mounted / "main.py").write_text("1 / 0")
    world.deploy(entry="main.process")
    upload = world.upload(body=b"")
    world.run(upload)
    assert world.record(upload)["reason_code"] == "EMPTY_FILE"


def test_the_rescuer_never_imports_the_users_code(mounted: Path, world: World) -> None:
    (mounted / "main.py").write_text("import os; os._exit(9)")
    world.deploy(entry="main.process")
    upload = world.upload()
    world.rescue(upload, "failed_exit_status_1")
    assert world.record(upload)["reason_code"] == "FUNCTION_DIED"


def test_a_call_outside_of_an_invocation_is_possible(world: World) -> None:
    file: Any = SimpleNamespace(trouble=None, reads=set())
    assert call(lambda _: {"a": 1}, file) == {"a": 1}
    assert os.getpid()
