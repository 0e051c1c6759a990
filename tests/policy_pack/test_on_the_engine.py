"""The real `pulumi preview --policy-pack` runs the pack on our own program."""

import shutil
from collections.abc import Callable

import pytest
from pulumi.automation import CommandError

from tests.engine.conftest import engine, new_stack, shared_engine
from tests.engine.workspace import Stack
from tests.policy_pack.running_pack import PACK

__all__ = ["engine", "new_stack", "shared_engine"]

pytestmark = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="pulumi is not on the PATH: the pack was not run by it"
)


def test_a_preview_of_the_dev_stack_keeps_to_the_pack_and_one_of_production_does_not(
    new_stack: Callable[..., Stack],
) -> None:
    trial = new_stack("dev")
    trial.configure()
    trial.preview(policy_packs=[str(PACK)])

    unprotected = new_stack("prod")
    unprotected.configure()
    with pytest.raises(CommandError, match="data-protected-in-production"):
        unprotected.preview(policy_packs=[str(PACK)])
