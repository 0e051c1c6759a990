"""`make local`: the deployment left running until it is told to stop."""

import contextlib
import fcntl
import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from .cloud import ACCESS_KEY, SECRET_KEY
from .deployment import ROOT, Deployment
from .errors import LocalError
from .screen import deploying

FOLDER = ROOT / ".local"
CHECK_SECONDS = 0.5


class AlreadyRunningError(LocalError):
    """A deployment of this checkout is running."""


def up(console: Console, port: int) -> None:
    """Deploy and wait. Whatever ends the wait, nothing is left behind."""
    with _only_one(), deploying(console, port=port) as running:
        _write_outputs(running)
        console.print(guide(running), highlight=False, markup=False, soft_wrap=True)
        while True:
            running.emulator.check()
            time.sleep(CHECK_SECONDS)


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Holds the folder's lock, which the system lets go of however this process ends."""
    FOLDER.mkdir(exist_ok=True)
    lock = os.open(FOLDER, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(_who_is_running()) from None
        try:
            yield
        finally:
            shutil.rmtree(FOLDER, ignore_errors=True)
    finally:
        os.close(lock)


def _who_is_running() -> str:
    try:
        running = json.loads((FOLDER / "outputs.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "A local deployment of this checkout is just starting or stopping; try again."
    return (
        f"A local deployment of this checkout is running at {running['endpoint']} "
        f"(.local/outputs.json). Stop it with Ctrl-C where it runs, then start again."
    )


def _write_outputs(running: Deployment) -> None:
    """Whole or not at all: somebody may wait for the file."""
    text = json.dumps({**running.outputs, "endpoint": running.emulator.endpoint}, indent=2)
    path = FOLDER / "outputs.json"
    unfinished = Path(f"{path}.unfinished")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(path)


def guide(running: Deployment) -> str:
    """What to know and to paste."""
    endpoint, names = running.emulator.endpoint, running.outputs
    scan = shlex.quote(json.dumps({"TableName": running.table}))
    width = max(map(len, names))
    listed = "\n".join(f"  {name:<{width}}  {value}" for name, value in sorted(names.items()))
    return f"""\
It is an emulator: nothing leaves this machine, and nothing is kept.

{listed}

Drop a file in, look where it went (nothing but curl needed):
  curl -T README.md {endpoint}/{running.input_bucket}/readme.txt
  curl -s {endpoint} -H 'X-Amz-Target: DynamoDB_20120810.Scan' \\
    -H 'Content-Type: application/x-amz-json-1.0' -d {scan}
  curl -s {endpoint}/{running.quarantine_bucket}

Or with the AWS CLI:
  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={running.cloud.region} \\
    AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY}
  aws s3 cp README.md s3://{running.input_bucket}/readme.txt
  aws dynamodb scan --table-name {running.table}
  aws s3 ls --recursive s3://{running.quarantine_bucket}

Look at it in a browser, or in a terminal:
  ./scalper web --outputs .local/outputs.json
  ./scalper status --outputs .local/outputs.json

These names are also in .local/outputs.json. Ctrl-C stops everything.
"""
