"""One world a test: an empty account on moto, no way out to the network."""

from collections.abc import Iterator
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from moto import mock_aws
from pytest_socket import disable_socket, enable_socket

from .world import AwsClients, World

settings.register_profile(
    "handler",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("handler")


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def clients() -> tuple[AwsClients, AwsClients]:
    """The handler's, and the test's own. Making one costs more than most tests."""
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
    """An account of its own: moto forgets everything between tests."""
    with mock_aws():
        yield World(*clients, monkeypatch)
        clients[0].forget_hooks()
