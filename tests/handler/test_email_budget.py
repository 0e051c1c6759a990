"""SNS suspends an address that gets too much, so e-mails hold places while they are published."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from botocore.exceptions import ClientError

from handler.aws import alerts
from handler.aws import clients as aws
from handler.aws.email_budget import BUDGET_KEY, EmailBudget, Kind, Place
from handler.model.errors import Fault

from .world import Crash, Uploaded, World

NOON = 1_772_452_800.0
"""Some noon, in UTC."""


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

    def slow_table(self, *seconds: float) -> None:
        """The next answers to the counters come so late."""
        waits = iter(seconds)

        def wait(**_: object) -> None:
            self.clock.now += next(waits, 0.0)

        self._world.aws.hook("after-call.dynamodb.UpdateItem", wait)


@pytest.fixture
def instances(world: World) -> Instances:
    return Instances(world)


PUBLISHING_SECONDS = 0.02
"""What an e-mail takes to be published, on a good day."""


@pytest.fixture
def owners() -> Callable[[], str]:
    """Each file is dealt with by another invocation."""
    numbers = count(1)
    return lambda: f"request-{next(numbers)}"


Owners = Callable[[], str]


def granted(budget: EmailBudget, asks: int, kind: Kind, owners: Owners) -> list[Place]:
    """The places that so many asks bring, of which none is freed."""
    places = (budget.ask(kind, owners()) for _ in range(asks))
    return [place for place in places if place]


def test_no_more_than_ten_emails_are_under_way_of_all_instances_together(
    instances: Instances, owners: Owners
) -> None:
    failures = sum(len(granted(instances.new(), 20, "failure", owners)) for _ in range(3))
    notice = instances.new().claim_notice("request-0")
    assert failures == 9
    assert notice is not None
    assert granted(instances.new(), 20, "success", owners) == []


def test_good_news_leaves_room_for_bad(instances: Instances, owners: Owners) -> None:
    assert sum(len(granted(instances.new(), 1, "success", owners)) for _ in range(40)) == 6
    assert sum(len(granted(instances.new(), 1, "failure", owners)) for _ in range(40)) == 3


def test_a_place_is_free_two_seconds_after_its_email_was_published(
    instances: Instances, owners: Owners
) -> None:
    """One that SNS counts, and one by which clocks may differ."""
    places = granted(instances.new(), 9, "failure", owners)
    instances.clock.now += 5
    freed = places[-1]
    instances.new().free(freed)
    instances.clock.now += 1.99
    assert granted(instances.new(), 9, "failure", owners) == []
    instances.clock.now += 0.01
    (again,) = granted(instances.new(), 9, "failure", owners)
    assert again.name == freed.name


def test_a_place_whose_holder_died_is_free_after_half_a_minute(
    instances: Instances, owners: Owners
) -> None:
    assert len(granted(instances.new(), 9, "failure", owners)) == 9
    instances.clock.now += 29.99
    assert granted(instances.new(), 9, "failure", owners) == []
    instances.clock.now += 0.01
    assert len(granted(instances.new(), 9, "failure", owners)) == 9


def test_who_frees_a_place_too_late_does_not_free_it_for_its_next_holder(
    instances: Instances, owners: Owners
) -> None:
    slow = granted(instances.new(), 9, "failure", owners)[-1]
    instances.clock.now += 30
    assert len(granted(instances.new(), 9, "failure", owners)) == 9
    instances.new().free(slow)
    instances.clock.now += 3
    assert granted(instances.new(), 9, "failure", owners) == []


def test_a_place_that_is_granted_too_late_is_void_and_asked_for_once_more(
    instances: Instances,
) -> None:
    instances.slow_table(10.0)
    place = instances.new().ask("failure", "request-1")
    assert place is not None
    assert place.held_until == (NOON + 10 + 30) * 1000


def test_who_is_late_three_times_sends_no_email(world: World, instances: Instances) -> None:
    instances.slow_table(10.0, 10.0, 10.0)
    world.forget_calls()
    assert instances.new().ask("failure", "request-1") is None
    assert world.called() == ["dynamodb.UpdateItem"] * 3


def test_a_try_to_publish_is_over_long_before_its_place_is_anothers() -> None:
    """A place is used within ten seconds, and is another's after thirty."""
    config = aws.SNS_CONFIG
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}  # type: ignore[attr-defined]
    assert (config.connect_timeout, config.read_timeout) == (2, 4)  # type: ignore[attr-defined]


