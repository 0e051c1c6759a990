"""The rules and the user's `process` on a file of this machine, with the handler's own code.

Nothing is uploaded, moved or recorded. What `process` itself asks of AWS, it asks.
"""

import os
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handler import user_code
from handler.deadline import deadline
from handler.model.errors import Fault, Rejection
from handler.testing import file_from, upload_of

from ..read.errors import OperateError
from .local_code import make_importable
from .trial_setup import Setup

PASSED_OVER, ACCEPTED, REJECTED, FAILED = "PASSED OVER", "PROCESSED", "QUARANTINED", "FAILED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of the file."""

    key: str
    fate: str
    reason_code: str | None = None
    reason: str | None = None
    result: Any = None
    ms: int = 0
    cause: BaseException | None = None
    """What `process` raised, where it failed."""


def load(setup: Setup) -> tuple[user_code.Process | None, str | None]:
    """The user's `process`, from its folder or .zip, and what to know of it; None without code."""
    if setup.code is None:
        return None, None
    if not setup.code.exists():
        raise OperateError(f"There is no {setup.code}; --process names the folder of your code.")
    note = make_importable(setup.code, setup.deployed_for)
    os.environ.update(setup.environment)
    try:
        return user_code.load(setup.entry), note
    except Fault as fault:
        raise OperateError(f"{fault.reason}.") from fault


def attempt(path: Path, key: str, setup: Setup, process: user_code.Process | None) -> Verdict:
    """Decide about the file as if it were uploaded under `key`."""
    try:
        file, upload = file_from(path, key), upload_of(path, key)
    except OSError as error:
        raise OperateError(f"{path} cannot be read: {error.strerror}") from None
    if not any(it.matches(key) for it in setup.filters) or setup.rules.ignores(upload):
        return Verdict(key, PASSED_OVER)
    started = time.monotonic()
    try:
        setup.rules.check(upload)
        result = None
        if process:
            # What it prints is for people, whoever reads the answer.
            with redirect_stdout(sys.stderr), deadline(_Context(setup.timeout_seconds)):
                result = user_code.call(process, file)
        return Verdict(key, ACCEPTED, result=result, ms=_ms(started))
    except Rejection as rejection:
        return Verdict(key, REJECTED, rejection.code, rejection.reason, ms=_ms(started))
    except Fault as fault:
        code, reason = str(fault.code), fault.reason
        return Verdict(key, FAILED, code, reason, ms=_ms(started), cause=fault.__cause__)


@dataclass(frozen=True, slots=True)
class _Context:
    """What Lambda tells of the time that is left."""

    seconds: float

    def get_remaining_time_in_millis(self) -> float:
        return self.seconds * 1000


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
