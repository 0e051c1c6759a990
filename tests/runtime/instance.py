"""One execution environment: AWS's own runtime client runs a function's archive, and nothing else
can be imported but what Lambda's Python has.

What the environment does when a function does not answer is Lambda's part, and modelled here from
its documents and from AWS's own emulator of the Runtime API:

- https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
- https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
- https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .api import Job, Posted, RuntimeApi
from .logs import Pipe, frames, objects

FUNCTION_ARN = "arn:aws:lambda:eu-north-1:123456789012:function:intake-processor"
PATIENCE_SECONDS = 60
"""More than any machine needs; a test that waits so long has found something."""

LAUNCH = """
import resource, sys
task, runtime, handler, address_space = sys.argv[1:]
if int(address_space):
    resource.setrlimit(resource.RLIMIT_AS, (int(address_space),) * 2)
sys.argv = [runtime, handler]
sys.path[:0] = [task, runtime]
from awslambdaric.__main__ import main
main([runtime, handler])
"""
"""As Lambda's `/var/runtime/bootstrap.py`, which puts the function's folder first."""

SIGNALS = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault (core dumped)",
    signal.SIGABRT: "aborted (core dumped)",
    signal.SIGTERM: "terminated",
    signal.SIGBUS: "bus error (core dumped)",
    signal.SIGINT: "interrupt",
    signal.SIGHUP: "hangup",
}
"""In the words of Go, in which Lambda's supervisor is written."""


@dataclass(frozen=True)
class Function:
    """What is deployed."""

    task: Path
    """The unzipped archive."""
    handler: str
    environment: dict[str, str]
    memory_mb: int
    timeout_seconds: float


@dataclass
class Invocation:
    """How one invocation ended and what it wrote."""

    request_id: str
    event: Any
    timeout_seconds: float
    posted: list[Posted] = field(default_factory=list)
    exit_status: int | None = None
    """Of the process, when it is gone; negative for a signal."""
    timed_out: bool = False
    out_of_memory: bool = False
    stdout: str = ""
    """Standard output and error."""
    telemetry: list[str] = field(default_factory=list)
    """What `logging` and the runtime client log, which goes past `sys.stdout`."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The handler's own lines: JSON objects on standard output."""
        return objects(self.stdout.splitlines())

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The error lines of the runtime client."""
        return [line for line in objects(self.telemetry) if "errorType" in line]

    @property
    def succeeded(self) -> bool:
        return [posted.kind for posted in self.posted] == ["response"] and not self.timed_out

    @property
    def payload(self) -> dict[str, Any]:
        """What Lambda makes of the end, as the answer to who invoked the function."""
        if self.succeeded:
            return {}
        if self.timed_out:
            told = f"Task timed out after {self.timeout_seconds:.2f} seconds"
            return self._supervisors("Sandbox.Timedout", told)
        if self.posted:
            body: dict[str, Any] = self.posted[-1].body
            return body
        status = self.exit_status
        assert status is not None, "it neither answered nor ended"
        if self.out_of_memory:
            return self._supervisors(
                "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
            )
        if status == 0:
            return self._supervisors(
                "Runtime.ExitError", "Runtime exited without providing a reason"
            )
        reason = (
            f"exit status {status}" if status > 0 else f"signal: {SIGNALS[signal.Signals(-status)]}"
        )
        return self._supervisors("Runtime.ExitError", f"Runtime exited with error: {reason}")

    def _supervisors(self, kind: str, told: str) -> dict[str, Any]:
        return {"errorType": kind, "errorMessage": f"RequestId: {self.request_id} Error: {told}"}

    def failure_record(self, *, invoke_count: int = 3) -> dict[str, Any]:
        """What Lambda sends to the on-failure destination after the last try.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        assert not self.succeeded, "there is no failure record of a success"
        return {
            "version": "1.0",
            "timestamp": "2026-03-02T09:18:31.052Z",
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": f"{FUNCTION_ARN}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": invoke_count,
            },
            "requestPayload": self.event,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": self.payload,
        }