def test_in_any_ten_seconds_there_is_room_for_25_failures_and_in_none_for_eleven_a_second(
    instances: Instances, owners: Owners
) -> None:
    """Each file on an instance that has not seen any other, as fast as they can be asked for."""
    published: list[float] = []
    while instances.clock.now < NOON + 25:
        budget = instances.new()
        if place := budget.ask("failure", owners()):
            instances.clock.now += PUBLISHING_SECONDS
            published.append(instances.clock.now)
            budget.free(place)
        instances.clock.now += PUBLISHING_SECONDS
    for begin in range(0, 150):
        since = NOON + begin / 10
        assert sum(since <= moment < since + 10 for moment in published) >= 25
    for moment in published:
        assert sum(moment <= other < moment + 1 for other in published) <= 10


def test_four_files_at_once_are_four_emails_and_no_notice(world: World) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    for number in range(4):
        world.deploy()
        world.run(world.upload(f"in/{number}.csv"), f"request-{number}")
    assert [alert.is_emailed for alert in world.alerts()] == [True] * 4


def test_while_few_are_held_a_place_is_left_to_expire(
    world: World, instances: Instances, owners: Owners
) -> None:
    """So that the usual e-mail costs one call more, not two."""
    budget = instances.new()
    for _ in range(2):
        (place,) = granted(budget, 1, "failure", owners)
        world.forget_calls()
        budget.free(place)
        assert world.called() == []
    (third,) = granted(budget, 1, "failure", owners)
    world.forget_calls()
    budget.free(third)
    assert world.called() == ["dynamodb.UpdateItem"]


def test_a_place_that_cannot_be_freed_expires(
    world: World, instances: Instances, owners: Owners
) -> None:
    (*_, place) = granted(instances.new(), 9, "failure", owners)
    with world.failing("dynamodb.UpdateItem", error=answer("InternalServerError", 500)):
        instances.new().free(place)
    instances.clock.now += 30
    assert len(granted(instances.new(), 9, "failure", owners)) == 9


def test_what_is_held_is_remembered_so_that_a_storm_costs_few_calls(
    world: World, instances: Instances, owners: Owners
) -> None:
    granted(instances.new(), 9, "failure", owners)
    budget = instances.new()
    world.forget_calls()
    for _ in range(100):
        assert budget.ask("failure", owners()) is None
        assert budget.ask("success", owners()) is None
    assert world.called() == ["dynamodb.UpdateItem"]
    instances.clock.now += 2
    assert budget.ask("failure", owners()) is None
    assert world.called() == ["dynamodb.UpdateItem"] * 2


# The successes of a day.


def days_successes(instances: Instances, owners: Owners, asks: int = 20) -> list[Place]:
    """As many as are granted on instances that know of no other, with time enough between."""
    found = []
    for _ in range(asks):
        found += granted(instances.new(), 1, "success", owners)
        instances.clock.now += 30
    return found


def test_ten_successes_of_a_day_are_emailed_and_the_tenth_is_the_last(
    instances: Instances, owners: Owners
) -> None:
    places = days_successes(instances, owners)
    assert [place.is_last_success for place in places] == [False] * 9 + [True]
    instances.clock.now = NOON + 12 * 3_600 - 0.1
    assert days_successes(instances, owners, 1) == []
    instances.clock.now = NOON + 12 * 3_600
    assert len(days_successes(instances, owners)) == 10


def test_failures_are_not_limited_by_the_day(instances: Instances, owners: Owners) -> None:
    days_successes(instances, owners)
    for _ in range(50):
        instances.clock.now += 30
        assert len(granted(instances.new(), 1, "failure", owners)) == 1


def test_an_instance_that_knows_of_the_tenth_asks_no_more_that_day(
    world: World, instances: Instances, owners: Owners
) -> None:
    days_successes(instances, owners)
    budget = instances.new()
    world.forget_calls()
    for _ in range(100):
        assert budget.ask("success", owners()) is None
        instances.clock.now += 60
    assert world.called() == ["dynamodb.UpdateItem"]


