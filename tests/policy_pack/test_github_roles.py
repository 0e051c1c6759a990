"""The roles of examples/github_roles: enough to deploy a pipeline, and nothing beside it."""

import json
import runpy
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

from tests.component.recorder import COMPUTED, Deployment
from tests.component.recorder import deploy as deploy_pipeline
from tests.policy_pack.registrations import Seen, complaints
from tests.policy_pack.running_pack import Pack

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "github_roles"
ACCOUNT, REGION = "123456789012", "eu-north-1"
CONFIG = {"repository": "you/files", "state_bucket": "state-of-you"}
KEY = f"arn:aws-mock:kms:{REGION}:{ACCOUNT}:key/files"
BOUNDARY = f"arn:aws-mock:iam::{ACCOUNT}:policy/functions-boundary"

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

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
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
        statements: list[Statement] = json.loads(self.inputs[name]["policy"])["Statement"]
        return statements

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
    statements = cloud.policy("reader-policy")
    verbs = ("Get", "List", "Describe")
    assert all(action.partition(":")[2].startswith(verbs) for action in actions(statements))
    content = {"s3:GetObject", "s3:GetObjectVersion", "dynamodb:GetItem", "logs:GetLogEvents"}
    read = {(action, where) for action, where in pairs(statements) if action in content}
    assert read == {("s3:GetObject", "arn:aws-mock:s3:::state-of-you/*")}


def test_the_deployer_may_make_everything_a_pipeline_is_made_of(cloud: Cloud) -> None:
    assert set(MAKES) == set(COMPUTED)
    assert set(MAKES.values()) <= actions(cloud.policy("deployer-policy"))


def test_the_deployer_removes_data_only_when_it_is_told_to(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    removing = {"s3:DeleteBucket", "s3:DeleteObjectVersion", "dynamodb:DeleteTable"}
    assert not removing & actions(cloud.policy("deployer-policy"))
    told = deploy(monkeypatch, may_destroy="true")
    assert removing <= actions(told.policy("deployer-policy"))


def test_the_deployer_cannot_give_away_more_than_the_boundary(cloud: Cloud) -> None:
    statements = cloud.policy("deployer-policy")
    bounded = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        (one,) = [one for one in statements if action in one["Action"]]
        assert one["Condition"] == bounded
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
    ours = ("intake-*", "scans-*", "state-of-you", "state-of-you/*")
    for action, resource in pairs(cloud.policy("deployer-policy")):
        assert resource == "*" or resource.rpartition(":")[2].endswith(ours), (action, resource)


def test_the_functions_may_do_their_work_inside_the_boundary(
    monkeypatch: pytest.MonkeyPatch, pipeline: Deployment
) -> None:
    inside = list(pairs(deploy(monkeypatch, kms_key_arn=KEY).policy("functions-boundary")))
    policies = (
        "processor-policy", "processor-failures-policy", "rescuer-policy",
        "rescuer-failures-policy", "retries-policy", "checker-policy", "check-policy",
    )  # fmt: skip
    for policy in policies:
        for action, resource in pairs(pipeline.policy(policy)):
            allowed = [where for named, where in inside if named == action]
            assert any(fnmatchcase(resource, where) for where in allowed), (action, resource)


def test_the_policies_fit_what_iam_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = deploy(monkeypatch, may_destroy="true", kms_key_arn=KEY, pipelines='["a", "b", "c"]')

    def size(name: str) -> int:
        return len(json.dumps(cloud.policy(name), separators=(",", ":")))

    assert size("reader-policy") < 10_240
    assert size("deployer-policy") < 10_240
    assert size("functions-boundary") < 6_144
