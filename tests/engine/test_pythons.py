"""The same program on every Python that it says it runs on."""

import subprocess
from collections.abc import Callable

import pytest

from tests.engine.workspace import Engine, Stack, check_out, use_python
from tests.packaging.installed import ROOT
from tests.pythons import interpreter

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    stack = new_stack()
    stack.up()
    return stack


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_fresh_clone_on_another_python_previews_no_change(
    engine: Engine, stack: Stack, tmp_path_factory: pytest.TempPathFactory, version: str
) -> None:
    folder = tmp_path_factory.mktemp(f"python-{version}")
    environment = folder / "environment"
    subprocess.run([interpreter(version), "-m", "venv", str(environment)], check=True)
    # To compile all of the provider's package takes longer than everything else here.
    options = ["--quiet", "--no-compile", "--disable-pip-version-check"]
    install = ["-m", "pip", "install", *options, "-r"]
    requirements = str(ROOT / "requirements.txt")
    subprocess.run([str(environment / "bin/python"), *install, requirements], check=True)
    clone = check_out(folder / "clone")
    use_python(clone, environment)
    assert Stack(engine, clone).preview(expect_no_changes=True).changes == set()
