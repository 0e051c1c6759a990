"""The roles of examples/github_roles: enough to deploy a pipeline, and nothing beside it."""

import json
import re
import runpy
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from components.names import name_problems
from tests.component.recorder import COMPUTED, Deployment
from tests.component.recorder import deploy as deploy_pipeline
from tests.policy_pack.registrations import Seen, complaints
from tests.policy_pack.running_pack import Pack

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "github_roles"
ACCOUNT, REGION = "123456789012", "eu-north-1"
CONFIG = {"repository": "you/files", "state_bucket": "state-of-you", "state_prefix": "files"}
KEY = f"arn:aws-mock:kms:{REGION}:{ACCOUNT}:key/files"
BOUNDARY = f"arn:aws-mock:iam::{ACCOUNT}:policy/intake-functions-boundary"
OURS = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
LONGEST = "partner-invoices-and-all-that-belongs--00"
"""As many characters as the component takes."""

Statement = dict[str, Any]

MAKES = {
    "aws:s3/bucket:Bucket": "s3:CreateBucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3:PutLifecycleConfiguration"
    ),
    "aws:s3/bucketNotification:BucketNotification": "s3:PutBucketNotification",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy": "s3:PutBucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3:PutEncryptionConfiguration"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "s3:PutBucketVersioning",
    "aws:dynamodb/table:Table": "dynamodb:CreateTable",
    "aws:sns/topic:Topic": "sns:CreateTopic",
    "aws:sns/topicPolicy:TopicPolicy": "sns:SetTopicAttributes",
    "aws:sns/topicSubscription:TopicSubscription": "sns:Subscribe",
    "aws:sqs/queue:Queue": "sqs:CreateQueue",
    "aws:sqs/queuePolicy:QueuePolicy": "sqs:SetQueueAttributes",
    "aws:iam/role:Role": "iam:CreateRole",
    "aws:iam/rolePolicy:RolePolicy": "iam:PutRolePolicy",
    "aws:cloudwatch/logGroup:LogGroup": "logs:CreateLogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:PutMetricAlarm",
    "aws:cloudwatch/dashboard:Dashboard": "cloudwatch:PutDashboard",
    "aws:cloudwatch/eventRule:EventRule": "events:PutRule",
    "aws:cloudwatch/eventTarget:EventTarget": "events:PutTargets",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "logs:PutQueryDefinition",
    "aws:lambda/function:Function": "lambda:CreateFunction",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        "lambda:PutFunctionEventInvokeConfig"
    ),
    "aws:lambda/permission:Permission": "lambda:AddPermission",
    "aws:scheduler/schedule:Schedule": "scheduler:CreateSchedule",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler:CreateScheduleGroup",
}


