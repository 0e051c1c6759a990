"""What our own component registers keeps to every policy, with Pulumi's mocks as the engine."""

import pytest
from pulumi.runtime.proto import analyzer_pb2

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import deploy
from tests.policy_pack.registrations import Seen, complaints
from tests.policy_pack.running_pack import Pack

PROTECTED: SilentScalperPipelineArgs = {
    "alert_emails": ["ops@example.com"],
    "point_in_time_recovery": True,
    "quarantine_retention_days": 90,
    "reserved_concurrency": 20,
}
TRIAL: SilentScalperPipelineArgs = {"protect_data": False}


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
