"""Lets many invocations run in threads of their own, of which exactly one moves at any moment.

So two real invocations can be interleaved at each of their AWS calls, and the same history gives
the same interleaving every time.
"""

import sys
import threading
from collections.abc import Callable
from typing import TextIO

threading.stack_size(512 * 1024)


class Task:
    """A piece of work that stops at `pause` until somebody calls `resume` again."""

    current: "Task | None" = None

    def __init__(self, work: Callable[[], None], output: TextIO) -> None:
        self.done = False
        self._work = work
        # `print` and `redirect_stdout` reach for sys.stdout, so each task has its own.
        self._streams = (output, output)
        self._paused = _closed_gate()
        self._worker: _Worker | None = None

    def resume(self) -> None:
        """Let the task run until it pauses or ends."""
        if self._worker is None:
            self._worker = _Worker.idle.pop() if _Worker.idle else _Worker()
            self._worker.task = self
        outer, outer_streams = Task.current, (sys.stdout, sys.stderr)
        Task.current = self
        sys.stdout, sys.stderr = self._streams
        self._worker.go.release()
        self._paused.acquire()
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = outer_streams
        Task.current = outer

    def pause(self) -> None:
        """Called by the task itself: let others move."""
        worker = self._worker
        assert worker is not None, "only a running task pauses"
        self._paused.release()
        worker.go.acquire()

    def run(self) -> None:
        """Called by the worker."""
        try:
            self._work()
        finally:
            self.done = True

    def finished(self) -> None:
        """Called by the worker, once it can be used again."""
        self._worker = None
        self._paused.release()


class _Worker(threading.Thread):
    """A thread is costly to start and cheap to keep."""

    idle: "list[_Worker]" = []  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(daemon=True, name="simulated invocation")
        self.go = _closed_gate()
        self.task: Task | None = None
        self.start()

    def run(self) -> None:
        while True:
            self.go.acquire()
            task = self.task
            assert task is not None
            try:
                task.run()
            finally:
                self.task = None
                _Worker.idle.append(self)
                task.finished()


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate
