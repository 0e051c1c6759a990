"""Many files at once: all accounted for, and no address is offered more than SNS bears."""

import pytest

from handler.email_budget import PER_MINUTE

from .histories import History, Upload
from .invariants import EMAILS_A_SECOND
from .spike import densest, spike
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
    # The spike begins ten seconds before a full hour, and a notice comes once an hour.
    assert 1 <= result.notices <= 2


def test_a_stalled_topic_lets_go_of_no_more_emails_than_a_minute_grants() -> None:
    """The budget counts what is granted; what SNS then keeps waiting, it may take all at once.

    So the ten a second hold as long as SNS answers within a second.
    """
    uploads, paces, resumes = [], [], 40.0
    for number in range(80):
        at, rejected = 10 + number / 4, number % 2
        uploads.append(Upload(f"in/{number}.csv", at, 0 if rejected else 12, told_after=(0.0,)))
        paces.append((0.02,) * (7 if rejected else 2) + (resumes - at,))

    world = World(History(tuple(uploads), paces=tuple(paces), has_process=False)).live()

    offered = densest(sorted(message.moment for message in world.watch.emails))
    assert EMAILS_A_SECOND < offered <= 2 * PER_MINUTE + 2
