"""`scalper status`: is everything well?"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from handler.model.item import iso
from operate.act import pause

from .conftest import TOPIC, Scalper, World


def confirm(world: World) -> None:
    """Replace the subscription that waits for its reader by nothing that has to wait."""
    for it in world.clients.sns.list_subscriptions()["Subscriptions"]:
        world.clients.sns.unsubscribe(SubscriptionArn=it["SubscriptionArn"])


@pytest.fixture
def well(world: World) -> World:
    """Nothing is wrong here: e-mail is off, so nobody has to be subscribed."""
    confirm(world)
    world.tell(SCALPER_EMAIL_ON="none")
    alarm(world, "files-held", "OK")
    return world


def alarm(world: World, name: str, state: str, topic: str = TOPIC) -> None:
    cloudwatch = world.clients.cloudwatch
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription="Files wait. What to do: look.",
        AlarmActions=[topic],
        Namespace="SilentScalper",
        MetricName="FilesHeld",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")  # type: ignore[arg-type]


def test_all_is_well(well: World, scalper: Scalper) -> None:
    well.accept("a.csv")
    answer = scalper("status")
    assert answer.exit_code == 0
    assert answer.output.rstrip().endswith("All is well.")
    assert "1 of 1 OK" in answer.output


def test_a_rejected_file_and_one_that_is_tried_again_need_nobody(
    well: World, scalper: Scalper
) -> None:
    well.reject("a.exe")
    soon = iso(datetime.now(UTC) + timedelta(minutes=10, seconds=30))
    well.change(well.hold("b.csv"), retry_at={"S": soon})
    answer = scalper("status")
    assert answer.exit_code == 0
    assert "1 tried again by themselves; 1 rejected, for their senders" in answer.output
    assert "first in 10 min" in answer.output


def hold(world: World) -> None:
    world.hold("a.csv")


def stop_a_loop(world: World) -> None:
    world.hold("a.csv", "LOOP_STOPPED")


def fail(world: World) -> None:
    world.reject("a.csv", "PROCESS_FAILED")


def miss_a_retry(world: World) -> None:
    past = iso(datetime.now(UTC) - timedelta(hours=3))
    world.change(world.hold("a.csv"), retry_at={"S": past})


def keep_an_event(world: World) -> None:
    world.keep_event({})


def ring(world: World) -> None:
    alarm(world, "files-late", "ALARM")


def stop(world: World) -> None:
    pause.pause(world.deployment)


def stop_by_hand(world: World) -> None:
    world.lambda_.put_function_concurrency(FunctionName="processor", ReservedConcurrentExecutions=0)


def tell_nobody(world: World) -> None:
    world.notify()


def expect_email(world: World) -> None:
    world.tell(SCALPER_EMAIL_ON="failures")


@pytest.mark.parametrize(
    ("trouble", "kind", "told"),
    [
        (hold, "AWS_ERROR", "scalper release --reason AWS_ERROR"),
        (stop_a_loop, "LOOP_STOPPED", "scalper list --reason LOOP_STOPPED"),
        (fail, "PROCESS_FAILED", "scalper release --reason PROCESS_FAILED"),
        (miss_a_retry, "AWS_ERROR", "scalper list --reason AWS_ERROR"),
        (keep_an_event, "kept-events", "scalper release --kept-events"),
        (ring, "files-late", "Alarm files-late: Files wait. What to do: look."),
        (stop, "paused", "scalper resume"),
        (stop_by_hand, "paused", "but not by `scalper pause`"),
        (tell_nobody, "not-notified", "scalper reconcile --repair"),
        (expect_email, "nobody-subscribed", "Nobody is subscribed to the alerts."),
    ],
)
def test_what_needs_somebody_is_told_with_what_to_type(
    well: World, scalper: Scalper, trouble: Callable[[World], None], kind: str, told: str
) -> None:
    trouble(well)
    answer = scalper("status")
    assert answer.exit_code == 1
    assert "1 thing needs somebody:" in answer.output
    assert told in answer.output
    verdict = json.loads(scalper("status", "--json").output)
    assert verdict["well"] is False
    assert [it["kind"] for it in verdict["troubles"]] == [kind]


def test_a_loop_is_to_be_mended_before_its_files_are_released(
    well: World, scalper: Scalper
) -> None:
    """Each of them would begin it anew."""
    stop_a_loop(well)
    well.hold("b.csv", "LOOP_STOPPED")
    [trouble] = json.loads(scalper("status", "--json").output)["troubles"]
    assert trouble["what"] == (
        "2 files HELD, LOOP_STOPPED: process writes to the input bucket, and so causes its own "
        "next event. Let it write elsewhere before they are tried again."
    )
    assert [it.split(" --stack")[0] for it in trouble["type_next"]] == [
        "scalper list --reason LOOP_STOPPED",
        "pulumi up",
        "scalper release --reason LOOP_STOPPED",
    ]


def test_an_alarm_of_another_topic_is_not_ours(well: World, scalper: Scalper) -> None:
    alarm(well, "of-others", "ALARM", f"{TOPIC}-of-another-pipeline")
    assert scalper("status").exit_code == 0


def test_no_alarm_at_all_is_not_good_news(well: World, scalper: Scalper) -> None:
    well.clients.cloudwatch.delete_alarms(AlarmNames=["files-held"])
    assert "none tells the topic" in scalper("status").output


def test_what_waits_is_grouped_with_the_oldest_of_each(well: World, scalper: Scalper) -> None:
    old = well.hold("old.csv")
    well.change(old, attention_at={"S": "HELD#2026-01-02T03:04:05.000Z"})
    well.hold("new.csv")
    well.reject("c.exe")
    answer = scalper("status", "--json")
    held, rejected = json.loads(answer.output)["waiting"]
    assert (held["files"], held["oldest"]["key"], held["for"]) == (2, "old.csv", {"operator": 2})
    assert (rejected["reason_code"], rejected["for"]) == ("WRONG_TYPE", {"sender": 1})
    screen = scalper("status").output
    assert "2026-01-02 03:04:05" in screen
    assert ": old.csv" in screen


def test_every_fate_is_counted_when_the_table_is_read(well: World, scalper: Scalper) -> None:
    well.accept("a.csv")
    well.accept("b.csv")
    well.mark_gone("c.csv")
    counts = json.loads(scalper("status", "--count", "--json").output)["counts"]
    assert counts == {"PROCESSED": 2, "QUARANTINED": 0, "HELD": 0, "GONE": 1}
    assert "2 PROCESSED, 0 QUARANTINED, 0 HELD, 1 GONE" in scalper("status", "--count").output


def test_what_lambda_counted_is_shown(well: World, scalper: Scalper) -> None:
    well.clients.cloudwatch.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": "processor"}],
                "Value": value,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
            }
            for name, value in (
                ("AsyncEventsReceived", 20.0),
                ("Throttles", 3.0),
                ("AsyncEventAge", 61_000.0),
            )
        ],
    )
    answer = scalper("status").output
    assert "20 events in 15 min, the longest waited 61 s, 3 throttled" in answer


def test_a_fault_of_the_deployment_needs_somebody_although_it_is_tried_again(
    well: World, scalper: Scalper
) -> None:
    """Code that cannot be imported holds every file, at every retry too."""
    soon = iso(datetime.now(UTC) + timedelta(minutes=9))
    well.change(well.hold("a.csv", "CONFIGURATION"), retry_at={"S": soon})
    answer = scalper("status")
    assert answer.exit_code == 1
    assert "the deployment or its code is at fault" in answer.output
    assert "scalper list --reason CONFIGURATION" in answer.output