def test_a_clock_that_is_behind_at_midnight_does_not_begin_the_day_before_again(
    instances: Instances, owners: Owners
) -> None:
    instances.clock.now = NOON + 12 * 3_600
    days_successes(instances, owners)
    instances.clock.now = NOON + 12 * 3_600 - 0.5
    assert granted(instances.new(), 3, "success", owners) == []


# The notice.


def send(budget: EmailBudget, owner: str) -> bool:
    """As far as the budget is concerned."""
    if budget.claim_notice(owner) is None:
        return False
    budget.notice_sent()
    return True


def test_one_notice_an_hour_says_that_not_every_failure_is_emailed(instances: Instances) -> None:
    notices = []
    for second in range(0, 7_200, 600):
        for instance in range(3):
            instances.clock.now = NOON + second
            budget = instances.new()
            notices += [second for n in range(3) if send(budget, f"{second}-{instance}-{n}")]
    assert notices == [0, 4_200], "more than an hour apart"


def test_a_notice_that_nobody_sent_is_sent_by_who_asks_two_minutes_later(
    instances: Instances,
) -> None:
    assert instances.new().claim_notice("unlucky")
    instances.clock.now += 120
    another = instances.new()
    assert not another.claim_notice("another")
    instances.clock.now += 10
    assert send(another, "another")
    instances.clock.now += 121
    assert not instances.new().claim_notice("a third")
    assert not instances.new().claim_notice("another")


def test_a_notice_that_nobody_sent_is_sent_by_the_retry_of_who_claimed_it(
    instances: Instances,
) -> None:
    assert not instances.new().claim_notice("unlucky", unfinished=True), "there is none"
    assert instances.new().claim_notice("unlucky")
    assert not instances.new().claim_notice("another", unfinished=True)
    instances.clock.now += 60
    retry = instances.new()
    assert retry.claim_notice("unlucky", unfinished=True)
    retry.notice_sent()
    assert not instances.new().claim_notice("unlucky", unfinished=True)
    instances.clock.now += 9_999
    assert not instances.new().claim_notice("unlucky", unfinished=True)


def test_who_knows_that_the_notice_was_sent_does_not_ask_for_an_hour(
    world: World, instances: Instances, owners: Owners
) -> None:
    """It learns so with the answer to its own e-mail."""
    granted(instances.new(), 9, "failure", owners)
    send(instances.new(), "first")
    another = instances.new()
    assert another.ask("failure", "another") is None
    world.forget_calls()
    for _ in range(300):
        assert not another.claim_notice("another")
        instances.clock.now += 10
    assert world.called() == []


def test_the_budget_is_one_item_that_no_file_can_be_taken_for(
    world: World, instances: Instances, owners: Owners
) -> None:
    granted(instances.new(), 3, "success", owners)
    send(instances.new(), "request-1")
    (item,) = world.items()
    assert len(item["object_key"].encode()) > 1_024, "the longest key that S3 takes"
    assert "no file" in item["object_key"]
    assert "status" not in item
    two_days_later = datetime.fromtimestamp(NOON, UTC) + timedelta(days=2)
    assert item["expires_at"] == two_days_later.timestamp()


def answer(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "UpdateItem",
    )


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_an_item_too_busy_to_ask_is_a_storm_and_the_file_is_told_without_an_email(
    world: World, code: str
) -> None:
    world.deploy(email_on="all")
    upload = world.upload()
    with world.failing("dynamodb.UpdateItem", error=answer(code)):
        world.run(upload)
    [alert] = world.alerts()
    assert not alert.is_emailed


def test_an_item_too_busy_to_ask_is_left_alone_for_two_seconds(
    world: World, instances: Instances, owners: Owners
) -> None:
    budget = instances.new()
    with world.failing("dynamodb.UpdateItem", times=9, error=answer("ThrottlingException")):
        assert granted(budget, 5, "success", owners) == []
        assert granted(budget, 5, "failure", owners) == []
        assert not any(budget.claim_notice("request-1") for _ in range(5))
    assert world.called() == ["dynamodb.UpdateItem"]
    instances.clock.now += 2
    assert len(granted(budget, 1, "success", owners)) == 1
    assert budget.claim_notice("request-1")


