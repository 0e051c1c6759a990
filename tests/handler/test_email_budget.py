"""SNS suspends an address that gets too much, so e-mails are counted before they are sent."""

import pytest
from botocore.exceptions import ClientError

from handler.aws import alerts, clients
from handler.aws.email_budget import CLAIM_SECONDS, WINDOW_SECONDS, EmailBudget, Kind
from handler.model.errors import Fault

from .world import Crash, Uploaded, World

NOON = 1_772_452_800.0
"""Some noon: the first second of an hour and of a window."""


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


def granted(budget: EmailBudget, asks: int, kind: Kind = "success") -> int:
    return sum(budget.ask(kind) for _ in range(asks))


def test_a_window_has_room_for_two_successes_of_all_instances_together(
    instances: Instances,
) -> None:
    assert granted(instances.new(), 5) == 2
    assert granted(instances.new(), 5) == 0
    instances.clock.now += WINDOW_SECONDS - 0.1
    assert granted(instances.new(), 5) == 0
    instances.clock.now += 0.1
    assert granted(instances.new(), 5) == 2


def test_a_window_has_room_for_four_failures_and_good_news_leaves_two_of_them(
    instances: Instances,
) -> None:
    assert granted(instances.new(), 9, "failure") == 4
    instances.clock.now += WINDOW_SECONDS
    assert granted(instances.new(), 9, "success") == 2
    assert granted(instances.new(), 9, "failure") == 2
    assert granted(instances.new(), 9, "success") == 0
    instances.clock.now += WINDOW_SECONDS
    assert granted(instances.new(), 1, "failure") == 1
    assert granted(instances.new(), 9, "success") == 1


def test_a_window_has_room_for_one_notice_beside_them(instances: Instances) -> None:
    assert granted(instances.new(), 9, "notice") == 1
    assert granted(instances.new(), 9, "notice") == 0
    assert granted(instances.new(), 9, "failure") == 4
    instances.clock.now += WINDOW_SECONDS
    assert granted(instances.new(), 9, "failure") == 4
    assert granted(instances.new(), 9, "notice") == 1


def test_two_windows_hold_what_sns_bears_in_a_second_and_no_try_reaches_a_third() -> None:
    """What reaches SNS within one second began at most that second and one try earlier."""
    config = clients.SNS_CONFIG
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}  # type: ignore[attr-defined]
    try_seconds = config.connect_timeout + config.read_timeout  # type: ignore[attr-defined]
    clocks_differ_by_seconds = 3
    assert try_seconds + 1 + clocks_differ_by_seconds <= WINDOW_SECONDS


def test_a_place_that_is_granted_too_late_is_void_and_asked_for_once_more(
    instances: Instances,
) -> None:
    instances.clock.now = NOON + 9
    instances.slow_table(1.0)
    assert instances.new().ask("failure")
    assert granted(instances.new(), 9, "failure") == 3, "the place is of the new window"


def test_who_is_late_twice_sends_no_email(world: World, instances: Instances) -> None:
    instances.slow_table(10.0, 10.0)
    world.forget_calls()
    assert not instances.new().ask("failure")
    assert world.called() == ["dynamodb.UpdateItem"] * 2


def test_an_answer_in_the_last_moment_of_the_window_is_in_time(instances: Instances) -> None:
    instances.slow_table(9.9, 0.1)
    assert instances.new().ask("success")


def test_what_is_spent_is_remembered_so_that_a_storm_costs_few_calls(
    world: World, instances: Instances
) -> None:
    budget = instances.new()
    world.forget_calls()
    assert granted(budget, 100, "success") == 2
    assert world.called() == ["dynamodb.UpdateItem"] * 3
    assert granted(budget, 100, "failure") == 2
    assert world.called() == ["dynamodb.UpdateItem"] * 6
    assert granted(budget, 100, "success") == 0
    assert world.called() == ["dynamodb.UpdateItem"] * 6
    instances.clock.now += WINDOW_SECONDS
    assert granted(budget, 1) == 1


def test_who_finds_no_room_for_failures_knows_that_there_is_none_for_successes(
    world: World, instances: Instances
) -> None:
    budget = instances.new()
    assert granted(budget, 5, "failure") == 4
    world.forget_calls()
    assert granted(budget, 5, "success") == 0
    assert world.called() == []


