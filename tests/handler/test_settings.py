"""The environment is read once, and what is wrong with it is said by name."""

import json
import time
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler import processor, rescuer
from handler.aws.clients import Clients
from handler.doors.s3_notification import parse
from handler.model.errors import Code, Fault, Rejection
from handler.model.rules import Rules
from handler.model.settings import RetryPlan, Settings
from handler.pipeline import Pipeline, deployed

from .hostile import JSON
from .world import Context, World, fault_of, saved_event

GOOD = {
    "SCALPER_PIPELINE": "shop-dev-intake",
    "SCALPER_STACK": "dev",
    "SCALPER_INPUT_BUCKET": "in",
    "SCALPER_QUARANTINE_BUCKET": "aside",
    "SCALPER_TABLE": "files",
    "SCALPER_TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:alerts",
    "SCALPER_QUIET_TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:quiet",
    "SCALPER_EMAIL_ON": "all",
    "SCALPER_RULES": "{}",
}


RETRIES = {
    "SCALPER_RETRY_DELAYS_MINUTES": "10,120",
    "SCALPER_RETRY_GROUP": "retries",
    "SCALPER_RETRY_ROLE_ARN": "role",
    "SCALPER_PROCESSOR_ARN": "processor",
    "SCALPER_KEPT_EVENTS_ARN": "queue",
}
"""The rescuer's alone, and only where files are tried again by themselves."""


def test_the_least_environment_is_enough() -> None:
    settings = Settings.from_environment(GOOD)
    assert settings.retry_plan is None
    assert settings.record_retention_days is None
    assert settings.process_entry is None
    assert settings.rules.accepted_types == []


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        GOOD
        | {
            "SCALPER_RECORD_RETENTION_DAYS": "90",
            "SCALPER_PROCESS_ENTRY": "main.process",
            "SCALPER_RULES": '{"accepted_types":["csv"],"min_size_bytes":1,"max_size_bytes":2,'
            '"accept_empty":true,"ignore_patterns":["*.tmp"]}',
        }
    )
    assert settings.record_retention_days == 90
    assert settings.process_entry == "main.process"
    assert settings.rules.max_size_bytes == 2
    assert settings.rules.ignore_patterns == ["*.tmp"]


def test_a_plan_of_retries_is_read_whole() -> None:
    settings = Settings.from_environment(GOOD | RETRIES)
    assert settings.retry_plan == RetryPlan((10, 120), "retries", "role", "processor", "queue")
    encrypted = Settings.from_environment(GOOD | RETRIES | {"SCALPER_RETRY_KMS_KEY_ARN": "key"})
    assert encrypted.retry_plan is not None
    assert encrypted.retry_plan.kms_key_arn == "key"


@pytest.mark.parametrize("delays", [None, ""])
def test_without_delays_there_is_no_plan_of_retries(delays: str | None) -> None:
    environment = GOOD | RETRIES | {"SCALPER_RETRY_DELAYS_MINUTES": delays or ""}
    if delays is None:
        del environment["SCALPER_RETRY_DELAYS_MINUTES"]
    assert Settings.from_environment(environment).retry_plan is None


