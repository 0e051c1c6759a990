"""Every way in which an invocation can end: what is posted, what is logged, and the file's fate.

Who is to blame when the user's code cannot even be loaded is in `test_blame.py`.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.handler.world import Uploaded, retry_event, saved_event

from .deployment import Lambda
from .instance import Invocation


def assert_as_saved(ended: Invocation, name: str) -> None:
    """The tests of the rescuer go by saved failure records: they are what this comes to."""
    assert _form(ended.failure_record()) == _form(saved_event(name))


def _form(record: dict[str, Any]) -> dict[str, Any]:
    """A failure record without what differs between two of one kind."""
    context, payload = record["requestContext"], record["responsePayload"]
    message = payload["errorMessage"].replace(context["requestId"], "ID")
    has_trace = bool(payload.get("stackTrace"))
    return {
        "keys": sorted(record),
        "context": sorted(context),
        "answer": record["responseContext"],
        "payload": payload | {"errorMessage": message, "requestId": "ID", "stackTrace": has_trace},
    }


def fate(function: Lambda, ended: Invocation, upload: object) -> tuple[str, str]:
    item = function.fate_of(upload, ended)  # type: ignore[arg-type]
    return item["status"], item["reason_code"]


def test_a_file_is_processed_and_its_line_is_logged(function: Lambda) -> None:
    function.deploy("def process(file): return {'bytes': len(file.open().read())}")
    upload = function.world.upload(body=b"a,b\n1,2\n")
    ended = function.invoke(upload)
    assert ended.succeeded, ended
    assert ended.posted[0].body is None, "nobody waits for what an asynchronous function returns"
    assert [line["status"] for line in ended.lines] == ["PROCESSED"]
    assert ended.telemetry == [], "what a library logs is paid for with each new instance"
    assert function.world.record(upload)["result"] == {"bytes": 8}


def test_an_instance_takes_one_event_after_the_other(function: Lambda) -> None:
    function.deploy("def process(file): pass")
    uploads = [function.world.upload(f"{n}.csv") for n in range(3)]
    started = function.processor.process.pid
    assert all(function.invoke(one, f"request-{n}").succeeded for n, one in enumerate(uploads))
    assert function.processor.process.pid == started
    assert [function.world.status(one) for one in uploads] == ["PROCESSED"] * 3


def test_a_rejection_is_an_ordinary_end(function: Lambda) -> None:
    function.deploy(
        """
        from silent_scalper import Rejection
        def process(file): raise Rejection("BAD_HEADER", "no header")
        """
    )
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.succeeded
    [line] = ended.lines
    assert (line["status"], line["code"]) == ("QUARANTINED", "BAD_HEADER")
    assert function.world.status(upload) == "QUARANTINED"


def retried(function: Lambda, upload: Uploaded, **invoke: Any) -> Invocation:
    """The last of three tries of the first retry."""
    event = retry_event(upload, 0)
    return [function.invoke(event, "retry-1", **invoke) for _ in range(3)][-1]


RAISED = {
    "raise KeyError('amount')": "process raised KeyError: 'amount'",
    "import sys; sys.exit(3)": "process raised SystemExit: 3",
    "raise KeyboardInterrupt": "process raised KeyboardInterrupt: ",
    "raise type('Panic', (BaseException,), {})('rust')": "process raised Panic: rust",
    "import asyncio; raise asyncio.CancelledError": "process raised CancelledError: ",
    "raise GeneratorExit": "process raised GeneratorExit: ",
    "raise ExceptionGroup('two', [KeyError(1), ValueError(2)])": "process raised ExceptionGroup",
}


@pytest.mark.parametrize("statement", RAISED)
def test_whatever_process_raises_is_posted_as_its_failure_and_the_instance_lives_on(
    function: Lambda, statement: str
) -> None:
    """The runtime client itself catches Exception alone: anything else would end the process."""
    function.deploy(f"def process(file): {statement}")
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert [posted.kind for posted in ended.posted] == ["error"]
    assert ended.payload["errorType"] == "Fault"
    assert ended.payload["errorMessage"].startswith(f"PROCESS_FAILED: {RAISED[statement]}")
    assert [line["status"] for line in ended.lines] == ["FAULT"]
    [error] = ended.errors
    assert error["errorMessage"] == ended.payload["errorMessage"]
    assert error["requestId"] == "request-1"
    assert ended.exit_status is None
    if statement == "raise KeyError('amount')":
        assert_as_saved(ended, "failed_process")
    assert fate(function, ended, upload) == ("QUARANTINED", "PROCESS_FAILED")


ENDED = {
    "os._exit(1)": ("exit status 1", "PROCESS_CRASHED"),
    "os._exit(137)": ("exit status 137", "PROCESS_OUT_OF_MEMORY"),
    "os.kill(os.getpid(), signal.SIGTERM)": ("signal: terminated", "PROCESS_CRASHED"),
    "os.kill(os.getpid(), signal.SIGKILL)": ("signal: killed", "PROCESS_OUT_OF_MEMORY"),
    "os.abort()": ("signal: aborted", "PROCESS_CRASHED"),
    "ctypes.string_at(0)": ("signal: segmentation fault", "PROCESS_CRASHED"),
}
"""What ends the process with nothing posted: how Lambda says it, and the reason recorded once a
retry has proven it."""
SAVED = {
    "os._exit(1)": "failed_exit_status_1",
    "os._exit(137)": "failed_exit_status_137",
    "os.kill(os.getpid(), signal.SIGKILL)": "failed_killed",
    "ctypes.string_at(0)": "failed_segmentation_fault",
}


@pytest.mark.parametrize("statement", ENDED)
def test_a_process_that_ends_the_function_is_held_until_a_retry_has_proven_it(
    function: Lambda, statement: str
) -> None:
    words, code = ENDED[statement]
    function.deploy(f"import ctypes, os, signal\ndef process(file): {statement}")
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.posted == []
    assert ended.exit_status
    assert ended.payload["errorType"] == "Runtime.ExitError"
    assert f"Runtime exited with error: {words}" in ended.payload["errorMessage"]
    if statement in SAVED:
        assert_as_saved(ended, SAVED[statement])
    assert fate(function, ended, upload) == ("HELD", "FUNCTION_DIED")
    assert fate(function, retried(function, upload), upload) == ("QUARANTINED", code)


def test_a_process_that_ends_the_function_without_a_word_is_held_too(function: Lambda) -> None:
    function.deploy("import os\ndef process(file): os._exit(0)")
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.exit_status == 0
    assert "without providing a reason" in ended.payload["errorMessage"]
    assert fate(function, ended, upload) == ("HELD", "FUNCTION_DIED")


def test_the_next_event_of_a_dead_function_meets_a_new_instance(function: Lambda) -> None:
    function.deploy(
        "import os\ndef process(file):\n    if file.name == 'bad.csv': os._exit(1)", files={}
    )
    bad, good = function.world.upload("bad.csv"), function.world.upload("good.csv")
    assert function.invoke(bad, "request-1").exit_status == 1
    assert function.invoke(good, "request-2").succeeded
    assert function.world.status(good) == "PROCESSED"


def test_of_several_files_in_hand_none_is_blamed_for_a_death(function: Lambda) -> None:
    function.deploy("import os\ndef process(file): os._exit(1)")
    uploads = [function.world.upload(f"{n}.csv") for n in range(2)]
    ended = function.invoke({"Records": [upload.record for upload in uploads]})
    function.rescue(ended)
    assert [function.world.status(upload) for upload in uploads] == ["HELD", "HELD"]


# Time.


def test_a_process_that_is_too_slow_is_stopped_by_our_own_alarm_first(function: Lambda) -> None:
    function.deploy("import time\ndef process(file): time.sleep(60)")
    upload = function.world.upload()
    ended = function.invoke(upload, timeout_seconds=3)
    assert not ended.timed_out
    assert_as_saved(ended, "failed_process_late")
    assert fate(function, ended, upload) == ("QUARANTINED", "PROCESS_TIMED_OUT")


def test_a_process_that_no_alarm_can_stop_is_killed_at_the_deadline(function: Lambda) -> None:
    """As C code that never comes back to the interpreter."""
    function.deploy(
        """
        import signal, time
        def process(file):
            print("begun", flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            time.sleep(60)
        """
    )
    upload = function.world.upload()
    ended = function.invoke(upload, timeout_seconds=3)
    assert ended.timed_out
    assert ended.posted == []
    assert ended.exit_status == -9
    assert "begun" in ended.stdout
    assert ended.payload["errorType"] == "Sandbox.Timedout"
    assert ended.payload["errorMessage"].endswith("Error: Task timed out after 3.00 seconds")
    assert fate(function, ended, upload) == ("HELD", "OUT_OF_TIME")


def test_what_process_started_is_killed_with_it(function: Lambda, tmp_path: Path) -> None:
    function.deploy(
        """
        import os, signal, subprocess, time
        def process(file):
            child = subprocess.Popen(["sleep", "60"])
            print(f"child {child.pid}", flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            time.sleep(60)
        """
    )
    ended = function.invoke(function.world.upload(), timeout_seconds=3)
    found = re.search(r"child (\d+)", ended.stdout)
    assert found
    status = Path(f"/proc/{found[1]}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()


# Memory.

GREEDY = """
def process(file):
    kept = []
    while True:
        kept.append(bytearray(8_000_000))
"""


def test_a_process_above_the_functions_memory_is_killed_and_its_file_set_aside(
    function: Lambda,
) -> None:
    function.deploy(GREEDY, memory_mb=256)
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.out_of_memory
    assert ended.exit_status == -9
    assert ended.posted == []
    assert_as_saved(ended, "failed_out_of_memory")
    assert fate(function, ended, upload) == ("HELD", "FUNCTION_DIED")


def test_a_process_whose_allocation_fails_is_set_aside_and_the_instance_lives_on(
    function: Lambda,
) -> None:
    function.deploy(GREEDY, memory_mb=2048, address_space_mb=512)
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.exit_status is None
    assert_as_saved(ended, "failed_process_out_of_memory")
    assert fate(function, ended, upload) == ("QUARANTINED", "PROCESS_OUT_OF_MEMORY")


# A deployment that cannot start.


BROKEN = {
    "a module is missing": ("handler/settings.py", None, "Runtime.ImportModuleError"),
    "a syntax error": ("handler/rules.py", "def f(:", "Runtime.UserCodeSyntaxError"),
    "no such function": ("handler/processor.py", "", "Runtime.HandlerNotFound"),
    "an import that raises": ("handler/rules.py", "1 / 0", "ZeroDivisionError"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_handler_that_cannot_be_imported_holds_the_file(function: Lambda, case: str) -> None:
    """The emulator calls all of these `Runtime.HandlerError`; the runtime client has the say.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
    """
    name, text, kind = BROKEN[case]
    function.deploy("def process(file): pass")
    path = next(function.task.rglob(Path(name).name))
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert [posted.kind for posted in ended.posted] == ["init/error"]
    assert ended.posted[0].error_type == kind
    assert ended.payload["errorType"] == kind
    assert [error["errorType"] for error in ended.errors] == [kind]
    assert ended.exit_status == 1
    status, _ = fate(function, ended, upload)
    assert status == "HELD"


# What the user's code cannot do to the runtime that carries it.


def test_process_sees_nothing_but_what_lambda_ships(function: Lambda) -> None:
    function.deploy(
        """
        import importlib.util
        def process(file):
            names = ("boto3", "botocore", "pulumi", "moto", "pytest", "click", "local", "tests")
            return [name for name in names if importlib.util.find_spec(name)]
        """
    )
    upload = function.world.upload()
    assert function.invoke(upload).succeeded
    assert function.world.record(upload)["result"] == ["boto3", "botocore"]
