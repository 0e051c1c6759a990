"""One running pack for all tests; each begins with its defaults."""

from collections.abc import Iterator

import pytest

from tests.policy_pack.running_pack import Pack, started


@pytest.fixture(scope="session")
def running() -> Iterator[Pack]:
    with started() as pack:
        yield pack


@pytest.fixture
def pack(running: Pack) -> Pack:
    running.configure({})
    return running