@pytest.mark.parametrize("name", [name for name in RETRIES if "DELAYS" not in name])
def test_a_plan_of_retries_that_is_not_whole_names_what_is_missing(name: str) -> None:
    environment = {k: v for k, v in (GOOD | RETRIES).items() if k != name}
    with pytest.raises(Fault, match=f"the environment variable {name} is missing; .*pulumi up"):
        Settings.from_environment(environment)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    environment = {k: v for k, v in GOOD.items() if k != name}
    if value is not None:
        environment[name] = value
    with pytest.raises(Fault, match=f"CONFIGURATION: the environment variable {name} is missing"):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCALPER_EMAIL_ON", "sometimes"),
        ("SCALPER_RULES", "not json"),
        ("SCALPER_RULES", "[]"),
        ("SCALPER_RULES", "7"),
        ("SCALPER_RULES", '{"acepted_types": []}'),
        ("SCALPER_RECORD_RETENTION_DAYS", "a year"),
        ("SCALPER_RECORD_RETENTION_DAYS", "90.0"),
        ("SCALPER_RECORD_RETENTION_DAYS", "-1"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "ten"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "10,"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "10, 120"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "0"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "10,-1"),
        ("SCALPER_RETRY_DELAYS_MINUTES", "1.5"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value_and_the_way_out(name: str, value: str) -> None:
    with pytest.raises(Fault, match="pulumi up") as seen:
        Settings.from_environment(GOOD | {name: value})
    assert seen.value.code is Code.CONFIGURATION
    assert name in str(seen.value)
    assert value in str(seen.value)


@pytest.mark.parametrize(
    "rules",
    [
        {"accepted_types": "csv"},
        {"accepted_types": [7]},
        {"accepted_types": ["*"]},
        {"ignore_patterns": "*.tmp"},
        {"ignore_patterns": [None]},
        {"min_size_bytes": "1"},
        {"min_size_bytes": True},
        {"max_size_bytes": 1.5},
        {"max_size_bytes": False},
        {"max_size_bytes": -1},
        {"accept_empty": "no"},
        {"accept_empty": 0},
    ],
)
def test_a_rule_of_the_wrong_type_is_a_fault_of_the_deployment(rules: dict[str, Any]) -> None:
    """Otherwise every file would meet it as an error of ours, at its own time."""
    ((name, value),) = rules.items()
    with pytest.raises(
        Fault, match=rf"SCALPER_RULES cannot be read .{name} (\(entry 1\) )?must "
    ) as seen:
        Settings.from_environment(GOOD | {"SCALPER_RULES": json.dumps(rules)})
    assert seen.value.code is Code.CONFIGURATION
    assert repr(value[0] if isinstance(value, list) else value) in seen.value.reason
    assert "pulumi up" in seen.value.reason


RULE_NAMES = [field.name for field in fields(Rules)]


@given(rules=JSON | st.dictionaries(st.sampled_from(RULE_NAMES), JSON))
def test_whatever_the_rules_say_they_can_be_held_against_a_file_or_are_a_fault(rules: Any) -> None:
    environment = GOOD | {"SCALPER_RULES": json.dumps(rules)}
    if fault := fault_of(lambda: Settings.from_environment(environment)):
        assert fault.code is Code.CONFIGURATION
        return
    read = Settings.from_environment(environment)
    record = saved_event("s3_put")["Records"][0]
    upload = parse(record, record["s3"]["bucket"]["name"])
    assert read.rules.ignores(upload) in {True, False}
    with suppress(Rejection):
        read.rules.check(upload)


def test_rules_nested_too_deeply_to_be_read_are_a_fault_of_the_deployment() -> None:
    with pytest.raises(Fault, match="SCALPER_RULES cannot be read"):
        Settings.from_environment(GOOD | {"SCALPER_RULES": "[" * 4_000})


@pytest.mark.parametrize(
    ("entry", "event"),
    [(processor, "s3_put"), (rescuer, "failed_aws")],
    ids=["processor", "rescuer"],
)
def test_a_function_without_its_environment_fails_by_name_and_keeps_the_event(
    monkeypatch: pytest.MonkeyPatch, entry: Any, event: str
) -> None:
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    deployed.cache_clear()
    with pytest.raises(Fault, match="CONFIGURATION: the environment variable SCALPER_"):
        entry.handler(saved_event(event), Context("request-1"))


def test_an_instance_reads_its_environment_once_and_makes_its_clients_when_needed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "deployed", deployed)
    # moto answers before anything is sent.
    monkeypatch.setattr(Clients, "_connect", lambda self, client: None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    deployed.cache_clear()
    try:
        upload = world.upload()
        processor.handler(upload.event, Context("request-1"))
        assert world.status(upload) == "PROCESSED"
        assert deployed() is deployed()
        assert "s3" not in vars(deployed().clients), "an accepted file does not pay for S3"
    finally:
        deployed.cache_clear()


def test_nothing_reaches_out_before_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoClients:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    with pytest.raises(Fault):
        Pipeline({}, NoClients())  # type: ignore[arg-type]


def test_a_record_expires_only_when_asked_and_a_held_one_never(world: World) -> None:
    upload = world.upload()
    world.run(upload)
    assert "expires_at" not in world.record(upload)

    world.deploy(retention_days=30)
    accepted, held = world.upload("in/b.csv"), world.upload("in/c.csv")
    world.run(accepted)
    world.rescue(held, "failed_aws")
    days = (world.record(accepted)["expires_at"] - time.time()) / 86_400
    assert 29.9 < days < 30.1
    assert "expires_at" not in world.record(held)
    world.run(held)
    assert "expires_at" in world.record(held), "once it is dealt with"
