"""Each section of the runbook, played through: what happened, the commands as written, the end.

The sections are those of docs/operating.md; a section without a test here, or a command that no
test types, fails.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components import SilentScalperPipeline
from handler.model.item import Status
from handler.model.messages import email_text, notice_text, subject
from handler.model.settings import Settings
from local.deployment import ROOT
from operate.__main__ import scalper
from operate.audit import daily
from operate.audit.findings import Finding, Kind
from tests.component.recorder import Deployment as Registered
from tests.component.recorder import deploy

from .conftest import GOOD, KEY, MENDED_RELEASE, RUNBOOK, Operator, is_a_command

OTHERS = ["partners/acme/returns.csv", "partners/zenith/orders.csv"]
STOPPED = "failed_concurrency_zero"
"""What Lambda says where the emulator says something else."""
section = pytest.mark.section


# By alarm.


@section("files-held")
def test_files_that_aws_failed_on_are_tried_again(operator: Operator) -> None:
    operator.holds(KEY, *OTHERS)
    said = operator.types(0, 0, 0)
    assert "AWS_ERROR" in said
    assert all(key in said for key in (KEY, *OTHERS))
    said = operator.types(0, 0)
    assert "dry run" in said
    operator.waits_until("PROCESSED", KEY, *OTHERS)


@section("files-quarantined")
def test_many_files_set_aside_are_compared(operator: Operator) -> None:
    operator.is_sent_broken(KEY, *OTHERS)
    said = operator.types(0, 0)
    assert said.count("PROCESS_FAILED") >= 3
    assert "partners/zenith/orders.csv" in said


@section("files-late")
def test_a_backlog_is_seen(operator: Operator) -> None:
    function = operator.pipeline.deployment.outputs["processor_function"]
    dimensions: Any = [{"Name": "FunctionName", "Value": function}]
    operator.pipeline.cloud.cloudwatch.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {"MetricName": name, "Value": value, "Dimensions": dimensions}
            for name, value in (("AsyncEventAge", 0.0), ("Throttles", 7.0))
        ],
    )
    said = operator.types(0)
    assert "7 throttled" in said


@section("events-kept")
def test_an_event_that_nobody_could_record_gets_its_fate(operator: Operator) -> None:
    with operator.pipeline.deaf_to_uploads():
        upload = operator.pipeline.drop(KEY, GOOD)
    failed = json.loads((ROOT / "tests/events/failed_aws.json").read_text())
    failed["requestPayload"] = operator.event_of(upload)
    sqs = operator.pipeline.cloud.sqs
    (queue,) = sqs.list_queues(QueueNamePrefix="intake-kept-events")["QueueUrls"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": failed}))
    said = operator.types(1, 0, 0)
    assert "scalper release --kept-events" in said
    assert f"{KEY}: has its fate" in said
    assert operator.status_of() == "HELD"


@section("rescue-undelivered")
def test_a_file_that_the_rescuer_was_not_told_of_is_found_and_repaired(operator: Operator) -> None:
    _repaired(operator)


@section("keep-undelivered")
def test_a_file_whose_event_could_not_be_kept_is_found_and_repaired(operator: Operator) -> None:
    _repaired(operator)


def _repaired(operator: Operator) -> None:
    operator.loses(KEY)
    operator.pulumi = lambda: None
    said = operator.types(1, 0, 1)
    assert "1 no-fate" in said
    operator.waits_until("PROCESSED")


@section("check-failed")
def test_what_the_check_could_not_tell_is_told(operator: Operator) -> None:
    assert "All is accounted for." in operator.types(0, 0)


# By e-mail.


@section("Set aside")
def test_a_file_that_was_set_aside_is_looked_at_and_tried_again(operator: Operator) -> None:
    operator.is_sent_broken()
    said = operator.types(0, 0)
    assert "PROCESS_FAILED" in said
    assert (operator.folder / "set-aside" / KEY).read_bytes() == b"a;b\n1;2\n"
    operator.mends_the_code()
    operator.types(0, 0)
    operator.waits_until("PROCESSED")
    s3, bucket = operator.pipeline.cloud.s3, operator.pipeline.deployment.input_bucket
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"a;b\n1;2\n"


@section("On hold")
def test_a_file_on_hold_is_tried_again(operator: Operator) -> None:
    operator.holds()
    assert "AWS_ERROR" in operator.types(0, 0)
    operator.waits_until("PROCESSED")


@section("Given up")
def test_a_file_that_nothing_tries_again_is_tried_again_by_an_operator(operator: Operator) -> None:
    operator.is_sent_broken()
    operator.gives_up()
    said = operator.types(0, 0)
    assert "PROCESS_FAILED" in said
    assert "tried again by itself" not in said
    operator.mends_the_code()
    operator.types(0)
    operator.waits_until("PROCESSED")


@section("Missing")
def test_the_story_of_a_file_that_somebody_deleted(operator: Operator) -> None:
    with operator.pipeline.deaf_to_uploads():
        upload = operator.pipeline.drop(KEY, GOOD)
    bucket = operator.pipeline.deployment.input_bucket
    operator.pipeline.cloud.s3.delete_object(Bucket=bucket, Key=KEY, VersionId=upload.version_id)
    operator.pipeline.invoke("processor_function", operator.pipeline.creation_event(upload))
    operator.waits_until("GONE")
    assert "GONE" in operator.types(0)


@section("Many failures")
def test_what_needs_somebody_after_a_storm_is_listed(operator: Operator) -> None:
    operator.is_sent_broken(KEY, *OTHERS)
    said = operator.types(0, 0)
    assert all(key in said for key in (KEY, *OTHERS))


@section("Daily check")
def test_what_the_daily_check_found_is_shown_with_what_to_do(operator: Operator) -> None:
    operator.loses()
    said = operator.types(1)
    assert KEY in said
    assert "scalper reconcile --repair" in said


# By question.


@section("A partner says their file is missing")
def test_a_missing_file_is_found_wherever_it_is(operator: Operator) -> None:
    operator.is_sent_broken()
    operator.loses("partners/acme/order.csv")
    assert "PROCESS_FAILED" in operator.types(0)
    said = operator.types(0, 1)
    assert "partners/acme/order.csv, version " in said


@section("We were down for an hour")
def test_after_an_outage_every_file_gets_its_fate(operator: Operator) -> None:
    operator.holds(KEY, OTHERS[0])
    operator.loses(OTHERS[1])
    assert "AWS_ERROR" in operator.types(0, 0)
    operator.types(0, 1)
    operator.waits_until("PROCESSED", KEY, *OTHERS)
    assert "All is accounted for." in operator.types(0)


@section("A bad release quarantined everything")
def test_after_a_bad_release_every_file_is_released(operator: Operator) -> None:
    operator.is_sent_broken(KEY, *OTHERS)
    operator.types(0, 0)
    operator.holds("late.csv", why=STOPPED)
    (operator.folder / "fixed").mkdir()
    (operator.folder / "fixed" / "main.py").write_text(MENDED_RELEASE)
    assert "PROCESSED" in operator.types(0, 0)
    operator.pulumi = operator.mends_the_code
    said = operator.types(0, 0, 0, 0)
    assert "3 files" in said
    operator.waits_until("PROCESSED", KEY, *OTHERS, "late.csv")
    assert operator.type("scalper reconcile").status == 0


@section("Somebody deleted the bucket's notification")
def test_uploads_that_went_unnoticed_are_noticed(operator: Operator) -> None:
    s3, bucket = operator.pipeline.cloud.s3, operator.pipeline.deployment.input_bucket
    told: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    operator.pipeline.drop(KEY, GOOD)

    def put_back() -> None:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)

    operator.pulumi = put_back
    assert "not-notified" in operator.types(1, 0, 1)
    operator.waits_until("PROCESSED")
    assert "All is accounted for." in operator.types(0)


@section("E-mails stopped")
def test_an_address_that_was_deleted_is_subscribed_again(operator: Operator) -> None:
    sns, topic = operator.pipeline.cloud.sns, operator.pipeline.deployment.topic_arn
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    (mail,) = [it for it in subscriptions if it["Protocol"] == "email"]
    sns.unsubscribe(SubscriptionArn=mail["SubscriptionArn"])

    def subscribe() -> None:
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=mail["Endpoint"])

    operator.pulumi = subscribe
    assert "Nobody is subscribed" in operator.types(1)
    operator.types(0, 0)
    operator.types(0)


@section("Pause everything now")
def test_an_emergency_stop_sets_nothing_aside_and_catches_up(operator: Operator) -> None:
    operator.types(0)
    operator.holds(KEY, why=STOPPED)
    operator.types(0)
    operator.waits_until("PROCESSED")
    operator.types(0)


@section("A file must go")
def test_a_file_goes_for_good_when_it_is_confirmed(operator: Operator) -> None:
    operator.is_sent_broken()
    operator.types(0, 0, answer="y\n")
    assert operator.status_of() == "GONE"
    quarantine = operator.pipeline.deployment.quarantine_bucket
    assert "Versions" not in operator.pipeline.cloud.s3.list_object_versions(Bucket=quarantine)


# What holds the runbook to the code.


def test_every_section_is_played() -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    played = {
        decorator.args[0].value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and getattr(decorator.func, "id", "") == "section"
        and isinstance(decorator.args[0], ast.Constant)
    }
    assert played == set(RUNBOOK)


def commands(text: str) -> list[str]:
    """The operator's commands in a text: on lines of their own, or between backticks."""
    lines = re.findall(r"^  (scalper .*)$", text, re.MULTILINE)
    return lines + re.findall(r"`(scalper [a-z][^`]*)`", text)


