"""What `process` prints and logs goes to the function's log up to a limit, whoever writes it.

File descriptors 1 and 2 are a pipe while `process` runs, so that the limit holds for `print`, for
child processes and for C code alike, and `sys.stdout` and `sys.stderr` are what they are elsewhere.
On Lambda `logging` goes past them: it has the same limit of its own.
"""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LIMIT_BYTES = 64 * 1024
"""What `process` may print for one file, and log: every byte of a log is paid for."""
_COPIER = Path(__file__).with_name("output_copier.py")
_STDOUT, _STDERR = 1, 2


@contextmanager
def limited() -> Iterator["Output"]:
    """What is printed and logged in the block is passed on up to `LIMIT_BYTES` each."""
    output = Output()
    with _logging_limited(), _printing_limited(output):
        yield output


class Output:
    """How it went with what was printed."""

    lost = False
    """True when what passes it on has died: who printed then may have been told of a broken pipe,
    or killed for it."""


def prepare() -> None:
    """Start what the first `limited` needs, while there is other work to do."""
    global _copier  # noqa: PLW0603 - one an instance, as its descriptors are
    target = _target()
    if _copier is None or not _copier.serves(target):
        if _copier:
            _copier.close()
        _copier = _Copier(target)


@contextmanager
def _printing_limited(output: Output) -> Iterator[None]:
    ours = sys.stdout, sys.stderr
    _flush(*ours)
    prepare()
    assert _copier is not None
    begun = _copier.begin()
    try:
        yield
    finally:
        _flush(sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = ours
        if begun:
            output.lost = not _copier.end()


def _target() -> int:
    try:
        return int(sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        return _STDOUT


def _flush(*streams: Any) -> None:
    for stream in streams:
        # The user's code may have put anything there, or closed it.
        with suppress(Exception):
            stream.flush()


class _Copier:
    """The program of `output_copier.py`, the pipe that it reads, and what the pipe replaces."""

    def __init__(self, target: int) -> None:
        self._identity = _identity(target)
        self._pipe = self._control = self._answers = -1
        self._saved: tuple[_Descriptor, _Descriptor] | None = None
        self._ours: list[_Descriptor] = []
        self._asked = 0
        """Answers that are still to come."""
        self._program: subprocess.Popen[bytes] | None = None
        if hasattr(os, "fork") and sys.executable:
            with suppress(OSError):
                self._start(target)

    def _start(self, target: int) -> None:
        source, self._pipe = os.pipe()
        control, self._control = os.pipe()
        self._answers, answers = os.pipe()
        theirs = (source, control, answers)
        self._ours = [_Descriptor(it) for it in (self._pipe, self._control, self._answers)]
        try:
            self._program = subprocess.Popen(
                [sys.executable, "-I", "-S", _COPIER, *map(str, theirs), str(LIMIT_BYTES)],
                stdin=subprocess.DEVNULL,
                stdout=target,
                pass_fds=theirs,
            )
            self._asked = 1
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def serves(self, target: int) -> bool:
        """False when standard output has become something else since, or our pipes have."""
        self._restore()
        return self._identity == _identity(target) and all(it.is_same for it in self._ours)

    def begin(self) -> bool:
        """Put the pipe in place of the descriptors; False when there is none."""
        if self._program is None:
            return False
        try:
            self._program.wait()
            self._answered()
            os.write(self._control, b"B")
            self._saved = _Descriptor(os.dup(_STDOUT)), _Descriptor(os.dup(_STDERR))
            os.dup2(self._pipe, _STDOUT)
            os.dup2(self._pipe, _STDERR)
        except OSError:
            self._restore()
            return False
        sys.stdout, sys.stderr = _stream(_STDOUT, "<stdout>"), _stream(_STDERR, "<stderr>")
        return True

    def end(self) -> bool:
        """Put the descriptors back, and wait until all that was printed is passed on.

        False when nobody is left who would.
        """
        self._restore()
        if not all(it.is_same for it in self._ours):
            return True
        try:
            os.write(self._control, b"E")
            self._asked += 1
            self._answered()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """It ends when nobody is left who could print."""
        for descriptor in self._ours:
            descriptor.close()
        if self._program:
            self._program.wait()

    def _answered(self) -> None:
        """Raises OSError when nobody answers any more."""
        while self._asked:
            if not os.read(self._answers, 1):
                raise BrokenPipeError
            self._asked -= 1

    def _restore(self) -> None:
        if self._saved is None:
            return
        saved, self._saved = self._saved, None
        # Each by itself: an alarm may ring in between, and the user's code may have closed one.
        try:
            _put_back(saved[0], _STDOUT)
        finally:
            _put_back(saved[1], _STDERR)


def _put_back(saved: "_Descriptor", descriptor: int) -> None:
    if saved.is_same:
        os.dup2(saved.number, descriptor)
        saved.close()


class _Descriptor:
    """One of ours: the user's code may close it, and then its number is another's."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._identity = _identity(number)

    @property
    def is_same(self) -> bool:
        return _identity(self.number) == self._identity

    def close(self) -> None:
        if self.is_same:
            os.close(self.number)


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


_copier: _Copier | None = None


class _Unbuffered(io.TextIOWrapper):
    """Passes each text on at once, as Lambda's standard output does."""

    mode = "w"  # as Python's own has it

    def write(self, text: str) -> int:
        count = super().write(text)
        self.flush()
        return count


def _stream(descriptor: int, name: str) -> io.TextIOWrapper:
    """A new one for each file: what `process` makes of it is over with the file."""
    raw = io.FileIO(descriptor, "w", closefd=False)
    raw.name = name
    # No text of the user's is a reason to fail: what UTF-8 cannot carry is escaped.
    return _Unbuffered(io.BufferedWriter(raw), "utf-8", "backslashreplace")


@contextmanager
def _logging_limited() -> Iterator[None]:
    """What of Lambda's handlers of `logging` writes elsewhere than to standard output."""
    sinks = [
        _LimitedSink(handler)
        for handler in logging.getLogger().handlers
        if hasattr(handler, "log_sink")
    ]
    try:
        yield
    finally:
        for sink in sinks:
            sink.end()


class _LimitedSink:
    """In place of a handler's sink, as the runtime client calls where records go.

    Source: https://github.com/aws/aws-lambda-python-runtime-interface-client
    """

    def __init__(self, handler: Any) -> None:
        self._handler, self._sink = handler, handler.log_sink
        self._left, self._dropped = LIMIT_BYTES, 0
        handler.log_sink = self

    def log(self, text: str, *rest: Any, **named: Any) -> None:
        size = len(text.encode("utf-8", "replace"))
        if size > self._left:
            # What comes after it would seem to follow what came before.
            self._left = 0
            self._dropped += size
            return
        self._left -= size
        self._sink.log(text, *rest, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)

    def end(self) -> None:
        if self._handler.log_sink is self:
            self._handler.log_sink = self._sink
        if self._dropped:
            print(
                f"(process logged {self._dropped:,} bytes more; {LIMIT_BYTES:,} a file are kept)",
                flush=True,
            )
