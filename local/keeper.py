"""Runs the emulator as a child that cannot outlive its parent.

Started as a script in a session of its own. Its standard input is a pipe that
the parent holds open: when it closes, for whatever reason (also `kill -9`), the
emulator and every function process it started go with it, and so does the folder
named by the argument, which holds all that they wrote.
"""

import os
import runpy
import shutil
import signal
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any


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


if __name__ == "__main__":
    zipfile.ZipFile = WithModes  # type: ignore[misc]
    threading.Thread(target=end_with_the_parent, args=sys.argv[1:], daemon=True).start()
    # The emulator reads options from the command line; it has to see none.
    del sys.argv[1:]
    runpy.run_module("ministack", run_name="__main__")
