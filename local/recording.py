"""Draws docs/scalper.svg: the operator's command, really run on a local deployment.

    python -m local.recording

Each command runs in a terminal of its own, so that it looks as it does for a person. What differs
from run to run, such as times and generated names, differs in the picture too.
"""

import fcntl
import json
import os
import pty
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Collection
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .deployment import ROOT, Deployment, deployed

PICTURE = ROOT / "docs" / "scalper.svg"
COLUMNS, ROWS = 126, 50
PATIENCE_SECONDS = 60

KEY = "partners/acme/orders.csv"
FILES = {
    "partners/acme/prices.csv": b"id,price\n1,9.90\n",
    "partners/zenith/stock.json": b'{"items": []}',
    "partners/zenith/setup.exe": b"MZ",
    "partners/acme/crash-demo.csv": b"id,reason\n1,late\n",
    KEY: b"id,sku,amount\n1,A-7,3\n2,B-2\n",
}
COMMANDS = ("scalper status", "scalper list", f"scalper show {KEY}", "scalper reconcile")


def main() -> None:
    with deployed(retry_seconds=0.2) as running, tempfile.TemporaryDirectory() as folder:
        for key, content in FILES.items():
            running.cloud.s3.put_object(Bucket=running.input_bucket, Key=key, Body=content)
        wait_for_fates(running, FILES, PATIENCE_SECONDS)
        outputs = Path(folder) / "outputs.json"
        outputs.write_text(
            json.dumps({**running.outputs, "endpoint": running.emulator.endpoint}),
            encoding="utf-8",
        )
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
            for command in COMMANDS:
                console.print(Text(f"$ {command}", "bold"))
                console.print(Text.from_ansi(_typed(command, outputs).rstrip()))
                console.print()
            PICTURE.write_text(_with_spaces(console.export_svg(title="scalper")), encoding="utf-8")


def _with_spaces(svg: str) -> str:
    """Some renderers drop spaces at the ends of a text, even no-break ones, unless told."""
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)


def wait_for_fates(running: Deployment, keys: Collection[str], seconds: float) -> None:
    """Raise SystemExit when one of the files has no record after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        items = running.cloud.dynamodb.scan(TableName=running.table)["Items"]
        if len({item["object_key"]["S"] for item in items} & set(keys)) == len(keys):
            return
        if time.monotonic() > deadline:
            raise SystemExit("Some files have no fate yet; see the processor's log.")
        time.sleep(0.2)


def _typed(command: str, outputs: Path) -> str:
    """What a terminal of that size shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {
        **os.environ,
        "SCALPER_OUTPUTS": str(outputs),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    words = [str(ROOT / "scalper"), *command.split()[1:]]
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    shown = b""
    # Linux says EIO where others say that there is no more.
    while piece := _read(ours):
        shown += piece
    os.close(ours)
    if process.wait() not in (0, 1):
        raise SystemExit(f"`{command}` could not tell: {shown.decode(errors='replace')}")
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


if __name__ == "__main__":
    main()
