"""The oldest packages that are taken register the same resources as the pinned ones."""

import subprocess
import sysconfig
import venv
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

from components.versions import OLDEST
from tests.engine.workspace import Engine, Stack, check_out, use_python
from tests.packaging.installed import ROOT, run

pytestmark = pytest.mark.heavy


def environment(folder: Path, packages: Mapping[str, str]) -> Path:
    """An environment with these packages, and all else from the one that runs the tests."""
    venv.create(folder, symlinks=True, with_pip=True)
    # To compile all of the provider's package takes longer than everything else here.
    options = ("--quiet", "--no-compile", "--disable-pip-version-check")
    wanted = [f"{name}=={number}" for name, number in packages.items()]
    run(folder / "bin/python", "-m", "pip", "install", *options, *wanted, cwd=folder)
    # Only now: pip would take what is lent for what is installed.
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    program = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    found = run(folder / "bin/python", "-c", program, *packages, cwd=folder)
    assert found.split() == list(packages.values())
    return folder


def test_the_tests_of_the_component_pass_with_the_oldest_provider(tmp_path: Path) -> None:
    folder = environment(tmp_path / "environment", {**OLDEST, "pulumi": version("pulumi")})
    python = str(folder / "bin/python")
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/component"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_stack_of_the_pinned_packages_previews_no_change_with_the_oldest(
    engine: Engine, new_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = new_stack("oldest")
    stack.configure()
    stack.up()
    clone = check_out(tmp_path / "clone")
    use_python(clone, environment(tmp_path / "environment", OLDEST))
    again = Stack(engine, clone, "oldest")
    again.configure()
    # Pulumi keeps a provider for each version of the package.
    changed = {name for _, name in again.preview().changes if not name.startswith("default_")}
    assert changed == set()
    stack.destroy()
