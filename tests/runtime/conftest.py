"""AWS's runtime client runs the functions; moto is the account, one for each test."""

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto import mock_aws

from tests.handler.world import AwsClients, World

from .archives import runtime_in
from .aws import Aws
from .deployment import Lambda, Rescuers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("runtime_client"):
        return
    reason = "awslambdaric comes ready-made for Linux only: nothing was run as on Lambda"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runtime_in(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def clients() -> tuple[AwsClients, AwsClients]:
    """Making them costs more than most tests."""
    return AwsClients(), AwsClients()


@pytest.fixture(scope="session", autouse=True)
def _one_signing_key() -> Iterator[None]:
    """moto's SNS makes an RSA key for every account: half the time of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", cache(rsa.generate_private_key))
        yield


@pytest.fixture
def world(
    clients: tuple[AwsClients, AwsClients], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    with mock_aws():
        yield World(*clients, monkeypatch)
        clients[0].forget_hooks()


@pytest.fixture(scope="session")
def _aws() -> Iterator[Aws]:
    with Aws() as aws:
        yield aws


@pytest.fixture(scope="session")
def _rescuers(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rescuers]:
    rescuers = Rescuers(runtime, tmp_path_factory.mktemp("rescuers"))
    yield rescuers
    rescuers.close()


@pytest.fixture
def aws(_aws: Aws, world: World) -> Iterator[Aws]:
    """Where the functions reach the account of `world`."""
    yield _aws
    _aws.forget()


@pytest.fixture
def function(
    world: World, aws: Aws, runtime: Path, tmp_path: Path, _rescuers: Rescuers
) -> Iterator[Lambda]:
    """The processor and the rescuer as they are deployed."""
    deployed = Lambda(world, aws, runtime, tmp_path, _rescuers)
    yield deployed
    deployed.restart()
