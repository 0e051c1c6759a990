"""The Pythons that the project says it runs on."""

import glob
import os
import shutil
import subprocess

import pytest


def interpreter(version: str) -> str:
    """A Python of that version with the means to make an environment, wherever it is."""
    managed = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = [
        *sorted(glob.glob(f"{managed}/versions/{version}.*/bin/python{version}")),
        shutil.which(f"python{version}"),
    ]
    for candidate in filter(None, candidates):
        tried = subprocess.run(
            [candidate, "-c", "import ensurepip"], check=False, capture_output=True
        )
        if tried.returncode == 0:
            return candidate
    return pytest.skip(f"there is no Python {version} here: what depends on it was NOT TESTED")
