"""Good files that meet bad code, on Lambda's own runtime client: none of them is blamed."""

from typing import Any

import pytest

from tests.handler.world import Uploaded, retry_event

from .deployment import Lambda
from .instance import Invocation
from .test_endings import fate, retried

FINE = "def process(file): return 1\n"


@pytest.mark.parametrize(
    "raised",
    [
        "raise KeyboardInterrupt",
        "raise type('PanicException', (BaseException,), {})('rust')",
        "import asyncio; raise asyncio.CancelledError",
        "raise GeneratorExit",
        "__import__('no_such_package')",
    ],
)
def test_whatever_loading_the_code_raises_is_of_the_deployment(
    function: Lambda, raised: str
) -> None:
    function.deploy(f"{raised}\n{FINE}")
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.exit_status is None, "the instance lives on"
    assert ended.payload["errorMessage"].startswith("CONFIGURATION: process_entry 'main.process'")
    assert fate(function, ended, upload) == ("HELD", "CONFIGURATION")


DYING = {
    "os._exit(1)": "FUNCTION_DIED",
    "os.kill(os.getpid(), signal.SIGKILL)": "FUNCTION_DIED",
    "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); time.sleep(60)": (
        "OUT_OF_TIME"
    ),
}


@pytest.mark.parametrize("statement", DYING)
def test_a_death_while_the_code_is_loaded_is_not_held_against_the_file_not_even_in_a_retry(
    function: Lambda, statement: str
) -> None:
    function.deploy(f"import os, signal, time\n{statement}\n{FINE}")
    upload = function.world.upload()
    ended = function.invoke(upload, timeout_seconds=3)
    assert ended.exit_status
    assert fate(function, ended, upload) == ("HELD", DYING[statement])
    again = retried(function, upload, timeout_seconds=3)
    assert fate(function, again, upload) == ("HELD", DYING[statement])
    assert function.world.is_in_input(upload)


def test_code_that_takes_all_memory_while_it_is_loaded_blames_no_file(function: Lambda) -> None:
    function.deploy(f"kept = [bytearray(8_000_000) for _ in range(1000)]\n{FINE}", memory_mb=256)
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.out_of_memory
    assert fate(function, ended, upload) == ("HELD", "FUNCTION_DIED")
    again = retried(function, upload)
    assert again.out_of_memory
    assert fate(function, again, upload) == ("HELD", "FUNCTION_DIED")


def test_a_retry_that_is_killed_at_every_try_with_the_file_in_hand_proves_it(
    function: Lambda,
) -> None:
    function.deploy(
        """
        import signal, time
        def process(file):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            time.sleep(60)
        """
    )
    upload = function.world.upload()
    assert fate(function, function.invoke(upload, timeout_seconds=2), upload)[0] == "HELD"
    again = retried(function, upload, timeout_seconds=2)
    assert again.timed_out
    assert fate(function, again, upload) == ("QUARANTINED", "PROCESS_TIMED_OUT")


def hanging(function: Lambda, name: str) -> None:
    """That call of AWS gets no answer any more."""

    def hang(call: Any) -> Any:
        if str(call) == name:
            function.aws.over.wait(30)
        return None

    function.aws.before = hang


def held(function: Lambda, ended: Invocation, upload: Uploaded) -> str:
    function.aws.before = lambda call: None
    status, code = fate(function, ended, upload)
    assert status == "HELD"
    return code


def test_a_time_limit_that_process_sets_and_clears_leaves_ours(function: Lambda) -> None:
    function.deploy(
        """
        import signal
        def process(file):
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.alarm(30)
            signal.alarm(0)
        """
    )
    upload = function.world.upload()
    hanging(function, "dynamodb.PutItem")
    ended = function.invoke(upload, timeout_seconds=6)
    assert not ended.timed_out
    assert held(function, ended, upload) == "OUT_OF_TIME"


