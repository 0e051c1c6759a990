"""What the component registers and what the Lambda code reads and writes, held together."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from components import EmailOn, SilentScalperPipeline, SilentScalperPipelineArgs
from components.table import LISTED, NEEDS_ATTENTION
from handler import log
from handler.aws.email_budget import EmailBudget
from handler.aws.records import Records
from handler.model.errors import Fault
from handler.model.event import Upload
from handler.model.item import Status
from handler.model.rules import Rules
from handler.model.settings import EMAIL_ON, RetryPlan, Settings
from operate.audit import daily
from silent_scalper_arguments.rules import RuleSettings
from tests.arguments.examples import every_argument
from tests.component.recorder import Deployment, deploy

FUNCTIONS = ("processor", "rescuer", "checker")
RETRY_PLAN = RetryPlan(
    delays_minutes=(10, 120, 1440),
    group="intake-retries-1a2b3c4",
    role_arn="arn:aws-mock:iam::123456789012:role/intake-retries-role-1a2b3c4",
    processor_arn="arn:aws-mock:lambda:eu-north-1:123456789012:function:intake-processor-1a2b3c4",
    kept_events_arn="arn:aws-mock:sqs:eu-north-1:123456789012:intake-kept-events-1a2b3c4",
)


def environment(deployment: Deployment, function: str) -> dict[str, str]:
    variables: dict[str, str] = deployment.named(function).inputs["environment"]["variables"]
    assert all(isinstance(value, str) for value in variables.values())
    return variables


def settings(deployment: Deployment, function: str) -> Settings:
    return Settings.from_environment(environment(deployment, function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_handler_reads_what_the_component_registers(
    deployed: Deployment, function: str
) -> None:
    assert settings(deployed, function) == Settings(
        pipeline="silent-scalper-test-intake",
        stack="test",
        input_bucket="intake-input-1a2b3c4",
        quarantine_bucket="intake-quarantine-1a2b3c4",
        table="intake-FileMetadata-1a2b3c4",
        topic_arn=deployed.arn("ScalperAlerts"),
        quiet_topic_arn=deployed.arn("ScalperQuietOutcomes"),
        email_on="all",
        rules=Rules(),
        record_retention_days=None,
        process_entry=None,
        retry_plan=RETRY_PLAN if function == "rescuer" else None,
    )


def test_the_daily_check_finds_the_functions_that_the_component_registers(
    deployed: Deployment,
) -> None:
    environ = {**environment(deployed, "checker"), "AWS_REGION": "eu-north-1"}
    outputs = daily.deployment_of(settings(deployed, "checker"), environ).outputs
    assert outputs.processor_function == deployed.named("processor").outputs["name"]
    assert outputs.rescuer_function == deployed.named("rescuer").outputs["name"]
    assert outputs.metadata_table == deployed.named("FileMetadata").outputs["name"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_argument_for_the_handler_reaches_it(full: Deployment, function: str) -> None:
    read = settings(full, function)
    given = every_argument()
    rules = {it.name: given[it.name] for it in fields(RuleSettings)}
    assert read.rules == Rules(**rules | {"accepted_types": ["csv", "tar.gz"]})
    assert (read.rules.min_size_bytes, read.rules.max_size_bytes) == (2, 1000)
    assert (read.email_on, read.record_retention_days) == ("failures", 400)
    assert read.process_entry == "main.process"


def test_empty_files_are_taken_where_the_component_says_so() -> None:
    args: SilentScalperPipelineArgs = {"accept_empty": True}
    deployment = deploy(lambda: SilentScalperPipeline("intake", args))
    assert settings(deployment, "processor").rules.accept_empty is True


@pytest.mark.parametrize("function", ["processor", "rescuer"])
def test_no_variable_is_registered_that_the_handler_does_not_read(
    full: Deployment, function: str
) -> None:
    """Nor the other way round: without any one of them it reads something else, or refuses."""
    ours = {n: v for n, v in environment(full, function).items() if n.startswith("SCALPER_")}
    whole = Settings.from_environment(ours)
    for name in ours:
        without = {other: value for other, value in ours.items() if other != name}
        assert _read(without) != whole, name


def _read(environment: dict[str, str]) -> Settings | None:
    try:
        return Settings.from_environment(environment)
    except Fault:
        return None


def test_schedules_are_made_as_the_component_says(full: Deployment) -> None:
    plan = settings(full, "rescuer").retry_plan
    assert plan is not None
    assert plan.delays_minutes == (1, 30)
    assert plan.processor_arn == full.arn("processor")
    assert plan.kms_key_arn == full.named("rescuer-logs").inputs["kmsKeyId"]


def test_the_choices_of_email_are_the_same() -> None:
    assert tuple(option.value for option in EmailOn) == EMAIL_ON


def test_the_alarms_watch_the_metrics_that_the_handler_writes(deployed: Deployment) -> None:
    watched = {
        alarm.inputs["metricName"]: alarm.inputs
        for alarm in deployed.of("MetricAlarm")
        if alarm.inputs["namespace"] == log.METRIC_NAMESPACE
    }
    assert set(watched) == set(log.METRICS.values())
    for function in FUNCTIONS:
        pipeline = settings(deployed, function).pipeline
        for inputs in watched.values():
            assert inputs["dimensions"] == {log.METRIC_DIMENSION: pipeline}


def _item(status: Status) -> dict[str, Any]:
    upload = Upload(
        bucket="in",
        key="a/b.csv",
        version_id="v1",
        etag="e",
        size_bytes=1,
        upload_id="0" * 32,
        uploaded_at=datetime.now(UTC),
        record={},
        sender="AWS:AIDAJDPLRKLG7EXAMPLE",
    )
    keeping = Settings("p", "s", "in", "q", "t", "arn", "quiet", "all", Rules(), 400, None)
    return Records(None, keeping).item(
        upload, status, "me", 1, reason_code="X", location="s3://q/a/b.csv", location_version_id="v"
    )


def test_the_tables_keys_and_index_are_those_of_the_handlers_items(deployed: Deployment) -> None:
    table = deployed.named("FileMetadata").inputs
    (index,) = table["globalSecondaryIndexes"]
    assert index["name"] == NEEDS_ATTENTION == "needs_attention", "alerts and people name it"
    index_keys = {key["attributeName"] for key in index["keySchemas"]}
    quarantined, accepted = _item(Status.QUARANTINED), _item(Status.PROCESSED)
    for item in (quarantined, accepted):
        assert {table["hashKey"], table["rangeKey"]} <= item.keys()
        assert table["ttl"]["attributeName"] in item
    of_retries = {"retry_at", "claimed_at"}
    assert index_keys | set(LISTED) - of_retries <= quarantined.keys()
    assert not index_keys & accepted.keys(), "the index is sparse"


def test_budget_counters_expire_with_the_tables_own_attribute(deployed: Deployment) -> None:
    written: list[dict[str, Any]] = []

    class Table:
        def update_item(self, **request: Any) -> dict[str, Any]:
            written.append(request)
            return {"Attributes": {}}

    EmailBudget(Table(), settings(deployed, "processor")).ask("failure", "request-1")
    (request,) = written
    ttl = deployed.named("FileMetadata").inputs["ttl"]
    assert f"{ttl['attributeName']} =" in request["UpdateExpression"]
    assert set(request["Key"]) == {"object_key", "upload_id"}
