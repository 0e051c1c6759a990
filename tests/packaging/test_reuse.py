"""The programs in docs/reuse.md, each run on Pulumi's mocks as it is printed there."""

import ast
import json
import re
import sys
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

import components
from tests.packaging.installed import ROOT

DOCUMENT = (ROOT / "docs" / "reuse.md").read_text()
ACCOUNT, REGION = "123456789012", "eu-north-1"
COMPONENT = "silent-scalper:index:SilentScalperPipeline"

Inputs = dict[str, Any]


class Cloud(mocks.Mocks):
    """Answers with what a resource needs, and remembers all of them."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], Inputs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Inputs]:
        kind = args.typ.rpartition(":")[2]
        self.made[kind, args.name] = args.inputs
        if kind == "StackReference":
            outputs = {"input_bucket_arn": "arn:aws-mock:s3:::theirs"}
            return args.name, {**args.inputs, "outputs": outputs}
        service = args.typ.split(":")[1].partition("/")[0]
        arn = f"arn:aws-mock:{service}:{REGION}:{ACCOUNT}:{kind}/{args.name}"
        if kind == "Key":
            arn = f"arn:aws-mock:kms:{REGION}:{ACCOUNT}:key/{args.name}"
        own = {"arn": arn, "name": args.name, "bucket": args.name, "url": args.name, "keyId": "k"}
        return args.name, {**args.inputs, **own}

    def call(self, args: mocks.MockCallArgs) -> tuple[Inputs, list[tuple[str, str]]]:
        names = ("id", "arn", "userId", "dnsSuffix", "reverseDnsPrefix", "description", "endpoint")
        known = {"accountId": ACCOUNT, "region": REGION, "name": REGION, "partition": "aws-mock"}
        return {**dict.fromkeys(names, ""), **known}, []

    def of(self, kind: str, name: str) -> Inputs:
        return self.made[kind, name]

    def statements(self, kind: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.of(kind, name)["policy"])["Statement"]
        return found


def program(title: str) -> str:
    """The Python under a heading."""
    section = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", DOCUMENT, re.M | re.S)
    assert section, f"docs/reuse.md has no {title!r}"
    (code,) = re.findall(r"^```python\n(.*?)^```", section[1], re.M | re.S)
    return str(code)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Cloud]:
    monkeypatch.setitem(sys.modules, "silent_scalper", components)
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")

    def run(title: str) -> Cloud:
        cloud = Cloud()
        mocks.set_mocks(cloud, project="reuse", stack="test")
        code = compile(program(title), f"docs/reuse.md: {title}", "exec")
        pulumi.runtime.test(lambda: exec(code, {}))()  # type: ignore[no-untyped-call]
        return cloud

    return run


Deployed = Callable[[str], Cloud]


def test_every_program_in_the_document_is_run_here() -> None:
    titles = re.findall(r"^### (.*)$", DOCUMENT, re.MULTILINE)
    tree = ast.parse((ROOT / "tests" / "packaging" / "test_reuse.py").read_text())
    run = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "deployed"
        and isinstance(call.args[0], ast.Constant)
    }
    assert run == set(titles)
    assert DOCUMENT.count("```python") == len(titles)


def test_the_programs_go_from_the_shortest_to_the_longest() -> None:
    titles = re.findall(r"^### (.*)$", DOCUMENT, re.MULTILINE)
    lengths = [program(title).count("\n") for title in titles]
    assert lengths == sorted(lengths)


def test_a_subscription_hears_of_what_it_asks_for(deployed: Deployed) -> None:
    cloud = deployed("Subscriptions of your own")
    for name, topic in {
        "late-shift": "intake-ScalperAlerts",
        "late-shift-quiet": "intake-ScalperQuietOutcomes",
    }.items():
        subscription = cloud.of("TopicSubscription", name)
        assert subscription["topic"].endswith(f"Topic/{topic}")
        asked = json.loads(subscription["filterPolicy"])
        assert asked == {"status": ["QUARANTINED", "HELD"]}


def test_process_gets_statements_of_its_own_and_keeps_the_pipelines(deployed: Deployed) -> None:
    cloud = deployed("What your `process` may do beside its file")
    assert cloud.of("RolePolicy", "write-orders")["role"] == "intake-processor-role"
    (statement,) = cloud.statements("RolePolicy", "write-orders")
    assert statement["Resource"] == [cloud_arn("dynamodb", "Table/orders")]
    assert len(cloud.statements("RolePolicy", "intake-processor-policy")) > 5


def test_all_roles_carry_the_boundary(deployed: Deployed) -> None:
    cloud = deployed("A permissions boundary")
    for role in [name for kind, name in cloud.made if kind == "Role"]:
        assert cloud.of("Role", role)["permissionsBoundary"].endswith(":policy/functions-boundary")


def test_another_project_may_upload(deployed: Deployed) -> None:
    cloud = deployed("From another project")
    (statement,) = cloud.statements("Policy", "may-upload")
    assert statement["Resource"] == ["arn:aws-mock:s3:::theirs/*"]


def test_a_key_of_ones_own_lets_in_the_account_the_alarms_and_the_logs(deployed: Deployed) -> None:
    cloud = deployed("A KMS key of your own")
    account, alarms, logs = cloud.statements("KeyPolicy", "intake")
    assert account["Principal"] == {"AWS": f"arn:aws-mock:iam::{ACCOUNT}:root"}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    (alarm_arns,) = alarms["Condition"]["ArnLike"].values()
    (log_arns,) = logs["Condition"]["ArnLike"].values()
    names = [name for kind, name in cloud.made if kind in ("MetricAlarm", "LogGroup")]
    assert len(names) == 10
    for name in names:
        # Pulumi's own names, and two that patterns of pulumi:autonaming make.
        kind, pattern = ("log-group", log_arns) if name.endswith("-logs") else ("alarm", alarm_arns)
        service = "logs" if kind == "log-group" else "cloudwatch"
        for physical in (f"{name}-1a2b3c4", f"reuse-test-{name}", f"prod.{name}.1a2b"):
            arn = f"arn:aws-mock:{service}:{REGION}:{ACCOUNT}:{kind}:{physical}"
            assert fnmatchcase(arn, pattern)


def test_a_key_of_ones_own_encrypts_every_store(deployed: Deployed) -> None:
    cloud = deployed("A KMS key of your own")
    key = f"arn:aws-mock:kms:{REGION}:{ACCOUNT}:key/intake"
    encrypted = [
        name for (_, name), inputs in cloud.made.items() if key in json.dumps(inputs, default=str)
    ]
    assert {name.removeprefix("intake-") for name in encrypted} == {
        "input-encryption", "input-policy", "quarantine-encryption", "FileMetadata",
        "ScalperAlerts", "ScalperQuietOutcomes", "kept-events",
        "processor-logs", "rescuer-logs", "checker-logs",
        "processor-policy", "rescuer-policy", "checker-policy", "retries-policy",
        "rescuer",  # it names the key for the schedules that it makes
    }  # fmt: skip


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", DOCUMENT):
        assert (ROOT / "docs" / target).exists(), target


def cloud_arn(service: str, name: str) -> str:
    return f"arn:aws-mock:{service}:{REGION}:{ACCOUNT}:{name}"
