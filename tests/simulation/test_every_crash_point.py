"""Where the world is small it is tried out whole: every trouble, in every call, in every order."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from .histories import History, Limit
from .interleavings import Scene, perform
from .judge import judge
from .retry_worlds import (
    one_retried,
    retried_beside_users,
    retried_in_an_outage,
    retried_late,
    retried_twice,
    retried_where_deletes_are_refused,
    scenes_of_retries,
)
from .small_worlds import (
    UPLOADS,
    destinations,
    one_upload,
    outages,
    refused_deletes,
    scenes,
    two_uploads,
    users,
)


@pytest.mark.parametrize(
    "small", [one_upload, two_uploads, outages, users, destinations, refused_deletes]
)
def test_every_upload_has_a_known_fate_in_small_worlds(
    small: Callable[[], Iterator[History]],
) -> None:
    for history in small():
        judge(history)


@pytest.mark.parametrize(
    "small",
    [
        one_retried,
        retried_twice,
        retried_late,
        retried_beside_users,
        retried_in_an_outage,
        retried_where_deletes_are_refused,
    ],
)
def test_every_retry_is_counted_and_comes_to_an_end_in_small_worlds(
    small: Callable[[], Iterator[History]],
) -> None:
    for history in small():
        judge(history)


@pytest.mark.parametrize("scene", list(scenes()), ids=str)
def test_two_invocations_get_along_in_every_order_of_their_calls(scene: Scene) -> None:
    assert perform(scene) > 1


@pytest.mark.parametrize("scene", list(scenes_of_retries())[::4], ids=str)
def test_a_retry_gets_along_with_another_invocation_in_every_order(scene: Scene) -> None:
    assert perform(scene) > 1


@pytest.mark.parametrize("name", UPLOADS)
def test_duplicates_alone_double_no_alert(name: str) -> None:
    for second in (0.5, 0.51, 0.53, 0.56, 0.6, 1.0, 61.0, 300.0):
        upload = replace(UPLOADS[name], told_after=(0.5, second, second))
        world = judge(History((upload,)))
        (fact,) = world.watch.facts
        fates = {(item["status"], item["processed_at"]) for item, _ in fact.written}
        assert len(fact.alerts) == len(fates), world.story


@pytest.mark.parametrize("has_process", [True, False])
def test_an_emergency_stop_sets_nothing_aside(has_process: bool) -> None:
    for upload in UPLOADS.values():
        stop = Limit("processor", 0, 4000, 0)
        (fact,) = judge(History((upload,), limits=(stop,), has_process=has_process)).watch.facts
        assert fact.written[0][0]["reason_code"] == "NOT_STARTED"
