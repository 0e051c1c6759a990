"""What each part of a pipeline is asked to be."""

import re
from typing import Any

import pytest

from components import EmailOn, SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import Deployment, deploy


def environment(deployment: Deployment, function: str) -> dict[str, str]:
    variables: dict[str, str] = deployment.named(function).inputs["environment"]["variables"]
    return variables


def test_the_table_holds_one_item_an_upload_and_lists_what_needs_somebody(
    deployed: Deployment,
) -> None:
    table = deployed.named("FileMetadata").inputs
    assert (table["hashKey"], table["rangeKey"]) == ("object_key", "upload_id")
    assert table["ttl"] == {"attributeName": "expires_at", "enabled": True}
    (index,) = table["globalSecondaryIndexes"]
    assert index["keySchemas"] == [
        {"attributeName": "attention_shard", "keyType": "HASH"},
        {"attributeName": "attention_at", "keyType": "RANGE"},
    ]
    assert index["projectionType"] == "INCLUDE"
    declared = {attribute["name"] for attribute in table["attributes"]}
    assert declared == {"object_key", "upload_id", "attention_shard", "attention_at"}


@pytest.mark.parametrize(("name", "wanted"), [("deployed", False), ("full", True)])
def test_the_table_can_be_restored_to_a_point_in_time_when_asked(
    request: pytest.FixtureRequest, name: str, wanted: bool
) -> None:
    table = request.getfixturevalue(name).named("FileMetadata").inputs
    assert table["pointInTimeRecovery"] == {"enabled": wanted}


def lifecycle(deployment: Deployment, bucket: str) -> dict[str, dict[str, Any]]:
    rules = deployment.named(f"{bucket}-lifecycle").inputs["rules"]
    assert all(rule["status"] == "Enabled" and rule["filter"] == {} for rule in rules)
    return {rule["id"]: rule for rule in rules}


@pytest.mark.parametrize("bucket", ["input", "quarantine"])
def test_parts_of_abandoned_uploads_are_removed(deployed: Deployment, bucket: str) -> None:
    rule = lifecycle(deployed, bucket)["abandoned-uploads"]
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_nothing_in_the_input_bucket_expires_unless_asked(
    deployed: Deployment, full: Deployment
) -> None:
    assert set(lifecycle(deployed, "input")) == {"abandoned-uploads"}
    assert lifecycle(full, "input")["retention"]["expiration"] == {"days": 200}


@pytest.mark.parametrize(("days", "name"), [(30, "deployed"), (60, "full")])
def test_quarantined_files_expire_old_versions_as_late_as_new_ones(
    request: pytest.FixtureRequest, days: int, name: str
) -> None:
    rule = lifecycle(request.getfixturevalue(name), "quarantine")["retention"]
    assert rule["expiration"] == {"days": days}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": days}


@pytest.mark.parametrize("bucket", ["input", "quarantine"])
def test_lifecycle_rules_wait_for_versioning(deployed: Deployment, bucket: str) -> None:
    """Before it, an expiration deletes for good."""
    assert deployed.named(f"{bucket}-versioning").urn in (
        deployed.named(f"{bucket}-lifecycle").depends_on
    )


@pytest.mark.parametrize(
    ("function", "entry"),
    [
        ("processor", "silent_scalper.processor.handler"),
        ("rescuer", "silent_scalper.rescuer.handler"),
        ("checker", "operate.audit.daily.handler"),
    ],
)
def test_a_function_runs_on_arm_and_owns_its_log_group(
    deployed: Deployment, function: str, entry: str
) -> None:
    inputs = deployed.named(function).inputs
    assert inputs["runtime"] == "python3.12"
    assert inputs["architectures"] == ["arm64"]
    assert inputs["handler"] == entry
    assert inputs["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": f"intake-{function}-logs-1a2b3c4",
        "applicationLogLevel": "INFO",
        "systemLogLevel": "WARN",
    }
    assert deployed.named(f"{function}-logs").inputs["retentionInDays"] == 30
    waits_for = deployed.named(function).depends_on
    assert deployed.named(f"{function}-logs").urn in waits_for
    assert deployed.named(f"{function}-policy").urn in waits_for


def test_the_processor_gets_what_the_user_asks_for(full: Deployment, deployed: Deployment) -> None:
    asked, usual = full.named("processor").inputs, deployed.named("processor").inputs
    assert (usual["memorySize"], usual["timeout"], usual["ephemeralStorage"]) == (
        512, 60, {"size": 512}
    )  # fmt: skip
    assert "reservedConcurrentExecutions" not in usual, "a new account cannot reserve any"
    assert "layers" not in usual
    assert (asked["memorySize"], asked["timeout"], asked["ephemeralStorage"]) == (
        1024, 120, {"size": 2048}
    )  # fmt: skip
    assert asked["reservedConcurrentExecutions"] == 50
    assert asked["layers"] == ["arn:aws-mock:lambda:eu-north-1:123456789012:layer:pandas:7"]
    assert environment(full, "processor")["STAGE"] == "test"
    assert full.named("processor-logs").inputs["retentionInDays"] == 90


