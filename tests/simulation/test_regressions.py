"""Histories that once broke the promise."""

from dataclasses import replace

import pytest

from .histories import Answer, Firing, History, Load, Mishap, OperatorAct, Order, Upload
from .judge import judge
from .retry_worlds import (
    HELD,
    RETRIED,
    in_each_call_of_retries,
    schedule_refused_to_the_next_try,
)
from .troubles import Kind, Trouble
from .world import World


def test_a_rescuer_that_finds_a_file_held_leaves_the_copy_that_somebody_may_be_naming() -> None:
    """Two deliveries failed, one through AWS and one through `process`; a third rejects meanwhile.

    The rescuer of the second found the third's copy, then the first's HELD, and removed the copy;
    HELD had just given way to a QUARANTINED that named it, and the input version was deleted.
    """
    answers = (Answer.AWS_FAIL, Answer.FAIL) * 3 + (Answer.REJECT,)
    for hundredth in range(18060, 18110):
        judge(
            History(
                uploads=(Upload(answers=answers, told_after=(0.5, 0.55, hundredth / 100)),),
            )
        )


def test_a_late_duplicate_in_the_processor_does_not_call_off_the_retry_that_is_scheduled() -> None:
    """Lambda's queue delivered the first event once more after the rescuer had scheduled a retry.

    The processor, whose record it was by its request id, knows of no schedules; it took that for
    retries switched off, and told that the file is parked. The retry came all the same.
    """
    upload = replace(RETRIED["accepted from quarantine"], doubled_after=400.0)
    (fact,) = judge(History((upload,), retry_delays=(10,))).watch.facts
    assert not any("parked" in item for item, _ in fact.written)


def test_a_file_that_a_retry_sets_aside_is_counted_also_when_the_try_that_recorded_it_died() -> (
    None
):
    upload = RETRIED["rejected where it is held"]
    history = History((upload,), retry_delays=(10,))
    for dying in in_each_call_of_retries(history, (Trouble(Kind.CRASH, True),)):
        judge(dying)


def test_what_a_retry_restored_while_its_twin_rejected_the_file_is_no_upload() -> None:
    """Lambda ran a retry twice at once, and `process` changed its mind in between.

    One recorded that the file stays in quarantine; the other restored it. S3 told of that object
    before it was removed, and it was processed, recorded and told of as an upload.
    """
    answers = (*[Answer.FAIL] * 5, *[Answer.READ_AND_ACCEPT] * 2, Answer.REJECT)
    judge(
        History(
            (Upload(answers=answers, doubled_after=0.5),),
            retry_delays=(10,),
            firings=(Firing.DOUBLED,),
            restored_told_after=(0.0,),
        )
    )


def test_a_schedule_that_is_refused_to_the_next_try_brings_no_retry() -> None:
    """A rescuer made it and failed; to the next one it was refused, so nobody knew that it stands.

    The file was called parked, and told of as given up. The retry came all the same.
    """
    [history] = schedule_refused_to_the_next_try()
    world = judge(history)
    (fact,) = world.watch.facts
    assert fact.claims, "an operator may still try it again"
    assert not [claim for claim in fact.claims if claim in world.scheduler.requests]


def test_nobody_begins_a_retry_beside_another() -> None:
    """Each took the object which the other had restored for an upload, or for a newer one."""
    regardless = OperatorAct(0.0, Order.RETRY_REGARDLESS, 0)
    for step in range(30):
        at = 780.0 + step / 50
        history = History(
            (RETRIED["accepted from quarantine"],),
            operator_acts=(replace(regardless, at=at),),
            retry_delays=(10,),
            restored_told_after=(0.0, 0.1),
        )
        (fact,) = judge(history).watch.facts
        assert len(fact.claims) == 1


def test_a_delivery_that_fails_beside_a_retry_stays_counted() -> None:
    """The retry wrote back the number of attempts that it had seen when it was claimed."""
    history = History(
        (Upload(answers=(*HELD, Answer.FAIL), told_after=(0.5, 180.75)),),
        operator_acts=(OperatorAct(180.78, Order.RETRY, 0),),
        paces=((), (), (), (0.01,)),
        retry_delays=(10,),
    )
    judge(history.but(mishaps=(Mishap(3, Trouble(Kind.SERVER_ERROR, False)),)))


