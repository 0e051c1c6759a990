"""Passes on what `process` prints, up to a limit a file: a program of its own.

    python -I -S output_copier.py SOURCE CONTROL ANSWERS LIMIT

It reads the pipe SOURCE and writes to its own standard output. `B` on CONTROL begins a file, whose
first LIMIT bytes are kept; `E` ends it, and is answered on ANSWERS with one byte as soon as all
that was printed before is passed on. It is no thread of the function, because the last words of a
function that dies in C code are the ones that are needed most.
"""

import os
import select
import sys


class Copier:
    """What is left of a file's allowance, and what was left out."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.begin()

    def begin(self) -> None:
        self._left, self._dropped, self._mid_line = self._limit, 0, False

    def lift_the_limit(self) -> None:
        self._left = sys.maxsize

    def pass_on(self, data: bytes) -> None:
        kept = data[: self._left]
        self._left -= len(kept)
        if len(kept) < len(data):
            kept = _whole_characters(kept)
        self._dropped += len(data) - len(kept)
        if kept:
            _write(kept)
            self._mid_line = not kept.endswith(b"\n")

    def end(self) -> None:
        """What comes next starts on a new line."""
        if self._mid_line:
            _write(b"\n")
        if self._dropped:
            told = (
                f"(process printed {self._dropped:,} bytes more; {self._limit:,} a file are kept)\n"
            )
            _write(told.encode())
        self.begin()


def _whole_characters(data: bytes) -> bytes:
    """Without the beginning of a character of UTF-8 that the limit cut."""
    last = len(data) - 1
    while last > 0 and len(data) - last < 4 and data[last] & 0xC0 == 0x80:
        last -= 1
    return data[:last] if data and data[last] >= 0xC0 else data


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def _read(source: int) -> bytes | None:
    """What is there; None when nothing is, and empty when nobody is left who could write."""
    try:
        return os.read(source, 65536)
    except BlockingIOError:
        return None


def main(source: int, control: int, answers: int, limit: int) -> None:
    """Copy until the function is gone, and all that it started."""
    os.set_blocking(source, False)
    copier = Copier(limit)
    ready = select.poll()
    ready.register(source, select.POLLIN)
    ready.register(control, select.POLLIN)
    os.write(answers, b"R")
    while True:
        which = [fd for fd, _ in ready.poll()]
        # What begins or ends a file was said before what is read next was printed.
        if control in which:
            word = os.read(control, 1)
            if word == b"B":
                copier.begin()
            elif word == b"E":
                while data := _read(source):
                    copier.pass_on(data)
                copier.end()
                os.write(answers, b".")
            else:
                # The function is gone, or its code has closed what it did not open: nobody is left
                # who would begin a file.
                ready.unregister(control)
                copier.lift_the_limit()
        elif source in which:
            data = _read(source)
            if data == b"":
                return
            copier.pass_on(data or b"")


if __name__ == "__main__":
    # Nobody's child: `os.wait` in the user's code must not meet it.
    if os.fork():
        os._exit(0)
    os.setsid()
    main(*map(int, sys.argv[1:5]))
