"""Installs this repository the ways people do, each into a fresh virtual environment.

Pulumi itself is lent from the environment that runs the tests: only this package is installed.
"""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = "from setuptools import build_meta as b; import sys; print(getattr(b, sys.argv[1])('dist'))"


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; what it complains of when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def copy_files(folder: Path) -> None:
    """What git would hold of this repository, at another path, with other times, nothing built."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def checkout(folder: Path) -> Path:
    """A clean copy of this repository, as a repository of its own."""
    copy_files(folder)
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    run("git", *author, "commit", "--quiet", "--no-verify", "--message=All", cwd=folder)
    return folder


def build(source: Path, kind: str) -> Path:
    """A `wheel` or an `sdist` of `source`."""
    printed = run(sys.executable, "-c", BUILD, f"build_{kind}", cwd=source)
    return source / "dist" / printed.split()[-1]


@dataclass(frozen=True)
class Installed:
    """A virtual environment with this package in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def answer(self, program: str, *arguments: str | Path) -> Any:
        """The JSON that a program prints, run with this environment, away from the repository."""
        return json.loads(run(self.python, "-c", program, *arguments, cwd=self.folder))


def lend(folder: Path, *, with_pip: bool = True) -> None:
    """A virtual environment that sees the packages of the one that runs the tests."""
    venv.create(folder, symlinks=True, with_pip=with_pip)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")


def install(what: str, folder: Path) -> Installed:
    """`pip install` of anything pip takes."""
    lend(folder, with_pip=False)  # a second faster; ours installs into it
    installed = Installed(folder)
    run(
        *(sys.executable, "-m", "pip", "--python", installed.python, "install", "--quiet"),
        *("--no-deps", "--no-build-isolation", "--disable-pip-version-check", what),
        cwd=folder,
    )
    return installed
