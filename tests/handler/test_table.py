"""The decision table of docs/design.md, written out a second time.

The other tests of it show that each cell does what is promised. This one shows at a glance, and in
milliseconds, that no step was lost, added or moved: a wrong order hurts only who dies in between.
"""

from handler.model.item import Status
from handler.outcomes.table import EXISTING, TRANSITIONS, Move, Step, replaces_held

ARRIVED = {
    "PROCESSED": "PROCESSED: notify",
    "QUARANTINED": "QUARANTINED: copy | delete_input record_refusals schedule notify",
    "HELD": "HELD: check | schedule notify",
    "GONE": "GONE: notify",
}
STAYS = "stay | delete_input drop_restored drop_leftovers record_refusals schedule notify"
IN_QUARANTINE = {
    "PROCESSED": "PROCESSED: restore | drop_source drop_leftovers record_refusals notify",
    "QUARANTINED": f"QUARANTINED: {STAYS}",
    "HELD": f"QUARANTINED: {STAYS}",
    "GONE": "GONE: drop_leftovers record_refusals notify",
}
SAME_OWNER = {
    "PROCESSED": (
        "drop_copy drop_restored drop_source drop_leftovers record_refusals notify_again"
    ),
    "QUARANTINED": (
        "keep_one_copy drop_restored drop_leftovers record_refusals schedule notify_again"
    ),
    "HELD": "schedule notify_again",
    "GONE": "drop_copy drop_restored drop_leftovers record_refusals notify_again",
}
OTHER_OWNER = {
    "PROCESSED": "drop_copy drop_restored",
    "QUARANTINED": "keep_one_copy_if_copied drop_restored",
    "HELD": "count",
    "GONE": "drop_copy drop_restored",
}


def in_words(is_quarantined: bool) -> dict[str, str]:
    said = {}
    for (aside, decided), (status, move, steps) in TRANSITIONS.items():
        if aside == is_quarantined:
            way = [f"{move} |"] if move else []
            said[str(decided)] = f"{status}: {' '.join([*way, *steps])}"
    return said


def test_the_way_from_where_a_file_is_to_each_fate() -> None:
    assert in_words(False) == ARRIVED
    assert in_words(True) == IN_QUARANTINE


def test_what_is_still_to_be_done_about_a_fate_that_stands() -> None:
    assert {str(status): " ".join(row.same_owner) for status, row in EXISTING.items()} == SAME_OWNER
    assert {str(status): " ".join(row.other_owner) for status, row in EXISTING.items()} == (
        OTHER_OWNER
    )


def test_every_step_and_move_has_a_place_in_the_table() -> None:
    taken = [row.steps for row in TRANSITIONS.values()]
    taken += [steps for row in EXISTING.values() for steps in row]
    assert {step for steps in taken for step in steps} == set(Step)
    assert {row.move for row in TRANSITIONS.values()} == {None, *Move}


def test_a_held_file_gives_way_to_the_processor_and_to_gone_alone() -> None:
    for status in Status:
        assert replaces_held(status, rescuing=False) is True
        assert replaces_held(status, rescuing=True) is (status is Status.GONE)
