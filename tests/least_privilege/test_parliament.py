"""A second opinion on the rendered policies: unknown actions, wrong resources, too much power."""

import json
import warnings
from typing import Any

import pytest

from components import SilentScalperPipeline
from tests.component.recorder import deploy

ROLES = (
    "processor-policy", "rescuer-policy", "checker-policy", "processor-failures-policy",
    "rescuer-failures-policy", "retries-policy",
)  # fmt: skip


@pytest.fixture(scope="module")
def policies() -> dict[str, Any]:
    """As the component registers them."""
    deployment = deploy(lambda: SilentScalperPipeline("intake"))
    return {name: deployment.policy(name) for name in ROLES}


@pytest.mark.parametrize("name", ROLES)
def test_parliament_finds_nothing(policies: dict[str, Any], name: str) -> None:
    assert findings(policies[name]) == []


def test_parliament_finds_nothing_in_a_vpc_but_what_lambda_asks_for() -> None:
    inside = deploy(
        lambda: SilentScalperPipeline(
            "intake", {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}
        )
    )
    assert findings(inside.policy("processor-policy")) == ["RESOURCE_STAR"]


def test_parliament_would_find_something(policies: dict[str, Any]) -> None:
    (first, *others) = policies[ROLES[0]]
    assert findings([{**first, "Action": ["s3:GetObjekt"]}, *others]) == ["UNKNOWN_ACTION"]
    assert "RESOURCE_MISMATCH" in findings([{**first, "Resource": ["arn:aws:s3:::bucket"]}])


NEWER_THAN_PARLIAMENT = {
    "s3:GetObjectAnnotation",
    "s3:GetObjectVersionAnnotation",
    "s3:PutObjectAnnotation",
}
"""Actions of 2026 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html)."""


def findings(statements: list[dict[str, Any]]) -> list[str]:
    statements = [one for one in statements if not NEWER_THAN_PARLIAMENT.issuperset(one["Action"])]
    with warnings.catch_warnings():
        # It is the last user of a module that setuptools is about to drop.
        warnings.simplefilter("ignore", UserWarning)
        from parliament import analyze_policy_string  # type: ignore[import-untyped]
    # It knows no partition but AWS's own.
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    analyzed = analyze_policy_string(policy.replace("arn:aws-mock:", "arn:aws:"))
    return [found.issue for found in analyzed.findings]
