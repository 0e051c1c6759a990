"""The daily check: what it tells, whom, and that it does not fail in silence."""

import json
import re
from typing import Any

import pytest
from moto.sns.models import sns_backends

from handler.model.settings import Settings
from operate.audit import daily
from operate.audit.findings import Finding, Kind
from operate.read.errors import OperateError

from .conftest import ACCOUNT, REGION, TOPIC, World

NOTHING_OF_THE_KIND = {"processed": 1, "quarantined": 1, "held": 1}


def check(world: World, grace_seconds: float = 0) -> None:
    """Files are young in a test, so by default none is given time."""
    daily.check(Settings.from_environment(world.environment), world.deployment, grace_seconds)


def told() -> list[dict[str, Any]]:
    """What was published: text, JSON, subject and attributes."""
    return [
        {**json.loads(message), "subject": subject, "attributes": attributes}
        for _, message, subject, attributes, _ in (
            sns_backends[ACCOUNT][REGION].topics[TOPIC].sent_notifications
        )
        if subject and subject.startswith("Daily check")
    ]


def test_nothing_is_told_when_all_is_well(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.accept("a.csv")
    world.reject("b.csv")
    world.hold("c.csv")
    capsys.readouterr()
    check(world)
    assert told() == []
    line, _ = capsys.readouterr().out.splitlines()
    counts = {name: value for name, value in json.loads(line).items() if value}
    assert counts == {"check": "well", **NOTHING_OF_THE_KIND}


def test_a_file_without_a_fate_is_told_with_the_command_to_type(world: World) -> None:
    lost = world.upload("partners/lost.csv")
    check(world)
    (alert,) = told()
    assert alert["subject"] == "Daily check: 1 no-fate [project-stack-intake]"
    assert alert["attributes"]["email"]["Value"] == "yes"
    text = alert["email"]
    assert f"partners/lost.csv, version {lost.version_id}" in text
    assert re.search(r"What to do next\n.*\n  scalper reconcile --stack dev\n", text)
    message = json.loads(alert["default"])
    assert (message["status"], message["found"]) == ("DAILY_CHECK", {"no-fate": 1})
    assert message["pipeline"] == "project-stack-intake"


def test_of_many_findings_the_first_are_named_and_all_are_counted(world: World) -> None:
    for number in range(5):
        world.upload(f"lost-{number}.csv")
    check(world)
    (alert,) = told()
    assert alert["subject"] == "Daily check: 5 no-fate [project-stack-intake]"
    assert alert["email"].count("lost-") == daily.SHOWN
    assert "… and 2 more" in alert["email"]


def test_a_file_whose_name_could_turn_the_text_round_is_shown_as_it_is(world: World) -> None:
    world.upload("a\nWhat to do next\n  scalper discard --all\u202e.csv")
    check(world)
    (alert,) = told()
    assert alert["email"].count("\nWhat to do next\n") == 1
    assert "\\u202e" in alert["email"]


def test_an_accepted_file_that_was_taken_away_is_nobodys_alarm(world: World) -> None:
    taken = world.accept("taken.csv")
    world.remove("input", "taken.csv", taken.version_id)
    check(world)
    assert told() == []


def test_a_file_on_its_way_is_not_missed(world: World) -> None:
    world.upload("on-its-way.csv")
    check(world, daily.GRACE_SECONDS)
    assert told() == []


def test_the_grace_is_longer_than_a_file_can_be_on_its_way() -> None:
    from components.functions import EVENT_AGE_SECONDS, RESCUER_TIMEOUT_SECONDS, RETRIES

    pauses = 60 + 120  # what Lambda waits before its two retries
    longest = EVENT_AGE_SECONDS + (1 + RETRIES) * RESCUER_TIMEOUT_SECONDS + pauses
    assert longest < daily.GRACE_SECONDS


@pytest.mark.parametrize("state", ["unconfirmed", "suspended", "deleted"])
def test_when_nobody_is_told_the_check_fails_so_that_an_alarm_shows_it(
    world: World, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    reaching(monkeypatch, state)
    with pytest.raises(daily.NobodyIsTold, match="scalper status"):
        check(world)
    assert len(told()) == 1, "machines that listen are told all the same"


def test_one_address_that_is_told_is_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reaching(monkeypatch, "confirmed", "suspended")
    check(world)
    (alert,) = told()
    assert alert["subject"] == "Daily check: 1 subscription-suspended [project-stack-intake]"


def test_where_nobody_is_to_be_told_nobody_is_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reaching(monkeypatch)
    monkeypatch.setattr(World, "environment", {**world.environment, "SCALPER_EMAIL_ON": "none"})
    world.tell_rules()
    check(world)
    assert told() == []


def test_a_check_that_cannot_read_everything_fails(world: World) -> None:
    world.dynamodb.delete_table(TableName="records")
    with pytest.raises(OperateError, match="records"):
        check(world)
    assert told() == []


def test_a_subject_of_every_kind_at_once_fits_sns(world: World) -> None:
    found = daily.Findings()
    for kind in Kind:
        found.add(Finding(kind, "a.csv"))
    assert len(daily.subject(found)) > 100, "else this shows nothing"
    settings = Settings.from_environment(world.environment)
    daily._tell(settings, world.deployment, found, {}, "")
    (alert,) = told()
    assert len(alert["subject"]) < 100


@pytest.mark.parametrize("missing", ["SCALPER_PROCESSOR", "SCALPER_RESCUER"])
def test_a_missing_variable_is_named(world: World, missing: str) -> None:
    environ = {"SCALPER_PROCESSOR": "p", "SCALPER_RESCUER": "r", "AWS_REGION": REGION}
    environ.pop(missing)
    with pytest.raises(OperateError, match=f"{missing} is missing"):
        daily.deployment_of(Settings.from_environment(world.environment), environ)


def reaching(monkeypatch: pytest.MonkeyPatch, *states: str) -> None:
    """E-mail addresses in these states; SNS does not list one that it deleted."""
    from operate.read import sources

    found = [
        sources.Subscription(f"{at}@example.com", state)
        for at, state in enumerate(states)
        if state != "deleted"
    ]
    monkeypatch.setattr(sources, "email_subscriptions", lambda deployment: iter(found))
