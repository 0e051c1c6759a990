"""Who is told of a retry: the first failure, the last, and a good end; not what is in between."""

import pytest

from handler.model.errors import Fault

from .test_retries import copes, fails
from .world import Alert, Uploaded, World

DELAYS = "10,120"


def emailed(world: World) -> list[str]:
    return [alert.subject for alert in world.alerts() if alert.is_emailed]


@pytest.fixture(params=["all", "failures"])
def aside(world: World, request: pytest.FixtureRequest) -> Uploaded:
    world.deploy(process=fails, retries=DELAYS, email_on=request.param)
    upload = world.upload()
    world.rescue(upload, "failed_process")
    return upload


def fail_again(world: World, upload: Uploaded, retries: int) -> None:
    world.clear_budget()
    world.deploy(process=fails)
    with pytest.raises(Fault):
        world.retry(upload, retries, f"retry-{retries}")
    world.rescue_retry(upload, retries, request_id=f"retry-{retries}")


def test_the_first_failure_says_when_it_is_tried_again(world: World, aside: Uploaded) -> None:
    [first] = world.alerts()
    at = world.record(aside)["retry_at"]
    assert first.message["retry_at"] == at
    assert f"Retry:     by itself, from {at[:10]} {at[11:19]} UTC" in first.text
    assert first.is_emailed


def test_every_failure_is_published_and_the_first_and_the_last_are_emailed(
    world: World, aside: Uploaded
) -> None:
    for retries in range(2):
        fail_again(world, aside, retries)
    assert world.told() == ["QUARANTINED"] * 3
    assert emailed(world) == [
        "Set aside: orders.csv (PROCESS_FAILED) [silent-scalper-test-intake]",
        "Given up: orders.csv (PROCESS_FAILED) [silent-scalper-test-intake]",
    ]
    last: Alert = world.alerts()[-1]
    assert last.message["parked"] is True
    assert "it will not be tried again by itself" in last.text
    assert "none by itself any more (tried again so far: 2)" in last.text
    assert "scalper retry" in last.text


def test_a_good_end_is_emailed_to_those_who_heard_of_the_failure(
    world: World, aside: Uploaded
) -> None:
    fail_again(world, aside, 0)
    world.clear_budget()
    world.deploy(process=copes)
    world.retry(aside, 1, "retry-1")
    assert emailed(world) == [
        "Set aside: orders.csv (PROCESS_FAILED) [silent-scalper-test-intake]",
        "Processed: orders.csv [silent-scalper-test-intake]",
    ]
    assert "back from quarantine" in world.alerts()[-1].text


def test_an_older_file_that_was_overtaken_says_where_it_is(world: World, aside: Uploaded) -> None:
    world.upload(body=b"newer\n")
    world.clear_budget()
    world.deploy(process=copes)
    world.retry(aside)
    last = world.alerts()[-1]
    item = world.record(aside)
    assert last.message["location_version_id"] == item["location_version_id"]
    assert f"quarantine, {item['location']}, because a newer upload is there" in last.text
    assert "scalper download" in last.text


def test_a_file_that_was_never_in_trouble_is_not_emailed_to_who_wants_failures(
    world: World,
) -> None:
    world.deploy(email_on="failures", retries=DELAYS)
    world.run(world.upload())
    assert emailed(world) == []
