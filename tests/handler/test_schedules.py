"""The schedule of a retry: when it comes, and what is said when none can."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handler.aws.schedules import Schedules
from handler.model.errors import Code, Fault
from handler.model.item import iso
from handler.model.settings import RetryPlan, Settings

from ..simulation.retry_invariants import TRIED_AGAIN
from .test_retries import DELAYS, fails
from .world import World, retry_event

KEY = "arn:aws:kms:eu-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PLAN = RetryPlan((10, 120), "group", "role", "processor", "queue")


class Scheduler:
    """Takes note of what it is asked to make, and refuses it if told to."""

    def __init__(self, refusal: ClientError | None = None) -> None:
        self.made: list[dict[str, Any]] = []
        self._refusal = refusal

    def create_schedule(self, **request: Any) -> None:
        self.made.append(request)
        if self._refusal:
            raise self._refusal


def refusal(status: int, code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CreateSchedule")


def schedules(scheduler: Scheduler, world: World, plan: RetryPlan | None = PLAN) -> Schedules:
    settings: Settings = world.pipeline.settings
    object.__setattr__(settings, "retry_plan", plan)
    return Schedules(lambda: scheduler, settings)


def item(due: datetime, retries: int = 0, key: str = "a.csv") -> dict[str, Any]:
    counted = {"retries": retries} if retries else {}
    return {"object_key": key, "upload_id": "F" * 32, "retry_at": iso(due), **counted}


def in_minutes(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def time_of(request: dict[str, Any]) -> datetime:
    expression: str = request["ScheduleExpression"]
    assert request["ScheduleExpressionTimezone"] == "UTC"
    return datetime.fromisoformat(f"{expression.removeprefix('at(').removesuffix(')')}+00:00")


def test_a_schedule_is_for_the_second_that_the_record_announces(world: World) -> None:
    scheduler, due = Scheduler(), in_minutes(10)
    schedules(scheduler, world).make(item(due))
    assert time_of(scheduler.made[0]) == due.replace(microsecond=0)


def test_a_retry_that_was_due_while_aws_was_down_is_made_up_for_soon(world: World) -> None:
    """EventBridge Scheduler takes a time that is past, and never carries it out."""
    scheduler, before = Scheduler(), datetime.now(UTC)
    schedules(scheduler, world).make(item(in_minutes(-600)))
    at = time_of(scheduler.made[0])
    assert at >= before.replace(microsecond=0) + timedelta(seconds=60)
    assert at <= datetime.now(UTC) + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("delays", "window"), [((1,), 1), ((10,), 2), ((120,), 30), ((43_200,), 60)]
)
def test_retries_of_a_spike_are_spread_over_a_quarter_of_their_delay_or_an_hour(
    world: World, delays: tuple[int, ...], window: int
) -> None:
    scheduler = Scheduler()
    plan = RetryPlan(delays, "group", "role", "processor", "queue")
    schedules(scheduler, world, plan).make(item(in_minutes(delays[0])))
    assert scheduler.made[0]["FlexibleTimeWindow"] == {
        "Mode": "FLEXIBLE",
        "MaximumWindowInMinutes": window,
    }


def test_a_plan_that_became_shorter_still_schedules_what_is_announced(world: World) -> None:
    scheduler = Scheduler()
    schedules(scheduler, world).make(item(in_minutes(1440), retries=7))
    assert scheduler.made[0]["FlexibleTimeWindow"]["MaximumWindowInMinutes"] == 30


def test_names_are_of_an_upload_and_its_retry_and_such_as_aws_takes(world: World) -> None:
    scheduler, due = Scheduler(), in_minutes(10)
    making = schedules(scheduler, world)
    for one in (item(due), item(due, 1), item(due, key="ä/\x00*"), item(due), item(due, 999_999)):
        making.make(one)
    first, *others, last = (request["Name"] for request in scheduler.made)
    assert others[2] == first
    assert len({first, *others, last}) == 4
    for name in (first, *others, last):
        assert len(name) <= 64
        assert name.replace("-", "").isalnum()
        assert name.isascii()


def test_a_schedule_is_encrypted_with_the_key_only_where_there_is_one(world: World) -> None:
    scheduler = Scheduler()
    plan = RetryPlan((10,), "group", "role", "processor", "queue", KEY)
    schedules(scheduler, world, plan).make(item(in_minutes(10)))
    schedules(scheduler, world).make(item(in_minutes(10)))
    assert [request.get("KmsKeyArn") for request in scheduler.made] == [KEY, None]


def test_a_schedule_that_is_there_already_is_as_good_as_made(world: World) -> None:
    scheduler = Scheduler(refusal(409, "ConflictException"))
    schedules(scheduler, world).make(item(in_minutes(10)))
    assert len(scheduler.made) == 1


@pytest.mark.parametrize(
    ("status", "code", "lasting"),
    [
        (403, "AccessDeniedException", True),
        (404, "ResourceNotFoundException", True),
        (400, "ValidationException", True),
        (429, "ThrottlingException", False),
        (402, "ServiceQuotaExceededException", False),
        (500, "InternalServerException", False),
    ],
)
def test_a_refusal_says_whether_another_try_can_help(
    world: World, status: int, code: str, lasting: bool
) -> None:
    with pytest.raises(Fault, match=f"CreateSchedule answered {code}") as seen:
        schedules(Scheduler(refusal(status, code)), world).make(item(in_minutes(10)))
    assert (seen.value.code, seen.value.lasting) == (Code.AWS_ERROR, lasting)


def test_what_a_pipeline_without_retries_announced_before_is_not_to_be_scheduled(
    world: World,
) -> None:
    with pytest.raises(Fault, match="switched off") as seen:
        schedules(Scheduler(), world, None).make(item(in_minutes(10)))
    assert seen.value.lasting


@pytest.mark.parametrize("code", Code)
def test_a_retry_is_planned_for_exactly_what_it_can_help(world: World, code: Code) -> None:
    making = schedules(Scheduler(), world)
    if code not in TRIED_AGAIN:
        assert making.plans(code, 0) == making.plans(code, 2) == {}
        return
    for retries, minutes in enumerate((10, 120)):
        earliest = iso(in_minutes(minutes))
        assert earliest <= making.plans(code, retries)["retry_at"] <= iso(in_minutes(minutes))
    assert making.plans(code, 2) == {"parked": True}
    assert schedules(Scheduler(), world, None).plans(code, 0) == {}


def test_a_refusal_for_good_parks_the_file_and_its_alert_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deploy(process=fails, retries=DELAYS, email_on="all")
    upload = world.upload()
    denied = refusal(403, "AccessDeniedException")
    with world.failing("scheduler.CreateSchedule", error=denied):
        world.rescue(upload, "failed_process")
    record = world.record(upload)
    assert record["parked"] is True
    assert "retry_at" not in record
    assert "no retry is scheduled, EventBridge Scheduler" in capsys.readouterr().out
    [alert] = world.alerts()
    assert alert.message["parked"] is True
    assert "retry_at" not in alert.message
    assert alert.is_emailed
    assert world.schedules() == []

    # It can still be tried again by hand.
    world.deploy(process=lambda file: None)
    world.retry(upload)
    assert world.status(upload) == "PROCESSED"


def test_aws_being_busy_has_the_rescuer_try_again_and_tells_nobody_before(world: World) -> None:
    world.deploy(process=fails, retries=DELAYS)
    upload = world.upload()
    busy = refusal(429, "ThrottlingException")
    with world.failing("scheduler.CreateSchedule", error=busy), pytest.raises(Fault):
        world.rescue(upload, "failed_process")
    assert world.alerts() == []
    announced = world.record(upload)["retry_at"]
    world.rescue(upload, "failed_process")
    [schedule] = world.schedules()
    assert schedule["ScheduleExpression"] == f"at({announced[:19]})"
    assert world.told() == ["QUARANTINED"]
    assert retry_event(upload, 0)["Retry"]["upload_id"] in schedule["Target"]["Input"]