def test_who_finds_no_room_for_a_success_learns_whether_there_is_any_for_a_failure(
    world: World, instances: Instances
) -> None:
    granted(instances.new(), 4, "failure")
    budget = instances.new()
    assert not budget.ask("success")
    world.forget_calls()
    assert not budget.ask("failure")
    assert world.called() == []


# The notice.


def test_one_notice_an_hour_says_that_emails_are_paused(instances: Instances) -> None:
    notices = []
    for second in range(0, 7_200, 600):
        for instance in range(3):
            instances.clock.now = NOON + second
            budget = instances.new()
            for n in range(3):
                if budget.claim_notice(f"request-{second}-{instance}-{n}"):
                    budget.notice_told()
                    notices.append(second)
    assert notices == [0, 4_200], "more than an hour apart"


def test_a_notice_that_nobody_told_is_told_by_who_asks_two_minutes_later(
    instances: Instances,
) -> None:
    assert instances.new().claim_notice("unlucky")
    instances.clock.now += CLAIM_SECONDS
    another = instances.new()
    assert not another.claim_notice("another")
    instances.clock.now += WINDOW_SECONDS
    assert another.claim_notice("another")
    another.notice_told()
    instances.clock.now += CLAIM_SECONDS + 1
    assert not instances.new().claim_notice("a third")
    assert not instances.new().claim_notice("another")


def test_a_notice_that_nobody_told_is_told_by_the_retry_of_who_claimed_it(
    instances: Instances,
) -> None:
    assert not instances.new().claim_notice("unlucky", unfinished=True), "there is none"
    assert instances.new().claim_notice("unlucky")
    assert not instances.new().claim_notice("another", unfinished=True)
    retry = instances.new()
    assert retry.claim_notice("unlucky", unfinished=True)
    assert retry.claim_notice("unlucky")
    retry.notice_told()
    assert not instances.new().claim_notice("unlucky", unfinished=True)
    instances.clock.now += 9_999
    assert not instances.new().claim_notice("unlucky", unfinished=True)


def test_who_claims_in_vain_asks_again_in_the_next_window_and_once_it_is_told_in_an_hour(
    world: World, instances: Instances
) -> None:
    claimant, another = instances.new(), instances.new()
    assert claimant.claim_notice("claimant")
    world.forget_calls()
    assert not any(another.claim_notice("another") for _ in range(9))
    assert world.called() == ["dynamodb.PutItem"]
    claimant.notice_told()
    instances.clock.now += WINDOW_SECONDS
    world.forget_calls()
    for _ in range(300):
        assert not another.claim_notice("another")
        assert not claimant.claim_notice("claimant")
        instances.clock.now += 10
    assert world.called() == ["dynamodb.PutItem"]


def test_the_counters_expire_and_lie_beside_no_files_record(
    world: World, instances: Instances
) -> None:
    granted(instances.new(), 3)
    instances.new().claim_notice("request-1")
    claimed = world.items()
    instances.new().notice_told()
    for items in (claimed, world.items()):
        assert len(items) == 2
        for item in items:
            assert item["object_key"] == "scalper:email-budget"
            assert not set(item["upload_id"]) <= set("0123456789ABCDEF")
            assert NOON + 3_600 < item["expires_at"] <= NOON + 7_200


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
    [notice, alert] = world.alerts()
    assert notice.status == "EMAILS_PAUSED"
    assert not alert.is_emailed


def test_a_counter_too_busy_to_ask_is_left_alone_until_the_window_is_over(
    world: World, instances: Instances
) -> None:
    budget = instances.new()
    with world.failing("dynamodb.UpdateItem", times=9, error=answer("ThrottlingException")):
        assert granted(budget, 5, "success") == 0
        assert granted(budget, 5, "failure") == 0
    with world.failing("dynamodb.PutItem", times=9, error=answer("ThrottlingException")):
        assert not any(budget.claim_notice("request-1") for _ in range(5))
    assert world.called() == ["dynamodb.UpdateItem", "dynamodb.PutItem"]
    instances.clock.now += WINDOW_SECONDS
    assert granted(budget, 1, "success") == 1
    assert budget.claim_notice("request-1")


