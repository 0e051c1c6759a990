"""The daily check's role is enough for the deployed function, and without any part it is not.

The function is started as its schedule does, on an emulator that evaluates its policy.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from local.alerts import Listener
from local.deployment import Deployment

from .test_actions import DENIED

Action = tuple[str, str]

_LOGS = "the emulator asks for the log group's ARN, where AWS asks for a stream's, which ends in :*"
NOT_SHOWN: dict[Action, str] = {
    ("WriteItsLogs", "logs:CreateLogStream"): _LOGS,
    ("WriteItsLogs", "logs:PutLogEvents"): _LOGS,
    ("SeeWhereFailuresGo", "lambda:GetFunctionEventInvokeConfig"): (
        "the emulator asks for lambda:GetFunction, where AWS asks for this"
    ),
    ("LookIntoKeptEvents", "sqs:ChangeMessageVisibility"): (
        "for a batch the emulator asks for an action of that name, which AWS does not have"
    ),
}
"""What the emulator cannot show, and why; AWS asks for it."""
ASKED_BY_THE_EMULATOR = {
    "Sid": "AskedByTheEmulator",
    "Effect": "Allow",
    "Action": ["lambda:GetFunction", "sqs:ChangeMessageVisibilityBatch"],
    "Resource": "*",
}


@dataclass
class Checker:
    """The deployed function, and its role's policy."""

    deployment: Deployment
    name: str
    role: str
    policy_name: str

    @property
    def policy(self) -> dict[str, Any]:
        answer = self.deployment.cloud.iam.get_role_policy(
            RoleName=self.role, PolicyName=self.policy_name
        )
        found: Any = answer["PolicyDocument"]
        return dict(found)

    def put(self, policy: dict[str, Any]) -> None:
        self.deployment.cloud.iam.put_role_policy(
            RoleName=self.role, PolicyName=self.policy_name, PolicyDocument=json.dumps(policy)
        )

    def failure(self) -> str | None:
        """How a check fails, if it does."""
        answer = self.deployment.cloud.lambda_.invoke(
            FunctionName=self.name, Payload=json.dumps({"grace_seconds": 0})
        )
        said = answer["Payload"].read().decode()
        return said if answer.get("FunctionError") else None

    @contextmanager
    def without(self, sid: str, action: str) -> Iterator[None]:
        shipped = self.policy
        left = [
            {**one, "Action": [it for it in one["Action"] if (one["Sid"], it) != (sid, action)]}
            for one in shipped["Statement"]
        ]
        self.put({**shipped, "Statement": [one for one in left if one["Action"]]})
        try:
            yield
        finally:
            self.put(shipped)


@pytest.fixture(scope="module")
def checker(guarded: Deployment) -> Checker:
    """With something to find: a file that was lost, and a copy that no record names."""
    cloud = guarded.cloud
    for bucket in (guarded.input_bucket, guarded.quarantine_bucket):
        cloud.s3.put_object(Bucket=bucket, Key="checked/lost.csv", Body=b"a\n")
    pages = cloud.lambda_.get_paginator("list_functions").paginate()
    names = [it["FunctionName"] for page in pages for it in page["Functions"]]
    (name,) = [it for it in names if it.startswith("intake-checker-")]
    arn = cloud.lambda_.get_function_configuration(FunctionName=name)["Role"]
    role = arn.rpartition("/")[2]
    (policy_name,) = cloud.iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = Checker(guarded, name, role, policy_name)
    shipped = found.policy
    found.put({**shipped, "Statement": [*shipped["Statement"], ASKED_BY_THE_EMULATOR]})
    return found


def test_with_the_shipped_policy_it_finds_and_tells(checker: Checker, listener: Listener) -> None:
    assert checker.failure() is None
    told = [it for it in listener.listen() if it.message.get("status") == "DAILY_CHECK"]
    assert told[-1].message["found"]["stray-copy"] >= 1


def test_it_needs_each_action_that_it_has(checker: Checker) -> None:
    registered = [(one["Sid"], it) for one in checker.policy["Statement"] for it in one["Action"]]
    assert len(registered) > 10
    needless = []
    for sid, action in registered:
        if (sid, action) in NOT_SHOWN or sid == ASKED_BY_THE_EMULATOR["Sid"]:
            continue
        with checker.without(sid, action):
            failure = checker.failure()
        refused = failure is not None and any(
            word in failure for word in (*DENIED, "not allowed", "403")
        )
        if not refused:
            needless.append((sid, action, failure))
    assert needless == []
    assert checker.failure() is None