class Cloud(mocks.Mocks):
    """An account with nothing in it."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, str] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if "policy" in args.inputs:
            self.documents[args.name] = args.inputs["policy"]
        self.inputs[args.name] = args.inputs
        kind = args.typ.rpartition(":")[2].lower()
        arn = f"arn:aws-mock:iam::{ACCOUNT}:{kind}/{args.name}"
        return args.name, {**args.inputs, "arn": arn, "name": args.name}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        answer = {
            "partition": "aws-mock", "accountId": ACCOUNT, "region": REGION, "id": "", "arn": "",
            "userId": "", "dnsSuffix": "", "reverseDnsPrefix": "", "description": "",
            "endpoint": "", "name": REGION,
        }  # fmt: skip
        return answer, []

    def policy(self, name: str) -> list[Statement]:
        statements: list[Statement] = json.loads(self.documents[name])["Statement"]
        return statements

    def policies_of(self, role: str) -> dict[str, str]:
        """Every policy of a role as it was written, attached or its own."""
        attached = {
            name
            for name, inputs in self.inputs.items()
            if inputs.get("role") == role and "policyArn" in inputs
        }
        own = {
            name
            for name, inputs in self.inputs.items()
            if inputs.get("role") == role and "policy" in inputs
        }
        assert attached
        assert own
        # An attachment has the name of its policy, which the mocks then keep under another.
        return {name: self.documents[name] for name in {*attached, *own}}

    def everything_of(self, role: str) -> list[Statement]:
        return [
            statement
            for document in self.policies_of(role).values()
            for statement in json.loads(document)["Statement"]
        ]

    def subjects(self, role: str) -> list[str]:
        trust = json.loads(self.inputs[role]["assumeRolePolicy"])["Statement"][0]
        claims = trust["Condition"]["StringEquals"]
        assert claims["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        found: list[str] = claims["token.actions.githubusercontent.com:sub"]
        return found


def deploy(monkeypatch: pytest.MonkeyPatch, **config: str) -> Cloud:
    cloud = Cloud()
    mocks.set_mocks(cloud, project="roles", stack="test")
    given = {f"roles:{key}": value for key, value in {**CONFIG, **config}.items()}
    pulumi.runtime.set_all_config(given)
    monkeypatch.setattr(sys, "path", [str(EXAMPLE), *sys.path])
    sys.modules.pop("permissions", None)

    def run() -> None:
        runpy.run_path(str(EXAMPLE / "__main__.py"))

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    return cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return deploy(monkeypatch)


@pytest.fixture(scope="module")
def pipeline() -> Deployment:
    from components import SilentScalperPipeline

    return deploy_pipeline(lambda: SilentScalperPipeline("intake", {"kms_key_arn": KEY}))


def actions(statements: list[Statement]) -> set[str]:
    return {action for one in statements for action in one["Action"]}


def pairs(statements: list[Statement]) -> Iterator[tuple[str, str]]:
    for one in statements:
        for action in one["Action"]:
            for resource in one["Resource"]:
                yield action, resource


def test_only_pull_requests_and_main_read_and_only_environments_deploy(cloud: Cloud) -> None:
    assert cloud.subjects("reader") == [
        "repo:you/files:pull_request", "repo:you/files:ref:refs/heads/main"
    ]  # fmt: skip
    assert cloud.subjects("deployer") == [
        "repo:you/files:environment:dev", "repo:you/files:environment:prod"
    ]  # fmt: skip


def test_the_roles_keep_to_every_policy(
    pack: Pack, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(monkeypatch, may_destroy="true", kms_key_arn=KEY)
    assert complaints(pack, seen.in_stack("prod")) == set()


def test_the_reader_reads_settings_and_state_and_no_content(cloud: Cloud) -> None:
    statements = cloud.everything_of("reader")
    verbs = ("Get", "List", "Describe")
    assert all(action.partition(":")[2].startswith(verbs) for action in actions(statements))
    content = {"s3:GetObject", "s3:GetObjectVersion", "dynamodb:GetItem", "logs:GetLogEvents"}
    read = {(action, where) for action, where in pairs(statements) if action in content}
    assert read == {("s3:GetObject", "arn:aws-mock:s3:::state-of-you/files/.pulumi/*")}


def test_the_deployer_may_make_everything_a_pipeline_is_made_of(cloud: Cloud) -> None:
    assert set(MAKES) == set(COMPUTED)
    assert set(MAKES.values()) <= actions(cloud.everything_of("deployer"))


def test_the_deployer_removes_data_only_when_it_is_told_to(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    removing = {"s3:DeleteBucket", "s3:DeleteObjectVersion", "dynamodb:DeleteTable"}
    assert not removing & actions(cloud.everything_of("deployer"))
    told = deploy(monkeypatch, may_destroy="true")
    assert removing <= actions(told.everything_of("deployer"))


def test_the_deployer_cannot_give_away_more_than_the_boundary(cloud: Cloud) -> None:
    statements = cloud.everything_of("deployer")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        (one,) = [one for one in statements if action in one["Action"]]
        assert one["Condition"] == bounded
        assert one["Resource"] == [f"arn:aws-mock:iam::{ACCOUNT}:role/intake-*"]
    escapes = {"iam:DeleteRolePermissionsBoundary", "iam:AttachRolePolicy", "iam:CreateUser"}
    assert not escapes & actions(statements)
    (passing,) = [one for one in statements if "iam:PassRole" in one["Action"]]
    assert passing["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}
    }


def test_the_deployer_touches_nothing_but_the_named_pipelines_and_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = deploy(monkeypatch, pipelines='["intake", "scans"]')
    ours = ("intake-*", "scans-*", "state-of-you", "state-of-you/files/.pulumi/*")
    for action, resource in pairs(cloud.everything_of("deployer")):
        assert resource == "*" or resource.rpartition(":")[2].endswith(ours), (action, resource)


@pytest.mark.parametrize("role", ["reader", "deployer"])
def test_every_bucket_must_be_of_this_account(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """A bucket of that name may be anybody's; one that is still to be made is in no account."""
    cloud = deploy(monkeypatch, may_destroy="true")
    on_buckets = [
        one
        for one in [*cloud.everything_of(role), *cloud.policy("intake-functions-boundary")]
        if any(":s3:::" in resource for resource in one["Resource"])
    ]
    assert len(on_buckets) > 4
    for one in on_buckets:
        if one["Action"] != ["s3:CreateBucket"]:
            assert one["Condition"]["StringEquals"] == OURS["StringEquals"]