def test_a_loop_that_lambda_stopped_waits_for_somebody() -> None:
    """Each retry of its last file would begin it anew."""
    world = World(History(loops=(True,), retry_delays=(10, 120))).live()
    [fact] = world.watch.facts
    assert fact.record
    assert (fact.record["status"], fact.record["reason_code"]) == ("HELD", "LOOP_STOPPED")
    assert world.scheduler.made == []
    assert fact.claims == []


@pytest.mark.parametrize("load", [Load.CRASH, Load.OUT_OF_MEMORY, Load.STUCK, Load.RAISES])
def test_a_file_whose_code_is_never_loaded_is_held_after_every_retry(load: Load) -> None:
    world = World(History(loads=(load,) * 12, retry_delays=(10, 120))).live()
    [fact] = world.watch.facts
    assert [item["status"] for item, _ in fact.written if "retry_at" in item] == ["HELD", "HELD"]
    assert fact.status == "HELD"
    assert fact.counted_in_hand == []


def test_a_file_that_ends_the_function_is_set_aside_by_its_first_retry() -> None:
    world = World(History((Upload(answers=(Answer.CRASH,)),), retry_delays=(10,))).live()
    [fact] = world.watch.facts
    codes = [item["reason_code"] for item, _ in fact.written if item["status"] == "QUARANTINED"]
    assert codes == ["PROCESS_CRASHED"]


def test_a_retry_is_judged_by_itself_whatever_its_first_event_brought() -> None:
    """Of two files that came in one event a death blames neither; a retry has one in hand."""
    judge(
        History(
            (
                Upload(
                    answers=(Answer.READ_AND_ACCEPT,),
                    told_after=(0.5, 0.5),
                    told_with_next=True,
                ),
                Upload(),
            ),
            mishaps=(Mishap(8, Trouble(Kind.CRASH, False)),),
            paces=((70.0, 70.0, 70.0, 59.4),),
            retry_delays=(10,),
        )
    )


def test_what_a_retry_restores_is_no_upload_though_the_next_retry_has_begun() -> None:
    """Lambda's queue delivered a schedule twice. One try rejected the file and concluded the retry,
    and an operator asked for another, before the other try had restored what it accepted.

    The record no longer named the retry that made that version, so it passed for an upload: it was
    recorded as PROCESSED, and removed again.
    """
    answers = (Answer.FAIL,) * 3 + (Answer.READ_AND_ACCEPT, Answer.REJECT)
    for hundredth in range(78010, 78025):
        for told_after in (0.0, 0.05, 3600.0):
            judge(
                History(
                    (Upload(answers=answers),),
                    operator_acts=(OperatorAct(hundredth / 100, Order.RETRY, 0),),
                    retry_delays=(10,),
                    firings=(Firing.DOUBLED,),
                    restored_told_after=(told_after,),
                )
            )


def test_a_copy_that_meets_a_file_held_by_the_other_delivery_is_what_the_next_retry_uses() -> None:
    """Lambda's queue delivered a retry twice. One delivery was given up, and the rescuer held the
    file, while the other was copying it to quarantine.

    To remove the copy then would be wrong: a retry that began meanwhile may be about to name it.
    """
    failed = Answer.AWS_FAIL
    history = History(
        (
            Upload(
                size=1001,
                answers=(failed,) * 3 + (Answer.FAIL, Answer.FAIL, Answer.REJECT, failed),
            ),
            Upload(at=0.5),
        ),
        mishaps=tuple(Mishap(calls, Trouble(Kind.SERVER_ERROR, False)) for calls in (3, 1, 5)),
        loads=(Load.RAISES,),
        retry_delays=(10,),
        firings=(Firing.DOUBLED,),
        restored_told_after=(0.0,),
    )
    fact = judge(history).watch.facts[0]
    assert (fact.status, len(fact.copies)) == ("HELD", 1)

    later = OperatorAct(7_200.0, Order.RETRY, 0)
    [upload, newer] = history.uploads
    retried = replace(upload, answers=(*upload.answers, Answer.REJECT))
    again = history.but(uploads=(retried, newer), operator_acts=(later,))
    fact = judge(again).watch.facts[0]
    assert fact.record
    assert (fact.status, len(fact.copies)) == ("QUARANTINED", 1)
    assert fact.record["location_version_id"] == fact.copies[0][0].version_id
