"""What there is of retries, and that nothing of it is there where they are switched off."""

import pytest

from components import SilentScalperPipeline
from tests.component.recorder import Deployment, deploy

OF_RETRIES = {"intake-retries", "intake-retries-role", "intake-retries-policy"}


@pytest.fixture(scope="module")
def without() -> Deployment:
    return deploy(lambda: SilentScalperPipeline("intake", {"retry_delays_minutes": []}))


def test_without_retries_there_is_neither_group_nor_role_nor_leave(
    deployed: Deployment, without: Deployment
) -> None:
    names = {child.name for child in deployed.children}
    assert names >= OF_RETRIES
    assert {child.name for child in without.children} == {
        name for name in names - OF_RETRIES if "@" not in name
    }
    may = [action for one in without.policy("rescuer-policy") for action in one["Action"]]
    assert not any(action.startswith(("scheduler:", "iam:")) for action in may)
    variables = without.named("rescuer").inputs["environment"]["variables"]
    assert not any(
        name.startswith(("SCALPER_RETRY", "SCALPER_PROC", "SCALPER_KEPT")) for name in variables
    )


def test_an_operator_may_have_files_tried_again_where_none_is_by_itself(
    deployed: Deployment, without: Deployment
) -> None:
    assert without.policy("processor-policy") == deployed.policy("processor-policy")


@pytest.mark.parametrize("function", ["processor", "rescuer"])
def test_lambda_accepts_a_destination_only_when_the_role_may_reach_it(
    deployed: Deployment, function: str
) -> None:
    policy = deployed.named(f"{function}-failures-policy").urn
    assert policy in deployed.named(f"{function}-failures").depends_on