def test_a_notice_that_cannot_be_claimed_is_a_fault(world: World, instances: Instances) -> None:
    with (
        world.failing("dynamodb.UpdateItem", error=answer("InternalServerError", 500)),
        pytest.raises(Fault, match="AWS_ERROR"),
    ):
        instances.new().claim_notice("request-1")


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


def test_a_storm_of_failures_is_published_whole_with_few_emails_and_one_notice(
    world: World,
) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    for n in range(30):
        world.deploy()
        world.rescue(world.upload(f"in/{n}.csv"), "failed_aws", f"request-{n}")
    published = world.alerts()
    files = [alert for alert in published if alert.status == "HELD"]
    [notice] = [alert for alert in published if alert.status == alerts.FAILURES_NOT_EMAILED]
    assert len({alert.message["object_key"] for alert in files}) == 30
    assert sum(alert.is_emailed for alert in files) == 9
    assert notice.is_emailed
    assert notice.subject == "Many failures: some get no e-mail [silent-scalper-test-intake]"
    assert notice.message["table"]
    assert "reason_code" not in notice.attributes


def test_many_good_files_are_ten_emails_and_no_notice(world: World) -> None:
    """Nobody is spared anything that needs them, and the tenth says that it is the last."""
    world.deploy(email_on="all")
    for n in range(30):
        world.set_clock(Clock(NOON + 10 * n))
        world.run(world.upload(f"in/{n}.csv"), f"request-{n}")
    alerts = world.alerts()
    assert {alert.status for alert in alerts} == {"PROCESSED"}
    emailed = [alert.text for alert in alerts if alert.is_emailed]
    assert ["until midnight UTC" in text for text in emailed] == [False] * 9 + [True]
    assert "\n  scalper status --stack test\n" in emailed[-1]


def test_the_good_end_of_a_failure_is_no_success_of_the_day(world: World) -> None:
    world.deploy(email_on="all", retries="10")
    for n in range(10):
        world.set_clock(Clock(NOON + 40 * n))
        world.run(world.upload(f"in/{n}.csv"), f"request-{n}")
    upload = world.upload("in/late.csv")
    world.set_clock(Clock(NOON + 600))
    world.rescue(upload, "failed_aws", "unlucky")
    world.set_clock(Clock(NOON + 1_200))
    world.retry(upload)
    last = world.alerts()[-1]
    assert (last.status, last.is_emailed) == ("PROCESSED", True)


@pytest.fixture
def stormy(world: World) -> World:
    """Failures get no e-mail any more, and nobody has said so."""
    world.deploy(email_on="all")
    clock = Clock()
    world.set_clock(clock)
    budget = EmailBudget(world.aws.dynamodb, world.pipeline.settings, clock)
    assert all(budget.ask("failure", f"earlier-{n}") for n in range(9))
    world.forget_calls()
    return world


RECORDED = ["s3.HeadObject", "dynamodb.PutItem", "dynamodb.UpdateItem"]
NOTICE_CALLS = ["dynamodb.UpdateItem", "sns.Publish", "dynamodb.UpdateItem"]


def test_the_first_without_an_email_gives_notice_and_then_its_outcome(stormy: World) -> None:
    stormy.rescue(stormy.upload(), "failed_aws", "request-2")
    assert stormy.called() == [*RECORDED, *NOTICE_CALLS, "sns.Publish"]
    stormy.forget_calls()
    stormy.rescue(stormy.upload(), "failed_aws", "request-3")
    assert stormy.called() == [*RECORDED[:2], "sns.Publish"]