def test_the_state_of_other_projects_is_neither_read_nor_listed(cloud: Cloud) -> None:
    for role in ("reader", "deployer"):
        on_state = [
            one
            for one in cloud.everything_of(role)
            if "state-of-you" in json.dumps(one["Resource"])
        ]
        lists, reads = on_state
        assert lists["Condition"]["StringLikeIfExists"] == {"s3:prefix": "files/.pulumi/*"}
        assert reads["Resource"] == ["arn:aws-mock:s3:::state-of-you/files/.pulumi/*"]


@pytest.mark.parametrize("prefix", ["", "/", "a/b/"])
def test_state_is_found_wherever_it_lies_in_its_bucket(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    cloud = deploy(monkeypatch, state_prefix=prefix)
    where = {"": ".pulumi/*", "/": ".pulumi/*", "a/b/": "a/b/.pulumi/*"}[prefix]
    assert ("s3:PutObject", f"arn:aws-mock:s3:::state-of-you/{where}") in set(
        pairs(cloud.everything_of("deployer"))
    )


def test_the_roles_of_a_pipeline_are_never_those_of_the_workflows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or a deployment could give its own deployer more leave."""
    cloud = deploy(monkeypatch, pipelines='["deployer", "reader"]')
    for action, resource in pairs(cloud.everything_of("deployer")):
        if ":role/" in resource:
            for role in ("deployer", "reader"):
                path = cloud.inputs[role]["path"]
                arn = f"arn:aws-mock:iam::{ACCOUNT}:role{path}{role}-1a2b3c4"
                assert not fnmatchcase(arn, resource), action


def test_names_are_those_of_the_autonaming_that_is_in_use(
    monkeypatch: pytest.MonkeyPatch, pipeline: Deployment
) -> None:
    """As `pulumi:autonaming` with the pattern `${stack}.${name}.${hex(4)}` makes them."""
    cloud = deploy(monkeypatch, name_pattern="prod.{pipeline}-*", pipelines='["intake"]')
    patterns = {resource for _, resource in pairs(cloud.everything_of("deployer"))}
    named = {one for one in patterns if "state-of-you" not in one and one != "*"}
    assert named
    for one in named:
        assert re.search(r"[/:]prod\.intake-\*(/\*)?$", one), one


def test_a_pattern_that_leaves_the_pipeline_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"must have \{pipeline\} in it.*\(got '\*'\)"):
        deploy(monkeypatch, name_pattern="*")


def test_an_account_that_trusts_github_already_keeps_its_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arn = f"arn:aws-mock:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    cloud = deploy(monkeypatch, identity_provider_arn=arn)
    assert "github" not in cloud.inputs
    trust = json.loads(cloud.inputs["deployer"]["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Federated": arn}


def test_the_functions_may_do_their_work_inside_the_boundary(
    monkeypatch: pytest.MonkeyPatch, pipeline: Deployment
) -> None:
    cloud = deploy(monkeypatch, kms_key_arn=KEY)
    inside = list(pairs(cloud.policy("intake-functions-boundary")))
    policies = (
        "processor-policy", "processor-failures-policy", "rescuer-policy",
        "rescuer-failures-policy", "retries-policy", "checker-policy", "check-policy",
    )  # fmt: skip
    for policy in policies:
        for action, resource in pairs(pipeline.policy(policy)):
            allowed = [where for named, where in inside if named == action]
            assert any(fnmatchcase(resource, where) for where in allowed), (action, resource)


def size(document: str) -> int:
    """As IAM counts: without blanks."""
    return len(json.dumps(json.loads(document), separators=(",", ":")))


@pytest.mark.parametrize("length", [6, len(LONGEST)])
@pytest.mark.parametrize("count", [1, 10])
def test_the_policies_fit_what_iam_takes(
    monkeypatch: pytest.MonkeyPatch, count: int, length: int
) -> None:
    """Ten pipelines, even with the longest names, and every option on.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    names = [f"{LONGEST[: length - 2]}{number:02}" for number in range(count)]
    assert not [problem for name in names for problem in name_problems(name)]
    assert list(name_problems(LONGEST + "x"))
    cloud = deploy(monkeypatch, may_destroy="true", kms_key_arn=KEY, pipelines=json.dumps(names))
    for role in ("reader", "deployer"):
        attached = {
            name: one for name, one in cloud.policies_of(role).items() if "-policy" not in name
        }
        assert len(attached) <= 10
        assert max(map(size, attached.values())) <= 6_144
        assert size(cloud.documents[f"{role}-policy"]) <= 10_240
    boundaries = [one for name, one in cloud.documents.items() if name.endswith("-boundary")]
    assert len(boundaries) == count
    assert max(map(size, boundaries)) <= 6_144


def test_more_pipelines_than_fit_are_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = [f"partner-invoices-{number:02}" for number in range(25)]
    with pytest.raises(ValueError, match=r"of 25 pipelines has .* IAM takes 6144; divide the"):
        deploy(monkeypatch, pipelines=json.dumps(many))
