"""What one contender takes for its first file and for each file after it."""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import stub
from .contenders import Contender, installed

WARMING, COUNTED = 10, 40
"""Files after the first: those that fill the caches, and those that are counted."""
RESTED = 3
"""Files that are counted when each finds its connections closed."""
SHIPPED = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What the Lambda runtime brings along, by import name."""
_RUNTIME = Path(__file__).parent / "lambda_runtime.py"
_EVENT = Path(__file__).parents[1] / "tests/events/s3_put.json"


@dataclass(frozen=True)
class Measured:
    """Of one contender. Instructions are those of the process, as callgrind counts them."""

    cold_instructions: int
    """From the start of the interpreter until the first file is done."""
    warm_instructions: int
    """For each file after that."""
    rested_instructions: int
    """For each of them when AWS has closed the connections since the one before."""
    calls: dict[str, int]
    """Of AWS for one accepted file, by service and operation."""
    log_bytes: int
    """Written for one file, its key not counted. Lambda adds three lines of its own, for all."""
    peak_memory_kilobytes: int
    archive_bytes: int


@dataclass(frozen=True)
class Machine:
    """The folders that a function finds on its machine."""

    task: Path
    """Its unzipped archive; without byte code, and not to be written."""
    runtime: Path
    """What the Lambda runtime brings along, with byte code."""
    roots: Path
    """The certificates that are trusted."""


def can_count() -> bool:
    """True where there is valgrind."""
    return shutil.which("valgrind") is not None


def measure(
    contender: Contender, alter: Callable[[Machine], None] = lambda machine: None
) -> Measured:
    """Run `contender` as it is, for calls, log and memory, and again under callgrind.

    `alter` may change its machine before. Raises RuntimeError with the output of a run that failed.
    """
    groups = _groups(contender.bucket)
    files = sum(map(len, groups))
    with TemporaryDirectory() as name, stub.serving(folder := Path(name)) as aws:
        machine = Machine(folder / "task", folder / "runtime", aws.ca_bundle)
        contender.unzip(machine.task)
        _lay_runtime(machine.runtime)
        alter(machine)
        (folder / "events.json").write_text(json.dumps(groups))
        command = [
            # No site-packages, nothing of the caller's folder.
            *(sys.executable, "-S", "-s", "-P", str(_RUNTIME)),
            *(str(machine.task), str(machine.runtime), contender.handler),
            *(str(folder / "events.json"), str(folder / "memory")),
        ]
        environment = _environment(contender, aws)
        log = _run(command, environment)
        calls = aws.take_calls()
        memory = int((folder / "memory").read_text())
        callgrind = [
            *("valgrind", "--tool=callgrind", "--quiet"),
            *("--dump-before=getppid", f"--callgrind-out-file={folder / 'counts'}"),
        ]
        _run([*callgrind, *command], environment)
        if (others := aws.take_calls()) != calls:
            raise RuntimeError(f"{contender.name} called {calls}, and under callgrind {others}")
        cold, _, warm = (_instructions(folder / f"counts.{part}") for part in (1, 2, 3))
        aws.closes = True
        (folder / "events.json").write_text(json.dumps([group[:RESTED] for group in groups]))
        _run([*callgrind, *command], environment)
        rested = _instructions(folder / "counts.3")
    keys = sum(len(_key(number)) for number in range(files))
    return Measured(
        cold_instructions=cold,
        warm_instructions=warm // COUNTED,
        rested_instructions=rested // RESTED,
        calls={call: _whole(count, files) for call, count in sorted(calls.items())},
        log_bytes=round((len(log) - keys) / files),
        peak_memory_kilobytes=memory,
        archive_bytes=len(contender.archive),
    )


def _lay_runtime(folder: Path) -> None:
    folder.mkdir()
    for package in SHIPPED:
        (folder / installed(package).name).symlink_to(installed(package))
    # A module's byte code lies beside its link.
    compileall.compile_dir(folder, maxlevels=0, quiet=1)


def _groups(bucket: str) -> list[list[Any]]:
    events = [_event(bucket, number) for number in range(1 + WARMING + COUNTED)]
    return [events[:1], events[1 : 1 + WARMING], events[1 + WARMING :]]


def _key(number: int) -> str:
    return f"in/2026-03-02/measurements-{number:06}.csv"


def _event(bucket: str, number: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(_EVENT.read_text())
    s3 = event["Records"][0]["s3"]
    s3["bucket"] |= {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}
    s3["object"] |= {"key": _key(number), "sequencer": f"0055AED6DCD9{number:06X}"}
    return event


def _environment(contender: Contender, aws: stub.Stub) -> dict[str, str]:
    return {
        **contender.environment,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_SESSION_TOKEN": "benchmark",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_CA_BUNDLE": str(aws.ca_bundle),
        "HOME": "/nonexistent",
        "LANG": "en_US.UTF-8",
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
    }


def _run(command: list[str], environment: dict[str, str]) -> bytes:
    ran = subprocess.run(command, env=environment, capture_output=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stderr.decode()}")
    return ran.stdout + ran.stderr


def _instructions(counts: Path) -> int:
    found = re.search(r"^(?:summary|totals): (\d+)", counts.read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError(f"callgrind left no total in {counts}")
    return int(found[1])


def _whole(count: int, files: int) -> int:
    if count % files:
        raise RuntimeError(f"{count} calls for {files} files: not the same for every file")
    return count // files
