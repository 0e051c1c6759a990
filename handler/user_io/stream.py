"""An object of S3 as a stream that can seek, for a price that depends on how it is read.

From its beginning to its end it is one GetObject, as it comes. Who goes elsewhere, as who opens a
zip file does, has a small object in memory from then on, and of a large one pays a GetObject for
each place: for a piece that doubles for as long as it is read on.
"""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ..model.errors import Code, Fault, described

IN_MEMORY_BYTES = 8 * 1024 * 1024
"""An object up to this size is asked for once, wherever in it is read."""
PIECE_BYTES = 256 * 1024
"""The least that is asked for of a larger one, and what is read past rather than asked for anew."""
LARGEST_PIECE_BYTES = 64 * 1024 * 1024


class SeekableBody(io.RawIOBase):
    """The object that `get` gives: GetObject, which takes further arguments.

    Its errors, and those in the contexts that `reading` gives, are the handler's own. `read_until`
    is called with how much of the object, from its beginning, was read without a gap.
    """

    def __init__(
        self,
        get: Callable[..., Any],
        reading: Callable[[], AbstractContextManager[None]],
        read_until: Callable[[int], object],
    ) -> None:
        self._get, self._reading, self._read_until = get, reading, read_until
        self._position = self._without_gap = 0
        self._piece_bytes = PIECE_BYTES
        answer = get()
        self._size: int = answer["ContentLength"]
        # In a bucket without versioning another object may take its place meanwhile.
        self._same = {"IfMatch": answer["ETag"]} if answer.get("ETag") else {}
        self._body, self._body_at, self._body_end = answer["Body"], 0, self._size
        self._is_held = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            # As a file on disk says it; who looks for a zip file's end relies on it. Without a
            # number, because it is the file's content, not the system, that led here.
            raise OSError("a place before the beginning of the file")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        ends_here = self._body_at == self._body_end < self._size
        if self._body_at != self._position or ends_here:
            if self._position >= self._size:
                return 0
            self._go(len(buffer))
        chunk = self._read(len(buffer))
        if self._position <= self._without_gap:
            self._without_gap = max(self._without_gap, self._position + len(chunk))
        self._position += len(chunk)
        buffer[: len(chunk)] = chunk
        self._read_until(self._without_gap)
        return len(chunk)

    def _go(self, wanted: int) -> None:
        """Have the body stand where the next byte is wanted."""
        is_small = self._size <= IN_MEMORY_BYTES
        if is_small and (self._is_held or self._body_at == 0):
            self._hold()
        elif self._body_at < self._position < min(self._body_end, self._body_at + PIECE_BYTES):
            while self._body_at < self._position and self._read(self._position - self._body_at):
                pass
        elif is_small:
            self._hold()
        else:
            self._ask_from_here(wanted)

    def _hold(self) -> None:
        if not self._is_held:
            if self._body_at:
                self._body.close()
                self._body, self._body_at = self._get(**self._same)["Body"], 0
            self._body, self._is_held = io.BytesIO(self._read(self._size)), True
        self._body.seek(self._position)
        self._body_at, self._body_end = self._position, self._size

    def _ask_from_here(self, wanted: int) -> None:
        reads_on = self._position == self._body_end
        self._piece_bytes = (
            min(self._piece_bytes * 2, LARGEST_PIECE_BYTES) if reads_on else PIECE_BYTES
        )
        end = min(self._position + max(wanted, self._piece_bytes), self._size)
        self._body.close()
        answer = self._get(Range=f"bytes={self._position}-{end - 1}", **self._same)
        self._body, self._body_at, self._body_end = answer["Body"], self._position, end

    def _read(self, size: int) -> bytes:
        with self._reading():
            try:
                chunk: bytes = self._body.read(size)
            except MemoryError:
                raise
            except Exception as error:
                # Not all of what can befall a connection comes as an error of botocore; nothing of
                # it is the file's.
                reason = f"S3 GetObject failed while reading: {described(error)}"
                raise Fault(Code.AWS_ERROR, reason) from error
        self._body_at += len(chunk)
        return chunk

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
