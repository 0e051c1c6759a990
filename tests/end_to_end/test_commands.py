"""`make local` as a person meets it: started, started twice, stopped, and in trouble."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import EXPORTS, ROOT

from .test_emulator import group_of

PARTS = (
    "local",
    "handler",
    "components",
    "operate",
    "examples",
    "silent_scalper_arguments",
    "silent_scalper_code",
)
FILES = ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml")
PATIENCE_SECONDS = 40


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project: the tests must not meet a deployment of the developer's own."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "venv")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    for file in FILES:
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.fixture
def running(checkout: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("--port", "0"),
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(checkout / ".local" / "outputs.json", process)
    yield process
    process.kill()
    process.communicate()


def test_a_deployment_is_left_running_told_and_stopped_without_a_trace(
    checkout: Path, running: subprocess.Popen[str]
) -> None:
    outputs = json.loads((checkout / ".local" / "outputs.json").read_text())
    assert outputs.keys() == {*EXPORTS, "endpoint"}
    with urllib.request.urlopen(f"{outputs['endpoint']}/_ministack/ready") as answer:
        assert answer.status == 200

    second = subprocess.run(
        command("--port", "0"), cwd=checkout, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"is running at {outputs['endpoint']}" in second.stderr
    assert "Traceback" not in second.stderr
    assert (checkout / ".local" / "outputs.json").exists()

    emulator = child_of(running.pid)
    running.send_signal(signal.SIGTERM)
    told, _ = running.communicate(timeout=20)
    assert running.returncode == 0
    for name in outputs.values():
        assert name in told
    assert f"curl -T README.md {outputs['endpoint']}/{outputs['input_bucket']}" in told
    assert not group_of(emulator)
    assert not (checkout / ".local").exists()


def test_a_crashed_emulator_ends_the_command_with_its_log(
    checkout: Path, running: subprocess.Popen[str]
) -> None:
    os.killpg(child_of(running.pid), signal.SIGKILL)
    told, _ = running.communicate(timeout=20)
    assert running.returncode == 1
    assert "Error: The emulator stopped by itself" in told
    assert "Traceback" not in told
    assert not (checkout / ".local").exists()


def test_a_busy_port_is_told_and_leaves_nothing(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            command("--port", str(port)),
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 1
    assert f"Error: Port {port} of 127.0.0.1 cannot be used" in ran.stderr
    assert not (checkout / ".local").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("Pulumi.dev.yaml", "max_size_bytes", "max_size_byte", "max_size_bytes"),
        (
            "__main__.py",
            "import pulumi\n",
            "import pulumi, pulumi_aws\npulumi_aws.ecr.Repository('images')\n",
            "Error: The local deployment cannot make aws:ecr/repository:Repository",
        ),
    ],
)
def test_a_program_that_cannot_be_deployed_ends_in_a_sentence(
    checkout: Path, file: str, old: str, new: str, told: str
) -> None:
    program = (checkout / file).read_text()
    assert old in program
    (checkout / file).write_text(program.replace(old, new, 1))
    ran = subprocess.run(
        command("--port", "0"), cwd=checkout, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (checkout / ".local").exists()


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0)])
def test_an_unsuitable_python_is_told_which_ones_suit(version: tuple[int, ...]) -> None:
    script = (
        f"import sys, runpy; sys.version_info = {version}; sys.argv = ['local', 'up']; "
        "runpy.run_module('local', run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "3.11, 3.12 or 3.13 is needed" in ran.stderr


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "local", "up", *options]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(process.communicate()[0])
        time.sleep(0.1)


def child_of(pid: int) -> int:
    """The emulator: the one child of the command."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    (child,) = (int(row[0]) for row in rows if int(row[1]) == pid)
    return child
