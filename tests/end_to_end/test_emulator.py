"""The emulator runs code without a password: it is ours alone, and leaves nothing behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core.lambda_runtime import Worker

from local.deployment import ROOT
from local.emulator import Emulator, free_port
from local.errors import EmulatorError
from local.keeper import keep_every_log_line

from .conftest import Pipeline

LISTENS = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/net/tcp").exists(), reason="reads open sockets from Linux's /proc"
)


@needs_proc
def test_the_emulator_and_its_functions_listen_on_loopback_alone(pipeline: Pipeline) -> None:
    pipeline.fate_of(pipeline.drop("starts-a-function.csv"))
    family = group_of(pipeline.deployment.emulator.pid)
    assert len(family) > 1, "no function process is running"
    addresses = {address for pid in family for address in listening_addresses(pid)}
    assert addresses
    assert addresses <= LOOPBACK


def test_stopping_leaves_no_process_and_no_file() -> None:
    with Emulator() as emulator:
        pid, folder = emulator.pid, emulator.folder
    assert not group_of(pid)
    assert not folder.exists()


@needs_proc
def test_an_emulator_whose_parent_is_killed_ends_too() -> None:
    script = (
        "import time; from local.emulator import Emulator; e = Emulator(); e.start(); "
        "print(e.pid, e.folder, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        pid, folder = parent.stdout.readline().decode().split()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while group_of(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not group_of(int(pid))
    assert not Path(folder).exists()


def test_a_busy_port_is_told_with_the_way_out() -> None:
    with Emulator(port=free_port()) as first:
        port = int(first.endpoint.rpartition(":")[2])
        with pytest.raises(EmulatorError, match=rf"Port {port} .*LOCAL_PORT"):
            Emulator(port=port).start()


def test_an_emulator_that_died_is_told_with_its_log() -> None:
    with Emulator() as emulator:
        emulator.check()
        os.killpg(emulator.pid, signal.SIGKILL)
        emulator._process.wait()  # type: ignore[union-attr]
        with pytest.raises(EmulatorError, match="stopped by itself"):
            emulator.check()


def test_nothing_of_the_callers_environment_reaches_a_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of mine")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    with Emulator() as emulator:
        environment = Path(f"/proc/{emulator.pid}/environ")
        if not environment.exists():
            pytest.skip("reads the environment from Linux's /proc")
        names = {line.split(b"=")[0] for line in environment.read_bytes().split(b"\0")}
    assert names.isdisjoint({b"AWS_SECRET_ACCESS_KEY", b"AWS_PROFILE", b"GITHUB_TOKEN"})


def group_of(pid: int) -> list[int]:
    """The living processes of the process group `pid`: the emulator and its functions."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(row[0]) for row in rows if int(row[1]) == pid and not row[2].startswith("Z")]


def listening_addresses(pid: int) -> Iterator[str]:
    """The addresses, in the kernel's hex, on which the process takes connections."""
    sockets = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(os.readlink(file))
        except FileNotFoundError:
            continue
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and f"socket:[{fields[9]}]" in sockets:
                yield fields[1].partition(":")[0]


@pytest.mark.parametrize("drain", ["_drain_stderr", "_drain_stderr_bounded"])
def test_a_line_that_a_busy_machine_reads_late_is_in_the_log_of_its_own_invocation(
    drain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has been written when the function answers, and is read a while later."""
    for name in ("_drain_stderr", "_drain_stderr_bounded"):
        monkeypatch.setattr(Worker, name, getattr(Worker, name))
    keep_every_log_line()
    source, target = os.pipe()
    worker: Any = Worker.__new__(Worker)
    worker._stderr_queue = queue.Queue()
    with os.fdopen(source) as stderr, os.fdopen(target, "w") as function:
        worker._proc = SimpleNamespace(stderr=stderr)
        print("PROCESSED a.csv", file=function, flush=True)
        late = threading.Timer(0.3, worker._read_stderr)
        late.start()
        assert getattr(worker, drain)() == "PROCESSED a.csv"
        function.close()
        late.join()
