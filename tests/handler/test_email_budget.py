"""SNS suspends an address that gets too much, so e-mails are counted before they are sent."""

from itertools import pairwise

import pytest
from botocore.exceptions import ClientError

from handler.email_budget import PER_MINUTE, PER_SECOND, EmailBudget, Kind
from handler.errors import Fault

from .world import Uploaded, World

NOON = 1_772_452_800.0
"""Some noon: the first second of an hour, a minute and a second."""


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Instances:
    """Several instances of the function with one clock and one table."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.clock = Clock()

    def new(self) -> EmailBudget:
        return EmailBudget(self._world.aws.dynamodb, self._world.pipeline.settings, self.clock)


@pytest.fixture
def instances(world: World) -> Instances:
    return Instances(world)


def granted(budget: EmailBudget, asks: int, kind: Kind = "success") -> int:
    return sum(budget.ask(kind, f"request-{n}").granted for n in range(asks))


def test_a_second_has_room_for_two_emails_of_all_instances_together(instances: Instances) -> None:
    assert granted(instances.new(), 5) == PER_SECOND == 2
    assert granted(instances.new(), 5) == 0
    instances.clock.now += 1
    assert granted(instances.new(), 5) == PER_SECOND


def test_a_minute_has_room_for_ten_and_the_next_one_again(instances: Instances) -> None:
    sent = 0
    for _ in range(59):
        sent += granted(instances.new(), 3)
        instances.clock.now += 1
    assert sent == PER_MINUTE == 10
    instances.clock.now = NOON + 60
    assert granted(instances.new(), 1) == 1


def test_good_news_never_crowds_out_bad_news(instances: Instances) -> None:
    budget = instances.new()
    assert granted(budget, 9, "success") == PER_SECOND
    assert granted(budget, 9, "failure") == PER_SECOND


def test_no_second_however_it_is_cut_sees_more_than_sns_bears(instances: Instances) -> None:
    """SNS takes 10 a second: two counted seconds, both kinds, and a notice for each hour."""
    times: list[float] = []
    kinds: tuple[Kind, ...] = ("success", "failure")
    for step in range(60):
        # Ten seconds, across the end of an hour, in bursts at the worst places.
        second, place = divmod(step, 6)
        instances.clock.now = NOON + 3_595 + second + (0.0, 0.01, 0.02, 0.97, 0.98, 0.99)[place]
        for kind in kinds:
            grant = instances.new().ask(kind, f"request-{step}-{kind}")
            times += [instances.clock.now] * (grant.granted + grant.tell_of_pause)
    for start in times:
        assert sum(start <= t < start + 1 for t in times) <= 10
    assert all(a <= b for a, b in pairwise(times))


def test_what_is_spent_is_remembered_so_that_a_storm_costs_few_calls(
    world: World, instances: Instances
) -> None:
    budget = instances.new()
    granted(budget, 3)
    world.forget_calls()
    assert granted(budget, 100) == 0
    assert world.called() == []

    for _ in range(10):
        instances.clock.now += 1
        granted(budget, 4)
    world.forget_calls()
    instances.clock.now += 1
    assert granted(budget, 100) == 0
    assert world.called() == [], "the minute is spent: nobody is asked before the next"
    instances.clock.now = NOON + 60
    assert granted(budget, 1) == 1


def test_one_notice_an_hour_says_that_emails_are_paused(instances: Instances) -> None:
    notices = 0
    for second in range(0, 7_200, 600):
        instances.clock.now = NOON + second
        for instance in range(3):
            budget = instances.new()
            for n in range(3):
                grant = budget.ask("success", f"request-{second}-{instance}-{n}")
                notices += grant.tell_of_pause
                assert not (grant.granted and grant.tell_of_pause)
    assert notices == 2


def test_the_notice_is_repeated_by_the_retry_of_the_one_who_may_have_died(
    instances: Instances,
) -> None:
    granted(instances.new(), 2)
    assert instances.new().ask("success", "unlucky").tell_of_pause
    assert not instances.new().ask("success", "another").tell_of_pause
    assert instances.new().ask("success", "unlucky").tell_of_pause


def test_the_counters_expire_and_lie_beside_no_files_record(
    world: World, instances: Instances
) -> None:
    granted(instances.new(), 3)
    items = world.items()
    assert len(items) == 2
    for item in items:
        assert item["object_key"] == "scalper:email-budget"
        assert not set(item["upload_id"]) <= set("0123456789ABCDEF")
        assert NOON < item["expires_at"] <= NOON + 7_200


def answer(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "UpdateItem",
    )


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_counter_too_busy_to_ask_is_a_storm_and_the_file_is_told_without_an_email(
    world: World, code: str
) -> None:
    world.deploy(email_on="all")
    upload = world.upload()
    with world.failing("dynamodb.UpdateItem", error=answer(code)):
        world.run(upload)
    [alert] = world.alerts()
    assert not alert.is_emailed


def test_a_failing_counter_is_a_fault_and_the_retry_tells(world: World) -> None:
    world.deploy(email_on="all")
    upload = world.upload()
    with (
        world.failing("dynamodb.UpdateItem", error=answer("InternalServerError", 500)),
        pytest.raises(Fault, match="AWS_ERROR"),
    ):
        world.run(upload)
    assert world.told() == []
    world.run(upload)
    [alert] = world.alerts()
    assert alert.is_emailed


# As it shows in what is published.


def outcomes(world: World) -> list[Uploaded]:
    """One file of each fate, with the budget far from spent."""
    accepted, aside, held, gone = (world.upload(f"in/{n}.csv") for n in range(4))
    world.delete_input(gone)
    world.run(accepted)
    world.clear_budget()
    world.rescue(aside, "failed_process")
    world.clear_budget()
    world.rescue(held, "failed_aws")
    world.clear_budget()
    world.rescue(gone, "failed_aws")
    return [accepted, aside, held, gone]


@pytest.mark.parametrize(
    ("email_on", "emailed"),
    [
        ("all", {"PROCESSED", "QUARANTINED", "HELD", "GONE"}),
        ("failures", {"QUARANTINED", "HELD", "GONE"}),
        ("none", set()),
    ],
)
def test_who_gets_email_is_one_choice_and_everything_is_published(
    world: World, email_on: str, emailed: set[str]
) -> None:
    world.deploy(email_on=email_on)
    outcomes(world)
    alerts = world.alerts()
    assert {alert.status for alert in alerts} == {"PROCESSED", "QUARANTINED", "HELD", "GONE"}
    assert {alert.status for alert in alerts if alert.is_emailed} == emailed


def test_what_gets_no_email_asks_no_counter(world: World) -> None:
    world.deploy(email_on="failures")
    world.run(world.upload())
    assert "dynamodb.UpdateItem" not in world.called()


def test_a_storm_is_published_whole_with_few_emails_and_one_notice(world: World) -> None:
    world.deploy(email_on="all")
    for n in range(30):
        world.run(world.upload(f"in/{n}.csv"), f"request-{n}")
    alerts = world.alerts()
    files = [alert for alert in alerts if alert.status == "PROCESSED"]
    notices = [alert for alert in alerts if alert.status == "EMAILS_PAUSED"]
    assert len({alert.message["object_key"] for alert in files}) == 30
    assert 2 <= sum(alert.is_emailed for alert in files) <= 2 * PER_MINUTE
    assert len(notices) in (1, 2), "two when the storm crosses an hour"
    [notice] = notices[:1]
    assert notice.is_emailed
    assert notice.subject == "Many files: e-mails are paused"
    assert notice.message["table"]
    assert "reason_code" not in notice.attributes
