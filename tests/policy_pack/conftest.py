"""One running pack for all tests; each begins with its defaults."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi.runtime import mocks

from tests.policy_pack.registrations import Seen
from tests.policy_pack.running_pack import Pack, started


@pytest.fixture(scope="session")
def running() -> Iterator[Pack]:
    with started() as pack:
        yield pack


@pytest.fixture
def pack(running: Pack) -> Pack:
    running.configure({})
    return running


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    seen = Seen()
    register: Callable[..., Any] = mocks.MockMonitor.RegisterResource

    def remembered(self: mocks.MockMonitor, request: Any) -> Any:
        response = register(self, request)
        seen.add(request, response)
        return response

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", remembered)
    yield seen
    assert len(seen.requests) > 5, "nothing was looked at"
