"""A file is set aside only on proof: what else may have been the cause holds it."""

import asyncio
import errno
import gzip
import socket
import ssl
import urllib.error
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ReadTimeoutError

import handler
from handler import File, HoldFile, Rejection, user_code
from handler.blame import judged
from handler.model.errors import Fault, ObjectMissing

from .world import World


def answer(code: str, status: int, operation: str = "GetObject") -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


def because(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def while_handling(error: BaseException, context: BaseException) -> BaseException:
    error.__context__ = context
    return error


def a_rejection() -> Rejection:
    return Rejection("BAD", "why")


NOT_THE_FILE: list[tuple[BaseException, str]] = [
    (HoldFile(), "HELD_BY_PROCESS"),
    (HoldFile("the price service is down"), "HELD_BY_PROCESS"),
    (because(ValueError(), HoldFile("down")), "HELD_BY_PROCESS"),
    (while_handling(a_rejection(), HoldFile("down")), "HELD_BY_PROCESS"),
    (ExceptionGroup("", [a_rejection(), HoldFile("down")]), "HELD_BY_PROCESS"),
    # What the system says.
    (ConnectionError(), "SYSTEM_ERROR"),
    (ConnectionResetError(errno.ECONNRESET, "reset"), "SYSTEM_ERROR"),
    (BrokenPipeError(), "SYSTEM_ERROR"),
    (TimeoutError(), "SYSTEM_ERROR"),
    (socket.gaierror(-2, "Name or service not known"), "SYSTEM_ERROR"),
    (ssl.SSLError(1, "handshake failure"), "SYSTEM_ERROR"),
    (urllib.error.URLError("unreachable"), "SYSTEM_ERROR"),
    (OSError(errno.ENOSPC, "No space left on device"), "SYSTEM_ERROR"),
    (OSError(errno.EMFILE, "Too many open files"), "SYSTEM_ERROR"),
    (OSError(errno.EIO, "Input/output error"), "SYSTEM_ERROR"),
    (PermissionError(errno.EACCES, "denied", "/opt/model.bin"), "SYSTEM_ERROR"),
    # It may be a path that the file names, or one that the deployment forgot.
    (FileNotFoundError(errno.ENOENT, "missing", "/opt/model.bin"), "SYSTEM_ERROR"),
    (because(RuntimeError("no database"), ConnectionRefusedError(111, "refused")), "SYSTEM_ERROR"),
    (while_handling(KeyError("x"), TimeoutError("timed out")), "SYSTEM_ERROR"),
    (ExceptionGroup("", [ValueError(), TimeoutError()]), "SYSTEM_ERROR"),
    (ExceptionGroup("", [a_rejection(), ConnectionError()]), "SYSTEM_ERROR"),
    (BaseExceptionGroup("", [asyncio.CancelledError(), ConnectionError()]), "SYSTEM_ERROR"),
    # What AWS says.
    (answer("SlowDown", 503), "AWS_ERROR"),
    (because(a_rejection(), answer("SlowDown", 503)), "AWS_ERROR"),
    (because(a_rejection(), answer("AccessDenied", 403)), "AWS_ERROR"),
    (while_handling(a_rejection(), answer("InternalError", 500)), "AWS_ERROR"),
    (because(a_rejection(), ReadTimeoutError(endpoint_url="https://s3")), "AWS_ERROR"),
    (ExceptionGroup("", [a_rejection(), answer("Throttling", 400)]), "AWS_ERROR"),
]


@pytest.mark.parametrize(("error", "code"), NOT_THE_FILE, ids=lambda it: repr(it)[:60])
def test_what_may_be_over_tomorrow_is_not_held_against_the_file(
    error: BaseException, code: str
) -> None:
    verdict = judged(error)
    assert isinstance(verdict, Fault)
    assert verdict.code == code


BLAMED: list[tuple[BaseException, str]] = [
    (ValueError("x"), "PROCESS_FAILED"),
    (KeyError("x"), "PROCESS_FAILED"),
    (EOFError(), "PROCESS_FAILED"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "PROCESS_FAILED"),
    (MemoryError(), "PROCESS_OUT_OF_MEMORY"),
    (ExceptionGroup("", [ValueError(), a_rejection()]), "PROCESS_FAILED"),
    # The words of parsers: bz2, Pillow and HDF5 raise a bare OSError.
    (gzip.BadGzipFile("Not a gzipped file"), "PROCESS_FAILED"),
    (OSError("Invalid data stream"), "PROCESS_FAILED"),
    (OSError("image file is truncated (3 bytes not processed)"), "PROCESS_FAILED"),
]


@pytest.mark.parametrize(("error", "code"), BLAMED, ids=lambda it: repr(it)[:60])
def test_what_is_about_the_content_is_the_files_fault(error: BaseException, code: str) -> None:
    verdict = judged(error)
    assert isinstance(verdict, Fault)
    assert verdict.code == code


@pytest.mark.parametrize(
    "error",
    [
        a_rejection(),
        because(a_rejection(), ValueError()),
        because(a_rejection(), answer("404", 404)),
        because(a_rejection(), answer("NoSuchKey", 404)),
        because(a_rejection(), answer("ResourceNotFoundException", 400)),
        because(a_rejection(), answer("ConditionalCheckFailedException", 400)),
        # Its author has said what it means.
        because(a_rejection(), FileNotFoundError(errno.ENOENT, "missing", "part-2.csv")),
        because(a_rejection(), TimeoutError()),
        ExceptionGroup("", [a_rejection()]),
        ExceptionGroup("", [a_rejection(), Rejection("WORSE", "why not")]),
        ExceptionGroup("", [ExceptionGroup("", [a_rejection()]), a_rejection()]),
    ],
    ids=lambda it: repr(it)[:60],
)
def test_a_rejection_is_believed_also_in_a_group_of_nothing_else(error: BaseException) -> None:
    verdict = judged(error)
    assert isinstance(verdict, Rejection)
    assert (verdict.code, verdict.reason) == ("BAD", "why")


def held(world: World, process: Callable[[File], Any], upload: Any = None) -> Any:
    """The record of a file on which `process` failed for good."""
    upload = upload or world.upload()
    world.deploy(process=process)
    with pytest.raises(Fault) as seen:
        world.run(upload)
    world.rescue(upload, error=str(seen.value))
    item = world.record(upload)
    assert item["status"] == "HELD"
    assert world.is_in_input(upload)
    return item


def test_process_can_say_that_it_is_not_the_files_fault(world: World) -> None:
    def process(file: File) -> None:
        raise HoldFile("the price service is down")

    item = held(world, process)
    assert item["reason_code"] == "HELD_BY_PROCESS"
    assert item["reason"] == "the price service is down"


def test_what_process_holds_is_tried_again_by_itself(world: World) -> None:
    world.deploy(retries="10")

    def process(file: File) -> None:
        raise HoldFile

    item = held(world, process)
    assert item["reason"] == "process asked to hold the file."
    assert "retry_at" in item


def test_users_import_the_exception_from_the_handler() -> None:
    assert handler.HoldFile is HoldFile
    assert "HoldFile" in handler.__all__


def test_a_group_of_tasks_that_reject_the_file_rejects_it(world: World) -> None:
    async def check(file: File) -> None:
        raise Rejection("BAD_HEADER", "no header")

    async def check_all(file: File) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(check(file))
            tasks.create_task(check(file))

    world.deploy(process=lambda file: asyncio.run(check_all(file)))
    upload = world.upload()
    world.run(upload)
    assert world.record(upload)["reason_code"] == "BAD_HEADER"


# Reading.


def refused(world: World, times: int = 1) -> Any:
    return world.failing("s3.GetObject", times=times, error=answer("SlowDown", 503))


def test_a_read_that_failed_is_not_accepted_although_process_hides_it(world: World) -> None:
    def process(file: File) -> dict[str, int]:
        rows = 0
        with suppress(Exception):
            rows = len(file.open().readlines())
        return {"rows": rows}

    with refused(world):
        assert held(world, process)["reason_code"] == "AWS_ERROR"


def test_a_read_that_failed_in_a_thread_is_not_accepted(world: World) -> None:
    def process(file: File) -> int:
        with ThreadPoolExecutor() as pool:
            reading = pool.submit(lambda: file.open().read())
        return 0 if reading.exception() else len(reading.result())

    with refused(world):
        assert held(world, process)["reason_code"] == "AWS_ERROR"


def test_a_file_that_was_read_in_part_after_a_failure_is_not_accepted(world: World) -> None:
    def process(file: File) -> None:
        with suppress(Exception):
            file.open()
        with file.open() as stream:
            stream.raw.readinto(bytearray(3))  # type: ignore[attr-defined]

    with refused(world):
        assert held(world, process)["reason_code"] == "AWS_ERROR"


# Reading with a client of one's own.


@pytest.fixture
def own_s3(world: World) -> Any:
    """As `boto3.client("s3")` in the user's code, which is loaded after the handler."""
    user_code._own_reads.begin_watching()
    return botocore.session.get_session().create_client("s3", region_name="eu-north-1")


class Failing:
    """Lets the next calls of a client fail."""

    def __init__(self, client: Any, status: int, code: str, times: int) -> None:
        self._answer = f"<Error><Code>{code}</Code></Error>".encode()
        self._status, self._left = status, times
        client.meta.events.register("before-send.s3.GetObject", self._fail)

    def _fail(self, request: Any, **_: Any) -> Any:

        if self._left == 0:
            return None
        self._left -= 1
        raw: Any = type("Raw", (), {"stream": lambda *_, **__: iter([self._answer])})()
        return AWSResponse(request.url, self._status, HTTPHeaders(), raw)


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (403, "InvalidObjectState"), (400, "Odd")]
)
@pytest.mark.parametrize("ending", ["rejects from it", "rejects", "accepts", "fails"])
def test_an_error_of_the_users_own_client_on_the_file_holds_it(
    world: World, own_s3: Any, status: int, code: str, ending: str
) -> None:
    Failing(own_s3, status, code, times=1)

    def process(file: File) -> int:
        try:
            return len(own_s3.get_object(**file.address)["Body"].read())
        except ClientError as error:
            if ending == "rejects from it":
                raise Rejection("UNREADABLE", "it cannot be read") from error
        if ending == "rejects":
            raise Rejection("EMPTY", "there is nothing in it")
        if ending == "fails":
            raise ValueError
        return 0

    assert held(world, process)["reason_code"] == "AWS_ERROR"


