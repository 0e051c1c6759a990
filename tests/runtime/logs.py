"""What an instance writes: standard output and error, and the frames of the telemetry descriptor.

On Lambda `logging` and the runtime's own error lines go past standard output, as frames: a type,
a length (four bytes each), a time in microseconds (eight), then the text. The layout is the one
that `awslambdaric.bootstrap.FramedTelemetryLogSink` writes.
"""

import array
import fcntl
import json
import os
import select
import struct
import termios
import threading
import time
from typing import Any

FRAME = struct.Struct(">IIQ")


class Pipe:
    """Reads whatever is written to `writer`, so that nobody who writes has to wait."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        self._read = bytearray()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        while not self._closing.is_set():
            if not select.select([self._reader], [], [], 0.1)[0]:
                continue
            with self._lock:
                chunk = os.read(self._reader, 1 << 20)
                self._read += chunk
            if not chunk:
                break

    def close_writer(self) -> None:
        """Once the instance has its own copy."""
        os.close(self.writer)

    def take(self) -> bytes:
        """All that was written until now and not taken yet."""
        waiting = array.array("i", [1])
        while waiting[0]:
            fcntl.ioctl(self._reader, termios.FIONREAD, waiting)
            if waiting[0]:
                time.sleep(0.001)
        with self._lock:
            taken = bytes(self._read)
            self._read.clear()
        return taken

    def wait_for_end(self, seconds: float) -> None:
        """Until nobody is left who could write."""
        self._thread.join(seconds)

    def close(self) -> None:
        """Also when a child that left its group could still write."""
        self._closing.set()
        self._thread.join()
        os.close(self._reader)


def frames(raw: bytes) -> list[str]:
    """The texts of the telemetry frames in `raw`."""
    texts, at = [], 0
    while at < len(raw):
        kind, length, _ = FRAME.unpack_from(raw, at)
        assert kind >> 16 == 0xA55A, f"not a frame: {raw[at : at + 40]!r}"
        at += FRAME.size
        texts.append(raw[at : at + length].decode())
        at += length
    return texts


def objects(lines: list[str]) -> list[dict[str, Any]]:
    """The lines that are JSON objects."""
    found = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
