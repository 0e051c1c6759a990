"""What the documents say of growth is what was measured."""

import json

from benchmarks import growth
from benchmarks.page import DOCS, PAGE

FOUND = json.loads(growth.FILE.read_text())
SPIKES = [growth.Spike(**one) for one in FOUND["spikes"]]
RECONCILIATIONS = [growth.Reconciliation(**one) for one in FOUND["reconciliations"]]


def test_the_page_shows_the_spikes_and_the_reconciliations_that_were_measured() -> None:
    page = PAGE.read_text()
    assert growth.spike_table(SPIKES) in page
    assert growth.reconciliation_table(RECONCILIATIONS) in page
    assert growth.spike_picture(SPIKES) == (DOCS / "growth-spike.svg").read_text()
    expected = growth.reconciliation_picture(RECONCILIATIONS)
    assert expected == (DOCS / "growth-reconcile.svg").read_text()


def test_a_million_uploads_fit_the_memory_that_reconciling_may_take() -> None:
    most = max(RECONCILIATIONS, key=lambda one: one.keys)
    assert most.keys == 1_000_000
    assert most.megabytes <= 200
