"""Runs the emulator as a child that cannot outlive its parent.

Started as a script in a session of its own. Its standard input is a pipe that
the parent holds open: when it closes, for whatever reason (also `kill -9`), the
emulator and every function process it started go with it, and so does the folder
named by the argument, which holds all that they wrote.
"""

import fcntl
import inspect
import json
import os
import runpy
import shutil
import signal
import struct
import sys
import termios
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

GUARD = Path(__file__).with_name("guard.py")


def end_with_the_parent(folder: str) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


class WithModes(zipfile.ZipFile):
    """Unpacks as Lambda does: what a .zip says may be started can be started.

    The emulator unpacks a function's code with `extractall`, which drops modes.
    """

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        super().extractall(path, members, pwd)
        for entry in self.infolist():
            if mode := entry.external_attr >> 16 & 0o777:
                Path(path or ".", entry.filename).chmod(mode)


LINE_SECONDS = 10
"""How long a line that a function has written may take to reach its log."""


def keep_every_log_line() -> None:
    """Make the emulator wait for what a function has written before it ended.

    It gives a line 50 ms to come through the function's pipe. On a busy machine that is too
    short: the line then counts as the worker's next invocation's, and if there is none, it is lost.
    """
    # Importing it takes a while: not for whoever imports this module only.
    from ministack.core.lambda_runtime import Worker  # noqa: PLC0415

    for name in ("_drain_stderr", "_drain_stderr_bounded"):
        setattr(Worker, name, _once_read(getattr(Worker, name)))


def _once_read(drain: Callable[..., str]) -> Callable[..., str]:
    def drained(worker: Any, *arguments: Any, **named: Any) -> str:
        deadline = time.monotonic() + LINE_SECONDS
        while _unread_bytes(worker) and time.monotonic() < deadline:
            time.sleep(0.001)
        return drain(worker, *arguments, **named)

    return drained


def _unread_bytes(worker: Any) -> int:
    """0 also when nobody writes there any more."""
    try:
        told = fcntl.ioctl(worker._proc.stderr, termios.FIONREAD, bytes(4))
    except (AttributeError, OSError, ValueError):
        return 0
    return int(struct.unpack("i", told)[0])


def deliver_as_aws_does() -> None:
    """What the emulator's way from S3 through EventBridge to a function lacks.

    An event does not say which version it is of, and a function that fails is not tried again and
    has no destination, although it has both for S3's own notification. Source of what AWS does:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    from ministack.services import eventbridge, lambda_svc, s3  # noqa: PLC0415

    fire, dispatch, told = s3._fire_s3_event, eventbridge._dispatch_event, threading.local()
    of_fire = inspect.signature(fire)

    def fire_and_remember(*args: Any, **kwargs: Any) -> None:
        told.version_id = of_fire.bind(*args, **kwargs).arguments.get("version_id")
        fire(*args, **kwargs)

    def dispatch_with_version(event: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if event.get("Source") == "aws.s3" and getattr(told, "version_id", None):
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = told.version_id
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, *args, **kwargs)

    def invoke(arn: str, payload: str) -> None:
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            record = lambda_svc._execution_record_for_config(function, config)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    s3._fire_s3_event = fire_and_remember
    eventbridge._dispatch_event = dispatch_with_version
    eventbridge._dispatch_to_lambda = invoke


if __name__ == "__main__":
    keep_every_log_line()
    zipfile.ZipFile = WithModes  # type: ignore[misc]
    deliver_as_aws_does()
    threading.Thread(target=end_with_the_parent, args=sys.argv[1:], daemon=True).start()
    # The emulator reads options from the command line; it has to see none.
    del sys.argv[1:]
    from ministack import app as emulator

    # By its path: what else lies beside it must not hide modules of the emulator.
    emulator.app = runpy.run_path(str(GUARD))["guarded"](emulator.app)
    emulator.main()
