"""What our own component registers keeps to every policy, with Pulumi's mocks as the engine."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pulumi.runtime import mocks
from pulumi.runtime.proto import analyzer_pb2

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import STACK, deploy
from tests.policy_pack.running_pack import Pack

PROTECTED: SilentScalperPipelineArgs = {
    "alert_emails": ["ops@example.com"],
    "point_in_time_recovery": True,
    "quarantine_retention_days": 90,
    "reserved_concurrency": 20,
}
TRIAL: SilentScalperPipelineArgs = {"protect_data": False}


class Seen:
    """Every registration, as the engine would show it to a pack, in the stack `stack`."""

    def __init__(self) -> None:
        self.requests: list[analyzer_pb2.AnalyzeRequest] = []
        self.resources: list[analyzer_pb2.AnalyzerResource] = []

    def add(self, request: Any, response: Any) -> None:
        known = {"type": request.type, "urn": response.urn, "name": request.name}
        asked = analyzer_pb2.AnalyzeRequest(**known, properties=request.object)
        made = analyzer_pb2.AnalyzerResource(**known, properties=response.object)
        for one in (asked, made):
            one.options.protect = request.protect
        for key, sources in request.propertyDependencies.items():
            made.propertyDependencies[key].urns.extend(sources.urns)
        self.requests.append(asked)
        self.resources.append(made)

    def in_stack(self, stack: str) -> "Seen":
        def there(urn: str) -> str:
            return urn.replace(f"urn:pulumi:{STACK}::", f"urn:pulumi:{stack}::")

        for request in self.requests:
            request.urn = there(request.urn)
        for resource in self.resources:
            resource.urn = there(resource.urn)
            for sources in resource.propertyDependencies.values():
                sources.urns[:] = [there(urn) for urn in sources.urns]
        return self


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
    assert len(seen.requests) > 20, "the component has many more resources than this"


def complaints(pack: Pack, seen: Seen) -> set[str]:
    about_each = [policy for request in seen.requests for policy, _ in pack.about(request)]
    return {*about_each, *(policy for policy, _ in pack.about_stack(seen.resources))}


@pytest.mark.parametrize(
    ("stack", "args"), [("prod", {}), ("prod", PROTECTED), ("dev", TRIAL)], ids=str
)
def test_a_pipeline_keeps_to_every_policy(
    pack: Pack, seen: Seen, stack: str, args: SilentScalperPipelineArgs
) -> None:
    deploy(lambda: SilentScalperPipeline("intake", args))
    assert complaints(pack, seen.in_stack(stack)) == set()


def test_an_unprotected_pipeline_is_refused_in_production(pack: Pack, seen: Seen) -> None:
    deploy(lambda: SilentScalperPipeline("intake", TRIAL))
    assert complaints(pack, seen.in_stack("prod")) == {"data-protected-in-production"}


def test_the_preview_of_a_new_stack_is_not_stopped(pack: Pack, seen: Seen) -> None:
    deploy(lambda: SilentScalperPipeline("intake", PROTECTED), preview=True)
    seen.in_stack("prod")
    responses = [pack.stub.Analyze(request) for request in seen.requests]
    stack = analyzer_pb2.AnalyzeStackRequest(resources=seen.resources)
    responses.append(pack.stub.AnalyzeStack(stack))
    said = [one for response in responses for one in response.diagnostics]
    assert [one.message for one in said if one.enforcementLevel == 1] == []