def test_it_tells_a_command_from_another_line() -> None:
    assert is_a_command("scalper list --status held")
    assert not is_a_command("scalper list --status lost")
    assert not is_a_command("scalper lst")


@pytest.fixture(scope="module")
def registered() -> Registered:
    return deploy(lambda: SilentScalperPipeline("intake", {"alert_emails": ["ops@example.com"]}))


def test_every_alarm_names_a_command_with_which_its_section_of_the_runbook_begins(
    registered: Registered,
) -> None:
    alarms = registered.of("MetricAlarm")
    assert len(alarms) >= 6
    for alarm in alarms:
        description = alarm.inputs["alarmDescription"]
        type_next = description.rpartition(" Type next: ")[2]
        assert is_a_command(type_next), description
        first, stack = RUNBOOK[alarm.name.removeprefix("intake-")][0][0], " --stack test"
        assert first + stack == type_next
        # Words such as `scalper release` stand for a command of that name.
        named = {line.split()[1] for line in commands(description)}
        assert named <= set(scalper.commands), description


def message(**more: Any) -> dict[str, Any]:
    return {
        "pipeline": "p",
        "stack": "dev",
        "table": "t",
        "status": "QUARANTINED",
        "object_key": KEY,
        "upload_id": "0" * 32,
        "file_name": "orders.csv",
        "size_bytes": 1,
        "bucket": "input",
        "uploaded_at": "2026-03-02T09:15:27.412Z",
        "reason_code": "WRONG_TYPE",
        "location": f"s3://quarantine/{KEY}",
        "location_version_id": "v",
        **more,
    }