@pytest.mark.parametrize("call", range(3, 3 + len(NOTICE_CALLS)))
@pytest.mark.parametrize("after", [False, True])
def test_a_death_while_giving_notice_does_not_lose_it(
    stormy: World, call: int, after: bool
) -> None:
    """The retry comes when there is room for e-mails again, and nobody else is refused one."""
    upload = stormy.upload()
    with stormy.crashing_at(call, after=after), pytest.raises(Crash):
        stormy.rescue(upload, "failed_aws", "unlucky")

    stormy.set_clock(Clock(NOON + 60))
    stormy.rescue(upload, "failed_aws", "unlucky")

    claimed = (call, after) > (3, False)
    told = stormy.told()
    if claimed:
        # Only a death after it was published, and before that was noted, repeats it.
        twice = (4, True) <= (call, after) < (5, True)
        assert told.count("FAILURES_NOT_EMAILED") == (2 if twice else 1)
    assert told.count("HELD") == 1
    assert stormy.alerts()[-1].is_emailed


# A topic that falters.


@pytest.mark.parametrize(
    "error", [answer("Throttling"), answer("InternalFailure", 500), None], ids=["429", "500", "-"]
)
def test_each_try_of_a_failure_takes_a_place_of_its_own(
    world: World, error: ClientError | None
) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    with world.failing("sns.Publish", times=2, error=error):
        world.rescue(world.upload(), "failed_aws")
    assert [topic.endswith(":intake") for topic in topics(world)] == [True] * 3
    (item,) = (item for item in world.items() if item["object_key"] == BUDGET_KEY)
    assert sum(name.startswith("place_") for name in item) == 3
    assert world.told() == ["HELD"]


def test_a_success_that_the_topic_does_not_take_at_once_goes_without_an_email(
    world: World,
) -> None:
    world.deploy(email_on="all")
    with world.failing("sns.Publish", times=1):
        world.run(world.upload())
    assert [topic.endswith(":intake") for topic in topics(world)] == [True, False]
    assert world.told() == ["PROCESSED"]


def topics(world: World) -> list[str]:
    """To which each try was made to publish."""
    return [call.request["TopicArn"] for call in world.calls if call.operation == "Publish"]


@pytest.mark.parametrize(
    ("error", "frees"),
    [(answer("Throttling"), True), (answer("Internal", 500), True), (None, False)],
)
def test_a_place_is_freed_once_sns_has_answered_and_else_expires(
    instances: Instances, world: World, error: ClientError | None, frees: bool, owners: Owners
) -> None:
    """What got no answer may reach SNS later."""
    world.deploy(email_on="all")
    world.set_clock(instances.clock)
    granted(instances.new(), 8, "failure", owners)
    refusing = world.failing("sns.Publish", times=9, error=error)
    with refusing, pytest.raises(Fault):
        world.rescue(world.upload(), "failed_aws")
    instances.clock.now += 3
    assert len(granted(instances.new(), 9, "failure", owners)) == frees


def test_an_email_is_sent_once_by_a_client_that_repeats_nothing(world: World) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    with world.losing_answers("sns.Publish"):
        world.rescue(world.upload(), "failed_aws")
    assert [alert.is_emailed for alert in world.alerts()] == [True, True]
    (item,) = (item for item in world.items() if item["object_key"] == BUDGET_KEY)
    assert sum(name.startswith("place_") for name in item) == 2


@pytest.mark.parametrize(("error", "waited"), [(answer("Throttling"), 3), (None, 1)])
def test_who_is_throttled_waits_longer_so_that_many_do_not_meet_again(
    world: World, error: ClientError | None, waited: int
) -> None:
    with world.failing("sns.Publish", error=error):
        world.run(world.upload())
    assert world.pauses == [waited]


def test_a_topic_that_never_answers_is_a_fault_after_four_tries(world: World) -> None:
    world.deploy(email_on="none")
    with (
        world.failing("sns.Publish", times=99),
        pytest.raises(Fault, match="AWS_ERROR: SNS Publish failed"),
    ):
        world.run(world.upload())
    assert world.called().count("sns.Publish") == 4
    assert world.pauses == [1, 2, 3]


def test_what_the_topic_refuses_for_good_is_not_tried_again(world: World) -> None:
    with (
        world.failing("sns.Publish", times=99, error=answer("AuthorizationError", 403)),
        pytest.raises(Fault, match="AWS_ERROR: SNS Publish answered AuthorizationError"),
    ):
        world.run(world.upload())
    assert world.called().count("sns.Publish") == 1
