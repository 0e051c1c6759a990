"""Who else may upload, and what else the policy of a new bucket says."""

import json
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import Deployment, deploy
from tests.component.test_arguments import problems

BUCKET = "arn:aws-mock:s3:::intake-input-1a2b3c4"
ROLE = "arn:aws:iam::111122223333:role/partners/upload"
READ = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:GetObject"}


def deployed_with(make: Callable[[], dict[str, Any]]) -> Deployment:
    """With arguments that are made inside the program, as outputs must be."""
    return deploy(lambda: SilentScalperPipeline("intake", cast(SilentScalperPipelineArgs, make())))


def allowed(deployment: Deployment) -> list[dict[str, Any]]:
    return [it for it in deployment.policy("input-policy") if it["Effect"] == "Allow"]


def test_nobody_else_is_let_in_by_default(deployed: Deployment) -> None:
    assert allowed(deployed) == []


def test_each_sender_may_put_objects_below_its_prefix_and_nothing_else() -> None:
    def args() -> dict[str, Any]:
        later = pulumi.Output.from_input("org/")
        return {"senders": {"123456789012": "a/", ROLE: "", "o-a1b2c3d4e5": later}}

    statements = allowed(deployed_with(args))
    assert [it["Principal"] for it in statements] == [{"AWS": "123456789012"}, {"AWS": ROLE}, "*"]
    assert [it["Resource"] for it in statements] == [
        [f"{BUCKET}/a/*"], [f"{BUCKET}/*"], [f"{BUCKET}/org/*"]
    ]  # fmt: skip
    assert {action for it in statements for action in it["Action"]} == {"s3:PutObject"}
    assert [it.get("Condition") for it in statements] == [
        None, None, {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    ]  # fmt: skip
    assert len({it["Sid"] for it in statements}) == 3


def test_an_organisation_may_be_named_by_its_arn() -> None:
    arn = "arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5"
    [statement] = allowed(deployed_with(lambda: {"senders": {arn: ""}}))
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}


def test_further_statements_stand_behind_our_denials(deployed: Deployment) -> None:
    ours = deployed.policy("input-policy")
    known = json.dumps({**READ, "Resource": f"{BUCKET}/public/*"})

    def args() -> dict[str, Any]:
        return {"bucket_policy_statements": [known, pulumi.Output.from_input(json.dumps(READ))]}

    policy = deployed_with(args).policy("input-policy")
    assert policy[: len(ours)] == ours
    assert policy[len(ours) :] == [
        {**READ, "Resource": f"{BUCKET}/public/*"},
        {**READ, "Resource": [BUCKET, f"{BUCKET}/*"]},
    ]


def test_what_is_known_only_later_is_checked_then() -> None:
    def args() -> dict[str, Any]:
        everybody = json.dumps({**READ, "Principal": "*"})
        return {"bucket_policy_statements": [pulumi.Output.from_input(everybody)]}

    with pytest.raises(ValueError, match="bucket_policy_statements: one lets in everybody"):
        deployed_with(args)


@pytest.mark.parametrize(
    ("sender", "says"),
    [
        ("*", "may not be *: anybody on the internet could upload"),
        ("12345678901", "must be an account of 12 digits (got 11 digits)"),
        ("arn:aws:iam::123456789012:role/*", "must be an account"),
        ("arn:aws:sts::123456789012:assumed-role/upload/x", "must be an account"),
        ("arn:aws:iam::123456789012:group/uploaders", "must be an account"),
        ("partner", "must be an account"),
        ("o-short", "must be an account"),
        ("o-a1b2c3d4e5*", "must be an account"),
    ],
)
def test_who_is_nobody_or_everybody_is_refused(sender: str, says: str) -> None:
    [problem] = problems({"senders": {sender: ""}})
    assert says in problem


def test_a_sender_whose_files_would_go_unnoticed_is_refused() -> None:
    args = {"senders": {"123456789012": "out/", "111122223333": "in/a/"}, "prefix": "in/"}
    [problem] = problems(args)
    assert "lets 123456789012 upload below 'out/', where nothing is dealt with" in problem


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("[]", "must be one statement, a JSON object"),
        ({"Version": "2012-10-17", "Statement": [READ]}, "not a whole policy"),
        ({**READ, "Effect": "Permit"}, "must have an Effect, Allow or Deny (got 'Permit')"),
        ({"Effect": "Allow", "Principal": "444455556666"}, "must have Action"),
        ({"Effect": "Deny", "Action": "s3:*"}, "must have Principal"),
        ({**READ, "Principal": "*"}, "lets in everybody"),
        ({**READ, "Principal": {"AWS": ["444455556666", "*"]}}, "lets in everybody"),
        (
            {"Effect": "Allow", "NotPrincipal": {"AWS": "444455556666"}, "Action": "s3:*"},
            "lets in everybody",
        ),
        ({**READ, "Sid": "DenyPlainHttp"}, "which is one of the pipeline's own"),
        ({**READ, "Sid": "SendersPutFiles1"}, "which is one of the pipeline's own"),
    ],
)
def test_what_is_no_statement_or_lets_everybody_in_is_refused(statement: Any, says: str) -> None:
    text = statement if isinstance(statement, str) else json.dumps(statement)
    [problem] = problems({"bucket_policy_statements": [text]})
    assert says in problem


@pytest.mark.parametrize("argument", ["senders", "bucket_policy_statements"])
def test_the_policy_of_a_bucket_that_exists_is_not_ours(argument: str) -> None:
    value: Any = {"123456789012": ""} if argument == "senders" else [json.dumps(READ)]
    [problem] = problems({"input_bucket_name": "partner-files", argument: value})
    assert f"{argument} would replace the one policy of the bucket" in problem


def test_everybody_may_be_denied_and_narrowed() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}
    narrowed = {
        **READ, "Principal": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}
    }  # fmt: skip
    texts = [json.dumps(it) for it in (deny, narrowed)]
    policy = deployed_with(lambda: {"bucket_policy_statements": texts}).policy("input-policy")
    assert [it["Principal"] for it in policy[-2:]] == ["*", "*"]
