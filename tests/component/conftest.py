"""Deployments that many tests look at, made once."""

from pathlib import Path
from typing import cast

import pytest

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.arguments import examples
from tests.component.recorder import Deployment, deploy

USUAL: SilentScalperPipelineArgs = {"alert_emails": ["ops@example.com"]}


@pytest.fixture(scope="session")
def deployed() -> Deployment:
    """A pipeline that is told nothing but whom to tell."""
    return deploy(lambda: SilentScalperPipeline("intake", USUAL))


@pytest.fixture(scope="session")
def previewed() -> Deployment:
    """The same in a preview, where nothing is known that AWS makes."""
    return deploy(lambda: SilentScalperPipeline("intake", USUAL), preview=True)


@pytest.fixture(scope="session")
def process_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    (folder / "main.py").write_text("def process(file): ...\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "table.csv").write_text("a,b\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "main.cpython-312.pyc").write_bytes(b"\0")
    return folder


@pytest.fixture(scope="session")
def every_argument(process_code: Path) -> SilentScalperPipelineArgs:
    """The example of every argument, with code as a config file names it."""
    code = {"process_code": str(process_code), "process_entry": "main.process"}
    return cast(SilentScalperPipelineArgs, examples.every_argument() | code)


@pytest.fixture(scope="session")
def full(every_argument: SilentScalperPipelineArgs) -> Deployment:
    """What a pipeline is when it is told everything."""
    return deploy(lambda: SilentScalperPipeline("intake", every_argument))