def daily_text() -> str:
    found = daily.Findings()
    found.add(Finding(Kind.NO_FATE, KEY))
    environment = {
        "SCALPER_PIPELINE": "p",
        "SCALPER_STACK": "dev",
        "SCALPER_INPUT_BUCKET": "i",
        "SCALPER_QUARANTINE_BUCKET": "q",
        "SCALPER_TABLE": "t",
        "SCALPER_TOPIC_ARN": "arn",
        "SCALPER_QUIET_TOPIC_ARN": "quiet-arn",
        "SCALPER_EMAIL_ON": "all",
        "SCALPER_RULES": "{}",
    }
    return daily.email_text(Settings.from_environment(environment), found, 0)


ALERTS = {
    "Set aside": email_text(message()),
    "Set aside, by process": email_text(message(reason_code="PROCESS_FAILED")),
    "Given up": email_text(message(reason_code="PROCESS_FAILED", parked=True, retries=3)),
    "On hold": email_text(message(status="HELD", reason_code="AWS_ERROR")),
    "Missing": email_text(message(status="GONE", reason_code="DELETED_BY_SOMEONE")),
    "Many failures": notice_text(message()),
    "Daily check": daily_text(),
}


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_names_commands_that_its_section_of_the_runbook_explains(alert: str) -> None:
    named = commands(ALERTS[alert].partition("What to do next")[2])
    named = [line for line in named if line != "scalper"]
    assert named
    explained = [line for block in RUNBOOK[alert.partition(",")[0]] for line in block]
    for line in named:
        assert is_a_command(line), line
        assert line.split()[1] in {typed.split()[1] for typed in explained}, line


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.HELD, Status.GONE], ids=str)
def test_the_subject_of_an_alert_is_the_heading_of_its_section(status: Status) -> None:
    headline = subject(message(status=str(status))).partition(":")[0]
    assert headline in RUNBOOK
    parked = message(status=str(status), parked=True, retries=3)
    assert subject(parked).partition(":")[0] in RUNBOOK