def test_a_read_that_hangs_in_a_thread_is_not_held_against_the_file(function: Lambda) -> None:
    function.deploy(
        """
        import threading
        def process(file):
            reader = threading.Thread(target=lambda: file.open().read(), daemon=True)
            reader.start()
            reader.join()
        """
    )
    upload = function.world.upload()
    hanging(function, "s3.GET")
    ended = function.invoke(upload, timeout_seconds=6)
    assert not ended.timed_out
    assert held(function, ended, upload) == "OUT_OF_TIME"


def test_a_read_that_hangs_in_a_client_of_process_is_not_held_against_the_file(
    function: Lambda,
) -> None:
    function.deploy(
        """
        import boto3
        def process(file):
            try:
                boto3.client("s3").get_object(**file.address)
            except:
                return 0
        """
    )
    upload = function.world.upload()
    hanging(function, "s3.GET")
    ended = function.invoke(upload, timeout_seconds=6)
    assert not ended.timed_out
    assert held(function, ended, upload) == "OUT_OF_TIME"


LEFT_BEHIND = {
    "an alarm": "signal.signal(signal.SIGALRM, fail); signal.setitimer(signal.ITIMER_REAL, 0.1)",
    "blocked signals": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    "another folder": "folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)",
    "another environment": "os.environ.update("
    "{name: 'elsewhere' for name in os.environ if name.startswith(('AWS_', 'SCALPER_'))})",
    "no environment": "os.environ.clear()",
    "another path": "sys.path[:] = ['/nowhere']",
    "another locale": "os.environ['LC_ALL'] = 'C'; locale.setlocale(locale.LC_ALL, 'C')",
    "another time zone": "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
    "a thread": "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "a thread that is awaited": "threading.Thread(target=time.sleep, args=(60,)).start()",
    "a child": "subprocess.Popen(['sleep', '60'])",
    "another output": "sys.stdout = sys.stderr = open(os.devnull, 'w')",
    "a short time-out": "socket.setdefaulttimeout(0.000001)",
    "other decimals": "decimal.getcontext().prec = 1",
    "a seed": "random.seed(1)",
    "an umask": "os.umask(0o777)",
}
"""What `process` may leave, as statements."""


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_what_process_leaves_behind_harms_no_later_file(function: Lambda, what: str) -> None:
    function.deploy(
        f"""
import decimal, locale, os, random, signal, socket, subprocess, sys, tempfile, threading, time
from silent_scalper import Rejection
def fail(*_): raise AssertionError("left behind")
def process(file):
    if file.name == "bad.csv":
        raise Rejection("BAD", "why")
    rows = len(file.open().readlines())
    if file.name == "first.csv":
        {LEFT_BEHIND[what]}
    return rows
"""
    )
    first, good, bad = (function.world.upload(f"{name}.csv") for name in ("first", "good", "bad"))
    for number, upload in enumerate((first, good, bad)):
        ended = function.invoke(upload, f"request-{number}", timeout_seconds=20)
        assert ended.succeeded, (ended.payload, ended.stdout)
        assert len(ended.lines) == 1, "its line is logged"
    assert function.world.status(good) == "PROCESSED"
    assert function.world.record(bad)["reason_code"] == "BAD"


def test_what_the_system_refuses_process_holds_the_file(function: Lambda) -> None:
    function.deploy(
        """
        import urllib.request
        def process(file):
            urllib.request.urlopen("http://127.0.0.1:9/", timeout=2)
        """
    )
    upload = function.world.upload()
    assert fate(function, function.invoke(upload), upload) == ("HELD", "SYSTEM_ERROR")


def test_a_retry_of_a_file_that_was_held_is_accepted_by_mended_code(function: Lambda) -> None:
    function.deploy("import os\ndef process(file): os._exit(1)")
    upload = function.world.upload()
    assert fate(function, function.invoke(upload), upload)[0] == "HELD"
    function.deploy(FINE)
    assert function.invoke(retry_event(upload, 0), "retry-1").succeeded
    assert function.world.status(upload) == "PROCESSED"
