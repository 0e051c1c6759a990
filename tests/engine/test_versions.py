"""A command that is too old says which version is needed, and makes nothing."""

from collections.abc import Callable

import pytest
from pulumi.automation import CommandError

from components.versions import OLDEST
from tests.engine.workspace import Stack

pytestmark = pytest.mark.heavy

SOMEBODY_ELSES = """
from components import SilentScalperPipeline, versions

versions.OLDEST["pulumi"] = "99.1.0"
SilentScalperPipeline("intake")
"""


def test_the_program_is_not_even_started(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("old-cli")
    project = stack.checkout / "Pulumi.yaml"
    text = project.read_text(encoding="utf-8")
    newer = text.replace(f'">={OLDEST["pulumi"]}"', '">=99.1.0"')
    assert newer != text
    project.write_text(newer, encoding="utf-8")
    with pytest.raises(CommandError, match=r"version \S+ does not satisfy .*>=99\.1\.0"):
        stack.preview()


def test_the_component_says_so_in_a_project_that_asks_for_no_version(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("old-cli-elsewhere", main=SOMEBODY_ELSES)
    with pytest.raises(CommandError, match=r"needs the Pulumi CLI 99\.1\.0 or newer") as refused:
        stack.preview()
    assert "https://www.pulumi.com/docs/install/" in str(refused.value)
    assert stack.resources() == []