def test_a_notice_that_cannot_be_claimed_is_a_fault(world: World, instances: Instances) -> None:
    with (
        world.failing("dynamodb.PutItem", error=answer("InternalServerError", 500)),
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


def test_a_storm_is_published_whole_with_few_emails_and_one_notice(world: World) -> None:
    world.deploy(email_on="all")
    for n in range(30):
        world.run(world.upload(f"in/{n}.csv"), f"request-{n}")
    published = world.alerts()
    files = [alert for alert in published if alert.status == "PROCESSED"]
    [notice] = [alert for alert in published if alert.status == alerts.EMAILS_PAUSED]
    assert len({alert.message["object_key"] for alert in files}) == 30
    assert 2 <= sum(alert.is_emailed for alert in files) <= 8
    assert notice.is_emailed
    assert notice.subject == "Many files: e-mails are paused [silent-scalper-test-intake]"
    assert notice.message["table"]
    assert "reason_code" not in notice.attributes


@pytest.fixture
def stormy(world: World) -> World:
    """Accepted files get no e-mail any more, and nobody has told of it."""
    world.deploy(email_on="all")
    world.set_clock(Clock())
    for n in range(2):
        world.run(world.upload(f"in/{n}.csv"), f"earlier-{n}")
    return world


NOTICE_CALLS = ["dynamodb.PutItem", "dynamodb.UpdateItem", "sns.Publish", "dynamodb.UpdateItem"]


def test_the_first_without_an_email_tells_of_it_and_then_of_itself(stormy: World) -> None:
    stormy.forget_calls()
    stormy.run(stormy.upload(), "request-2")
    assert stormy.called() == [
        *("dynamodb.PutItem", "dynamodb.UpdateItem"),
        *NOTICE_CALLS,
        "sns.Publish",
    ]
    stormy.forget_calls()
    stormy.run(stormy.upload(), "request-3")
    assert stormy.called() == ["dynamodb.PutItem", "sns.Publish"]


@pytest.mark.parametrize("call", range(2, 2 + len(NOTICE_CALLS)))
@pytest.mark.parametrize("after", [False, True])
def test_a_death_while_telling_of_the_pause_does_not_lose_the_notice(
    stormy: World, call: int, after: bool
) -> None:
    """The retry comes when there is room for e-mails again, and nobody else is refused one."""
    upload = stormy.upload()
    with stormy.crashing_at(call, after=after), pytest.raises(Crash):
        stormy.run(upload, "unlucky")

    stormy.set_clock(Clock(NOON + 60))
    stormy.run(upload, "unlucky")

    claimed = (call, after) > (2, False)
    told = stormy.told()
    if claimed:
        # Only a death after it was published, and before that was noted, repeats it.
        assert told.count("EMAILS_PAUSED") == (2 if (4, True) <= (call, after) < (5, True) else 1)
    assert told.count("PROCESSED") == 3
    assert stormy.alerts()[-1].is_emailed


# A topic that falters.


@pytest.mark.parametrize(
    "error", [answer("Throttling"), answer("InternalFailure", 500), None], ids=["429", "500", "-"]
)
def test_each_try_of_an_email_takes_a_place_of_its_own_and_at_last_goes_without(
    world: World, error: ClientError | None
) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    with world.failing("sns.Publish", times=2, error=error):
        world.run(world.upload())
    publishes = [
        call.request["MessageAttributes"]["email"]["StringValue"]
        for call in world.calls
        if call.operation == "Publish"
    ]
    # Two tries spend what there is; the notice of that is the third message.
    assert publishes == ["yes", "yes", "yes", "no"]
    assert world.told() == ["EMAILS_PAUSED", "PROCESSED"]
    assert world.pauses == [1, 2]


def test_an_email_is_sent_once_by_a_client_that_repeats_nothing(world: World) -> None:
    world.deploy(email_on="all")
    world.set_clock(Clock())
    upload = world.upload()
    with world.losing_answers("sns.Publish"):
        world.run(upload)
    assert [alert.is_emailed for alert in world.alerts()] == [True, True]
    assert [item["emails"] for item in world.items() if "emails" in item] == [2]


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
