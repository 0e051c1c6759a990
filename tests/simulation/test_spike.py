"""Many files at once: all accounted for, and no address is offered more than SNS bears."""

from typing import Any

import pytest

from .histories import History, Upload
from .invariants import EMAILS_A_SECOND, violations
from .spike import CrowdedWire, Untold, densest, spike
from .timeline import START
from .troubles import Kind, error_of
from .wire import PACE_SECONDS, Perform, Request, Terms, Wire
from .world import World


@pytest.mark.parametrize(("files", "concurrency"), [(1000, 10), (2000, 1000)])
def test_every_file_of_a_spike_is_accounted_for(files: int, concurrency: int) -> None:
    result = spike(files, concurrency)

    assert result.broken == []
    assert result.fates.total() == files
    assert result.fates == {"PROCESSED": files * 9 // 10, "QUARANTINED": files // 10}
    assert result.kept == 0
    assert result.emails > 0
    assert result.most_emails_in_a_second <= EMAILS_A_SECOND
    assert result.notices == 1


def test_in_any_ten_seconds_of_a_storm_of_failures_25_are_emailed() -> None:
    """Twenty empty files a second, for half a minute, with SNS in a small region."""
    uploads = tuple(
        Upload(f"in/{number}.csv", number / 20, 0, told_after=(0.0,)) for number in range(600)
    )
    world = World(History(uploads, has_process=False), make_story=Untold, make_wire=CrowdedWire)
    world.live()

    assert violations(world) == []
    moments = [message.moment - START for message in world.watch.emails]
    for begin in range(20):
        assert sum(begin <= moment < begin + 10 for moment in moments) >= 25
    assert len(world.watch.notices) == 1


class StalledTopic(Wire):
    """SNS answers nobody for a while, then everybody at once; the table is slow as well."""

    resumes = START
    takes_what_it_does_not_answer = False
    table_seconds = PACE_SECONDS

    def carry(
        self, service: str, operation: str, request: Request, perform: Perform, terms: Terms
    ) -> Any:
        invocation = self._current()
        if operation == "update_item":
            invocation.wait(self.table_seconds)
        if service != "sns":
            return super().carry(service, operation, request, perform, terms)
        for _ in range(terms.attempts):
            until = self.resumes - self._timeline.now
            invocation.wait(max(0.0, min(until, terms.timeout_seconds)))
            if until <= terms.timeout_seconds:
                return perform()
            if self.takes_what_it_does_not_answer:
                self.repeats[operation] += 1
                perform()
        raise error_of(Kind.NO_ANSWER, service, operation)


@pytest.mark.parametrize("resumes", [23.0, 25.0, 44.0])
@pytest.mark.parametrize("table_seconds", [PACE_SECONDS, 3.3, 11.0])
@pytest.mark.parametrize("taken", [False, True])
def test_a_stalled_topic_is_offered_no_more_emails_than_sns_bears(
    resumes: float, table_seconds: float, taken: bool
) -> None:
    """As bad as it gets: many instances ask at the end of a window and at once in the next."""
    uploads = tuple(
        Upload(f"in/{number}.csv", at + number / 1000, 12 * (number % 2), told_after=(0.0,))
        for number, at in enumerate([19.0] * 30 + [20.0] * 30 + [29.0] * 30 + [30.0] * 30)
    )
    world = World(History(uploads, has_process=False), make_story=Untold, make_wire=StalledTopic)
    assert isinstance(world.wire, StalledTopic)
    world.wire.resumes = START + resumes
    world.wire.takes_what_it_does_not_answer = taken
    world.wire.table_seconds = table_seconds
    world.live()

    assert violations(world) == []
    # A place that the table grants after ten seconds is void.
    assert bool(world.watch.emails) is (table_seconds < 10)
    assert densest(sorted(message.moment for message in world.watch.emails)) <= EMAILS_A_SECOND
    assert all(fact.alerts for fact in world.watch.facts)