def test_the_rescuer_runs_none_of_the_users_code(full: Deployment) -> None:
    rescuer = full.named("rescuer").inputs
    folders = {name.split("/")[0] for name in rescuer["code"].assets}
    assert folders == {"silent_scalper", "silent_scalper_arguments"}
    assert "STAGE" not in environment(full, "rescuer")
    assert not {"layers", "reservedConcurrentExecutions"} & rescuer.keys()
    assert (rescuer["timeout"], rescuer["memorySize"]) == (900, 512)


@pytest.mark.parametrize(
    ("function", "destination"), [("processor", "rescuer"), ("rescuer", "kept-events")]
)
def test_what_a_function_fails_on_goes_on(
    deployed: Deployment, function: str, destination: str
) -> None:
    assert deployed.named(f"{function}-failures").inputs == {
        "functionName": f"intake-{function}-1a2b3c4",
        "maximumRetryAttempts": 2,
        "maximumEventAgeInSeconds": 21600,
        "destinationConfig": {"onFailure": {"destination": deployed.arn(destination)}},
    }


def test_the_daily_check_has_time_for_a_million_files_and_is_not_repeated(
    deployed: Deployment,
) -> None:
    checker = deployed.named("checker").inputs
    assert (checker["memorySize"], checker["timeout"], checker["ephemeralStorage"]) == (
        1769, 900, {"size": 2048}
    )  # fmt: skip
    failures = deployed.named("checker-failures").inputs
    assert failures["maximumRetryAttempts"] == 0
    assert "destinationConfig" not in failures


def test_the_daily_check_runs_once_a_day(deployed: Deployment) -> None:
    schedule = deployed.named("daily-check").inputs
    assert schedule["scheduleExpression"] == "cron(0 4 * * ? *)"
    assert schedule["flexibleTimeWindow"] == {"mode": "FLEXIBLE", "maximumWindowInMinutes": 60}


def test_without_the_daily_check_nothing_of_it_is_left() -> None:
    deployment = deploy(lambda: SilentScalperPipeline("intake", {"daily_check": False}))
    names = {child.name for child in deployment.children}
    assert not {name for name in names if "check" in name}
    assert len(deployment.of("MetricAlarm")) == 6


def test_events_nobody_could_record_are_kept_for_a_fortnight(deployed: Deployment) -> None:
    assert deployed.named("kept-events").inputs["messageRetentionSeconds"] == 14 * 86400


def test_no_file_arrives_before_everything_is_in_place(deployed: Deployment) -> None:
    notification = deployed.named("input-notification")
    must_stand = [
        "processor-permission", "processor", "rescuer", "processor-failures", "rescuer-failures",
        "retries-policy",
        "input-versioning", "quarantine-versioning", "quarantine-policy", "input-policy",
    ]  # fmt: skip
    assert {deployed.named(name).urn for name in must_stand} <= notification.depends_on


def test_s3_calls_the_processor_for_new_objects(deployed: Deployment, full: Deployment) -> None:
    (call,) = deployed.named("input-notification").inputs["lambdaFunctions"]
    assert call == {
        "lambdaFunctionArn": deployed.arn("processor"),
        "events": ["s3:ObjectCreated:*"],
    }
    (call,) = full.named("input-notification").inputs["lambdaFunctions"]
    assert (call["filterPrefix"], call["filterSuffix"]) == ("in/", ".csv")


def test_people_are_subscribed_by_address_not_by_place(full: Deployment) -> None:
    def names(emails: list[str]) -> set[str]:
        args: SilentScalperPipelineArgs = {"alert_emails": emails}
        deployment = deploy(lambda: SilentScalperPipeline("intake", args))
        return {subscription.urn for subscription in deployment.of("TopicSubscription")}

    both = names(["first@example.com", "second@example.com"])
    assert names(["second@example.com"]) < both
    assert names(["second@example.com", "first@example.com"]) == both


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "none"),
        ({"email_on": EmailOn.ALL}, "none"),
        ({"alert_emails": ["ops@example.com"]}, "all"),
        ({"alert_emails": ["ops@example.com"], "email_on": "failures"}, "failures"),
        ({"alert_emails": ["ops@example.com"], "email_on": EmailOn.NONE}, "none"),
    ],
)
def test_who_is_told_by_email(given: SilentScalperPipelineArgs, told: str) -> None:
    deployment = deploy(lambda: SilentScalperPipeline("intake", given))
    for function in ("processor", "rescuer"):
        assert environment(deployment, function)["SCALPER_EMAIL_ON"] == told
    assert len(deployment.of("TopicSubscription")) == len(given.get("alert_emails", []))


