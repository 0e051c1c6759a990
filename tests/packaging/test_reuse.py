"""The programs in docs/reuse.md, each run on Pulumi's mocks as it is printed there."""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.packaging.documents import ACCOUNT, REGION, Cloud, Document, cloud_arn, run_by
from tests.packaging.installed import ROOT

DOCUMENT = Document("reuse.md")
Deployed = Callable[[str], Cloud]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return lambda title: DOCUMENT.run(title, monkeypatch)


def test_every_program_in_the_document_is_run_here() -> None:
    assert run_by(__file__) == DOCUMENT.programs.keys()
    assert DOCUMENT.text.count("```python") == len(DOCUMENT.programs)


def test_the_programs_go_from_the_shortest_to_the_longest() -> None:
    lengths = [program.count("\n") for program in DOCUMENT.programs.values()]
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


def test_code_may_read_its_secrets_and_the_program_holds_none(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "process").mkdir()
    (tmp_path / "process" / "main.py").write_text("def process(file): ...\n")
    monkeypatch.chdir(tmp_path)
    cloud = deployed("A secret for your `process`")
    ssm, manager = cloud.statements("RolePolicy", "read-secrets")
    assert ssm["Resource"] == [cloud_arn("ssm", "Parameter/price-token")]
    assert manager["Resource"] == [cloud_arn("secretsmanager", "Secret/orders-login")]
    variables = cloud.of("Function", "intake-processor")["environment"]["variables"]
    assert variables["ORDERS_LOGIN"] == manager["Resource"][0]


def test_in_a_vpc_the_processor_finds_what_every_file_needs(deployed: Deployed) -> None:
    cloud = deployed("In a VPC")
    endpoints = {name: it for (kind, name), it in cloud.made.items() if kind == "VpcEndpoint"}
    assert {name: it["serviceName"] for name, it in endpoints.items()} == {
        name: f"com.amazonaws.{REGION}.{name}" for name in ("s3", "dynamodb", "sns")
    }
    inside = cloud.of("Function", "intake-processor")["vpcConfig"]
    assert endpoints["sns"]["subnetIds"] == inside["subnetIds"]
    assert endpoints["sns"]["privateDnsEnabled"] is True
    assert "vpcConfig" not in cloud.of("Function", "intake-rescuer")


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
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", DOCUMENT.text):
        assert (ROOT / "docs" / target).exists(), target
