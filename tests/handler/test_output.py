"""What `process` prints: all of it works as elsewhere, and only so much of it is paid for."""

# ruff: noqa: PLW0108 - `sys.stdout` is another while `process` runs

import faulthandler
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handler import File, Rejection
from handler.model.errors import Code, Fault
from handler.user_io import output

from .world import World

LIMIT_BYTES = 64 * 1024
say = print


def run(world: World, process: Callable[[File], Any]) -> None:
    world.deploy(process=process)
    world.run(world.upload())


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    """What would be in the function's log."""
    captured = capfd.readouterr()
    assert captured.err == "", "all of it is in one order"
    return captured.out


def a_child_prints(text: str) -> None:
    subprocess.run(["printf", "%s", text], check=True)


def c_code_prints(text: str) -> None:
    os.write(1, text.encode())


WAYS: dict[str, Callable[[str], object]] = {
    "print": say,
    "print to standard error": lambda text: say(text, file=sys.stderr),
    "a child": a_child_prints,
    "a child that is given our output": lambda text: subprocess.run(
        ["printf", "%s", text], stdout=sys.stdout, stderr=sys.stderr, check=True
    ),
    "C code": c_code_prints,
    "bytes": lambda text: sys.stdout.buffer.write(text.encode()),
    "what was there before": lambda text: sys.__stdout__.write(text),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_printed_is_in_the_log_before_the_line_about_the_file(
    world: World, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    run(world, lambda file: WAYS[way]("hello") and None)
    lines = printed(capfd).splitlines()
    assert lines[0] == "hello"
    assert json.loads(lines[1])["status"] == "PROCESSED"


@pytest.mark.parametrize("way", WAYS)
def test_the_limit_holds_whoever_prints(
    world: World, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    run(world, lambda file: [WAYS[way]("x" * 10_000) for _ in range(20)] and None)
    text = printed(capfd)
    assert text.count("x") in range(LIMIT_BYTES - 20, LIMIT_BYTES + 1)
    assert "bytes more; 65,536 a file are kept)\n" in text


def test_a_gigabyte_costs_little_and_is_said(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    megabyte = "x" * 1_000_000

    def process(file: File) -> None:
        for _ in range(1_000):
            say(megabyte)

    run(world, process)
    text = printed(capfd)
    assert len(text) < LIMIT_BYTES + 1_000
    assert "(process printed 999,935,464 bytes more; 65,536 a file are kept)" in text


def test_every_file_has_an_allowance_of_its_own(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.deploy(process=lambda file: say("x" * LIMIT_BYTES + "y" * 10))
    for n in range(2):
        world.run(world.upload(f"{n}.csv"), f"request-{n}")
    text = printed(capfd)
    assert text.count("x") == 2 * LIMIT_BYTES
    assert "yyy" not in text


def test_the_limit_cuts_no_character_in_two(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    run(world, lambda file: say("x" + "€" * LIMIT_BYTES))
    line = printed(capfd).splitlines()[0]
    assert line == "x" + "€" * 21_845


@pytest.mark.parametrize("end", ["", "\N{EURO SIGN}"])
def test_a_line_that_process_leaves_open_does_not_swallow_the_metric(
    world: World, capfd: pytest.CaptureFixture[str], end: str
) -> None:
    def process(file: File) -> None:
        say("no newline at the end", end=end)
        raise Rejection("BAD", "why")

    run(world, process)
    lines = printed(capfd).splitlines()
    assert lines[0] == f"no newline at the end{end}"
    assert json.loads(lines[1])["FilesQuarantined"] == 1


# What libraries ask of an output.


USES: dict[str, Callable[[], object]] = {
    "its encoding": lambda: sys.stdout.encoding.lower(),
    "its errors": lambda: sys.stdout.errors.lower(),  # type: ignore[union-attr]
    "its name and mode": lambda: (sys.stdout.name, sys.stdout.mode),
    "its descriptor": lambda: (sys.stdout.fileno() == 1, sys.stderr.fileno() == 2),
    "whether it is a terminal": lambda: sys.stdout.isatty(),
    "another encoding": lambda: sys.stdout.reconfigure(encoding="latin-1"),  # type: ignore[union-attr]
    "line buffering": lambda: sys.stdout.reconfigure(line_buffering=True),  # type: ignore[union-attr]
    "its bytes": lambda: sys.stdout.buffer.write(b"\xff\xfe"),
    "a wrapper of its own": lambda: io.TextIOWrapper(sys.stdout.buffer, "utf-8").write("x"),
    "lone surrogates": lambda: say("\udcff"),
    "a faulthandler": lambda: [faulthandler.enable(), faulthandler.disable()],  # type: ignore[func-returns-value]
    "to write lines": lambda: sys.stdout.writelines(["a\n", "b\n"]),
    "a child's output": lambda: subprocess.run(["true"], stdout=sys.stdout, check=True),
    "a logger on it": lambda: logging.StreamHandler(sys.stdout).emit(
        logging.LogRecord("x", 20, "x", 1, "hello", (), None)
    ),
}


@pytest.mark.parametrize("use", USES)
def test_what_libraries_ask_of_an_output_works(world: World, use: str) -> None:
    upload = world.upload()
    world.deploy(process=lambda file: USES[use]() and None)
    world.run(upload)
    assert world.status(upload) == "PROCESSED"


HARM: dict[str, Callable[[], object]] = {
    "closes it": lambda: sys.stdout.close(),
    "detaches it": lambda: sys.stdout.detach(),  # type: ignore[union-attr]
    "puts something else there": lambda: setattr(sys, "stdout", io.StringIO()),
    "puts nothing there": lambda: setattr(sys, "stdout", None),
    "gives it another encoding": lambda: sys.stdout.reconfigure(encoding="utf-16"),  # type: ignore[union-attr]
    "closes its descriptor": lambda: os.close(1),
    "sends its descriptor elsewhere": lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 1),
    "sends both elsewhere": lambda: os.closerange(1, 3),
}


@pytest.mark.parametrize("harm", HARM)
def test_what_process_does_to_its_output_is_over_with_the_file(
    world: World, capfd: pytest.CaptureFixture[str], harm: str
) -> None:
    before = sys.stdout, sys.stderr
    world.deploy(process=lambda file: HARM[harm]() and None)
    first, second = world.upload("1.csv"), world.upload("2.csv")
    world.run(first, "request-1")
    world.deploy(process=lambda file: say("still heard"))
    world.run(second, "request-2")
    assert (sys.stdout, sys.stderr) == before
    lines = printed(capfd).splitlines()
    assert [json.loads(line)["status"] for line in lines if "{" in line] == ["PROCESSED"] * 2
    assert "still heard" in lines


def test_what_a_child_prints_after_its_file_counts_for_the_next(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    children = []

    def process(file: File) -> None:
        script = "sleep 0.3; head -c 200000 /dev/zero | tr '\\0' x"
        children.append(subprocess.Popen(["sh", "-c", script]))

    run(world, process)
    world.deploy(process=lambda file: children[0].wait() and None)
    world.run(world.upload("2.csv"), "request-2")
    assert printed(capfd).count("x") == LIMIT_BYTES


def test_a_thread_that_goes_on_printing_keeps_nobody_waiting(world: World) -> None:
    over = threading.Event()

    def forever() -> None:
        while not over.wait(0.001):
            say("still here")

    thread = threading.Thread(target=forever)
    run(world, lambda file: thread.start())
    over.set()
    thread.join()


# When it cannot be limited.


@pytest.fixture
def _another_copier() -> Iterator[None]:
    """What a test does to it is over with the test."""
    output.prepare()
    yield
    assert output._copier
    output._copier.close()
    output._copier = None


@pytest.mark.usefixtures("_another_copier")
@pytest.mark.parametrize("trouble", ["no such program", "no descriptor", "it dies at once"])
def test_where_it_cannot_be_limited_it_is_printed_all_the_same(
    world: World,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    trouble: str,
) -> None:
    if trouble == "no such program":
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    elif trouble == "it dies at once":
        monkeypatch.setattr(output, "_COPIER", tmp_path / "missing.py")
    else:
        monkeypatch.setattr(os, "pipe", lambda: (_ for _ in ()).throw(OSError(24, "too many")))
    run(world, lambda file: say("x" * LIMIT_BYTES * 2))
    assert capfd.readouterr().out.count("x") == 2 * LIMIT_BYTES


def keeps_printing() -> None:
    for _ in range(100):
        say("x" * 10_000)


def has_a_child_that_keeps_printing() -> None:
    subprocess.run(["head", "-c", "1000000", "/dev/zero"], check=True)


@pytest.mark.usefixtures("_another_copier")
@pytest.mark.parametrize(
    ("prints", "code"),
    [
        (keeps_printing, Code.SYSTEM_ERROR),
        (has_a_child_that_keeps_printing, Code.INTERNAL_ERROR),
    ],
)
def test_a_file_is_not_blamed_for_output_that_nobody_takes(
    world: World, prints: Callable[[], None], code: Code
) -> None:
    def process(file: File) -> None:
        # Whoever kills all that it finds meets it, though it is no child.
        found = subprocess.run(["pgrep", "-f", "output_copier.py"], capture_output=True, check=True)
        for pid in map(int, found.stdout.split()):
            reader = Path(f"/proc/{pid}/fd")
            ours = os.readlink("/proc/self/fd/1")
            if any(os.readlink(fd) == ours for fd in reader.iterdir()):
                os.kill(pid, signal.SIGKILL)
        prints()

    world.deploy(process=process)
    upload = world.upload()
    with pytest.raises(Fault) as seen:
        world.run(upload)
    assert seen.value.code is code
    world.deploy(process=lambda file: say("x"))
    world.run(upload, "request-2")
    assert world.status(upload) == "PROCESSED"