def test_a_lost_connection_of_the_users_own_client_holds_the_file(
    world: World, own_s3: Any
) -> None:
    def lose(**_: Any) -> None:
        raise ConnectionResetError(104, "reset")

    own_s3.meta.events.register("before-send.s3.GetObject", lose)

    def process(file: File) -> int:
        with suppress(Exception):
            return len(own_s3.get_object(**file.address)["Body"].read())
        return 0

    assert held(world, process)["reason_code"] == "AWS_ERROR"


def test_the_users_own_client_may_try_again(world: World, own_s3: Any) -> None:
    Failing(own_s3, 403, "AccessDenied", times=1)

    def process(file: File) -> int:
        with suppress(ClientError):
            own_s3.get_object(**file.address)
        return len(own_s3.get_object(**file.address)["Body"].read())

    world.deploy(process=process)
    upload = world.upload(body=b"12345")
    world.run(upload)
    assert world.record(upload)["result"] == 5


def test_what_the_users_own_client_reads_elsewhere_is_its_own_business(
    world: World, own_s3: Any
) -> None:
    other = world.upload("other.csv")
    Failing(own_s3, 403, "AccessDenied", times=1)

    def process(file: File) -> str:
        with suppress(ClientError):
            own_s3.get_object(Bucket="intake-input", Key="other.csv", VersionId=other.version_id)
        return "done"

    world.deploy(process=process)
    upload = world.upload()
    world.run(upload)
    assert world.record(upload)["result"] == "done"


def test_a_file_that_is_gone_for_the_users_own_client_is_gone(world: World, own_s3: Any) -> None:
    def process(file: File) -> int:
        try:
            return len(own_s3.get_object(**file.address)["Body"].read())
        except ClientError as error:
            raise Rejection("UNREADABLE", "it cannot be read") from error

    world.deploy(process=process)
    upload = world.upload()
    world.delete_input(upload)
    world.run(upload)
    assert world.status(upload) == "GONE"


def test_an_error_that_process_made_of_our_own_word_for_missing_is_its_own() -> None:
    verdict = judged(ObjectMissing("mine"))
    assert isinstance(verdict, Fault)
    assert verdict.code == "PROCESS_FAILED"