class Instance:
    """An execution environment: one process that is given one event after the other.

    Use it as a context manager. `address_space_mb` is a limit at which allocations fail, so that
    Python raises MemoryError; without it more than `memory_mb` is answered by SIGKILL, as Lambda
    does.
    """

    def __init__(self, function: Function, runtime: Path, *, address_space_mb: int = 0) -> None:
        self._function = function
        self._current: Invocation | None = None
        self._begun: list[Posted] = []
        self._changed = threading.Condition()
        self._idle = False
        self._numbers = itertools.count(1)
        self._api = RuntimeApi(self._hear)
        self._output, self._telemetry = Pipe(), Pipe()
        self.process = subprocess.Popen(
            # -S and -s: no site-packages; -P: no folder of the caller.
            [
                *(sys.executable, "-S", "-s", "-P", "-c", LAUNCH),
                *(str(function.task), str(runtime), function.handler),
                str(address_space_mb * 1024 * 1024),
            ],
            env=self._environment(runtime),
            cwd=function.task,
            stdin=subprocess.DEVNULL,
            stdout=self._output.writer,
            stderr=self._output.writer,
            pass_fds=[self._telemetry.writer],
            start_new_session=True,
        )
        self._output.close_writer()
        self._telemetry.close_writer()

    def __enter__(self) -> "Instance":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._kill()
        self.process.wait()
        self._api.close()
        self._output.close()
        self._telemetry.close()

    def invoke(
        self, event: Any, request_id: str | None = None, *, timeout_seconds: float | None = None
    ) -> Invocation:
        """Give it an event, and wait until it asks for the next, is dead, or is killed in time."""
        timeout = timeout_seconds or self._function.timeout_seconds
        request_id = request_id or f"8476a536-e9f4-11e8-9739-{next(self._numbers):012}"
        invocation = Invocation(request_id, event, timeout)
        # Time starts when the function is ready; starting is Lambda's Init phase.
        if self._wait(lambda: self._idle, PATIENCE_SECONDS):
            self._run(invocation, time.time() + timeout)
        invocation.posted = [*self._begun, *invocation.posted]
        self._begun = []
        if not invocation.posted or invocation.posted[0].kind == "init/error":
            self.process.wait(PATIENCE_SECONDS)
        invocation.exit_status = self.process.poll()
        if invocation.exit_status is not None:
            # What it had piped through another process is still to come.
            self._output.wait_for_end(1)
        invocation.stdout = self._output.take().decode(errors="backslashreplace")
        invocation.telemetry = frames(self._telemetry.take())
        return invocation

    def _run(self, invocation: Invocation, deadline: float) -> None:
        with self._changed:
            self._current, self._idle = invocation, False
        self._api.give(
            Job(invocation.request_id, invocation.event, int(deadline * 1000), FUNCTION_ARN)
        )
        if not self._wait(lambda: self._idle, deadline - time.time()) and not self._is_gone():
            invocation.timed_out = True
            self._kill()
            self.process.wait()

    def _wait(self, condition: Any, seconds: float) -> bool:
        """False when the process died or the time is up before `condition` holds."""
        deadline = time.time() + seconds
        while not condition():
            if self._is_gone() or time.time() >= deadline:
                return bool(condition())
            self._look_at_memory()
            with self._changed:
                self._changed.wait(0.002)
        return True

    def _hear(self, posted: Posted | None) -> None:
        with self._changed:
            if posted is None:
                self._idle = True
            elif self._current is None:
                self._begun.append(posted)
            else:
                self._current.posted.append(posted)
            self._changed.notify_all()

    def _is_gone(self) -> bool:
        return self.process.poll() is not None

    def _look_at_memory(self) -> None:
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return
        if pages * os.sysconf("SC_PAGE_SIZE") > self._function.memory_mb * 1024 * 1024:
            if self._current:
                self._current.out_of_memory = True
            self._kill()

    def _kill(self) -> None:
        """Lambda kills all that the function has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _environment(self, runtime: Path) -> dict[str, str]:
        """Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
        function = self._function
        return {
            "LANG": "en_US.UTF-8",
            "PATH": os.environ["PATH"],
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(function.task),
            "LAMBDA_RUNTIME_DIR": str(runtime),
            "_HANDLER": function.handler,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "intake-processor",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/intake-processor",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/03/02/[$LATEST]0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
            "AWS_REGION": "eu-north-1",
            "AWS_DEFAULT_REGION": "eu-north-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "_LAMBDA_TELEMETRY_LOG_FD": str(self._telemetry.writer),
            **function.environment,
        }