ALARMS = {
    "files-held": ("SilentScalper", "FilesHeld", "Sum", 1),
    "files-quarantined": ("SilentScalper", "FilesQuarantined", "Sum", 10),
    "files-late": ("AWS/Lambda", "AsyncEventAge", "Maximum", 15 * 60 * 1000),
    "events-kept": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 1),
    "rescue-undelivered": ("AWS/Lambda", "DestinationDeliveryFailures", "Sum", 1),
    "keep-undelivered": ("AWS/Lambda", "DestinationDeliveryFailures", "Sum", 1),
    "check-failed": ("AWS/Lambda", "Errors", "Sum", 1),
}
WATCHED = {
    "files-held": {"Pipeline": "silent-scalper-test-intake"},
    "files-quarantined": {"Pipeline": "silent-scalper-test-intake"},
    "files-late": {"FunctionName": "intake-processor-1a2b3c4"},
    "events-kept": {"QueueName": "intake-kept-events-1a2b3c4"},
    "rescue-undelivered": {"FunctionName": "intake-processor-1a2b3c4"},
    "keep-undelivered": {"FunctionName": "intake-rescuer-1a2b3c4"},
    "check-failed": {"FunctionName": "intake-checker-1a2b3c4"},
}


def test_there_are_seven_alarms_and_so_seven_billed_metrics(full: Deployment) -> None:
    alarms = full.of("MetricAlarm")
    assert sorted(alarm.name for alarm in alarms) == sorted(f"intake-{name}" for name in ALARMS)
    assert not any("metricQueries" in alarm.inputs for alarm in alarms)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_its_metric_and_tells_the_topic(deployed: Deployment, name: str) -> None:
    inputs = deployed.named(name).inputs
    seen = tuple(inputs[key] for key in ("namespace", "metricName", "statistic", "threshold"))
    assert seen == ALARMS[name]
    assert inputs["dimensions"] == WATCHED[name]
    assert inputs["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (inputs["period"], inputs["evaluationPeriods"]) == (300, 1)
    assert inputs["treatMissingData"] == "notBreaching"
    assert inputs["alarmActions"] == [deployed.arn("ScalperAlerts")]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_it_means_and_what_to_do(deployed: Deployment, name: str) -> None:
    description = deployed.named(name).inputs["alarmDescription"]
    means, _, rest = description.partition(" What to do: ")
    do, _, type_next = rest.partition(" Type next: ")
    assert len(means.split()) >= 10
    assert len(do.split()) >= 10
    assert re.fullmatch(r"scalper [a-z -]+( 1h)? --stack test", type_next)
    assert len(description) <= 1024, "the most that CloudWatch takes"


OUTPUTS = {
    "input_bucket": "intake-input-1a2b3c4",
    "input_bucket_arn": "arn:aws-mock:s3:::intake-input-1a2b3c4",
    "quarantine_bucket": "intake-quarantine-1a2b3c4",
    "quarantine_bucket_arn": "arn:aws-mock:s3:::intake-quarantine-1a2b3c4",
    "metadata_table": "intake-FileMetadata-1a2b3c4",
    "metadata_table_arn": (
        "arn:aws-mock:dynamodb:eu-north-1:123456789012:table/intake-FileMetadata-1a2b3c4"
    ),
    "alerts_topic": "intake-ScalperAlerts-1a2b3c4",
    "alerts_topic_arn": "arn:aws-mock:sns:eu-north-1:123456789012:intake-ScalperAlerts-1a2b3c4",
    "quiet_topic": "intake-ScalperQuietOutcomes-1a2b3c4",
    "quiet_topic_arn": (
        "arn:aws-mock:sns:eu-north-1:123456789012:intake-ScalperQuietOutcomes-1a2b3c4"
    ),
    "processor_function": "intake-processor-1a2b3c4",
    "processor_function_arn": (
        "arn:aws-mock:lambda:eu-north-1:123456789012:function:intake-processor-1a2b3c4"
    ),
    "rescuer_function": "intake-rescuer-1a2b3c4",
    "rescuer_function_arn": (
        "arn:aws-mock:lambda:eu-north-1:123456789012:function:intake-rescuer-1a2b3c4"
    ),
    "processor_role": "intake-processor-role-1a2b3c4",
    "kept_events_queue_url": ("https://sqs.mock.invalid/123456789012/intake-kept-events-1a2b3c4"),
}


def test_the_component_hands_out_names_and_arns(deployed: Deployment) -> None:
    assert deployed.component_outputs == OUTPUTS
