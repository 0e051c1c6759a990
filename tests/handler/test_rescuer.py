"""The last error decides: set aside what `process` failed on, hold everything else."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from handler import rescuer
from handler.diagnosis import diagnose
from handler.model.errors import Code, Fault, Rejection

from .world import INPUT, QUARANTINE, Context, World, saved_event

SET_ASIDE = {
    "failed_process": (Code.PROCESS_FAILED, "process raised KeyError: 'amount'"),
    "failed_process_late": (Code.PROCESS_TIMED_OUT, "still running"),
    "failed_process_out_of_memory": (Code.PROCESS_OUT_OF_MEMORY, "ran out of memory"),
}
"""The handler itself has caught `process` at it: this is true of any number of files."""
HELD = {
    "failed_aws": (Code.AWS_ERROR, "DynamoDB PutItem answered InternalServerError"),
    "failed_configuration": (Code.CONFIGURATION, "No module named 'pandas'"),
    "failed_cannot_be_moved": (Code.CANNOT_BE_MOVED, "AccessDenied"),
    "failed_bug": (Code.INTERNAL_ERROR, "KeyError: 'VersionId'"),
    "failed_out_of_time": (Code.OUT_OF_TIME, "raise timeout_seconds"),
    "failed_unknown_exception": (Code.INTERNAL_ERROR, "CancelledError: a text that nobody"),
    "failed_import": (Code.CONFIGURATION, "Unable to import module 'handler.processor'"),
    "failed_event_too_old": (Code.EVENT_TOO_OLD, "waited too long"),
    "failed_event_too_old_after_an_error": (Code.EVENT_TOO_OLD, "waited too long"),
    "failed_concurrency_zero": (Code.NOT_STARTED, "set to zero"),
    "failed_throttled": (Code.NOT_STARTED, "concurrency is used up"),
    "failed_emulator_throttled": (Code.NOT_STARTED, "concurrency is used up"),
}
"""Nobody's fault that we could prove, with or without `process`."""
DIED = {
    "failed_timed_out": ("PROCESS_TIMED_OUT", "OUT_OF_TIME"),
    "failed_timed_out_old_words": ("PROCESS_TIMED_OUT", "OUT_OF_TIME"),
    "failed_killed": ("PROCESS_OUT_OF_MEMORY", "FUNCTION_DIED"),
    "failed_out_of_memory": ("PROCESS_OUT_OF_MEMORY", "FUNCTION_DIED"),
    "failed_exit_status_137": ("PROCESS_OUT_OF_MEMORY", "FUNCTION_DIED"),
    "failed_exit_status_1": ("PROCESS_CRASHED", "FUNCTION_DIED"),
    "failed_segmentation_fault": ("PROCESS_CRASHED", "FUNCTION_DIED"),
    "failed_emulator_crash": ("PROCESS_CRASHED", "FUNCTION_DIED"),
}
"""The function was stopped: held against `process` only where there is one, and one file, which
was in hand at each of the three tries that these records tell of."""


@pytest.mark.parametrize("has_process", [True, False])
@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize("record", [*SET_ASIDE, *HELD])
def test_an_error_with_a_name_decides_by_its_name(
    record: str, files: int, has_process: bool
) -> None:
    code, words = (SET_ASIDE | HELD)[record]
    cause = diagnose(saved_event(record), has_process=has_process, files=files)
    assert cause.code is code
    assert words in cause.reason
    assert (cause.of(0) is not None) is (record in SET_ASIDE)


@pytest.mark.parametrize("record", DIED)
@pytest.mark.parametrize(
    ("has_process", "files", "in_hand", "proven"),
    [
        (True, 1, 3, True),
        (True, 1, 4, True),
        (True, 1, 2, False),
        (True, 1, 0, False),
        (True, 2, 3, False),
        (False, 1, 3, False),
        (False, 2, 3, False),
    ],
)
def test_a_dead_function_is_held_against_the_file_only_with_proof(
    record: str, has_process: bool, files: int, in_hand: int, proven: bool
) -> None:
    with_proof, without = DIED[record]
    cause = diagnose(saved_event(record), has_process=has_process, files=files)
    assert cause.code == without
    refusal = cause.of(in_hand)
    assert (refusal and refusal[0]) == (with_proof if proven else None)


@pytest.mark.parametrize("count", ["absent", None, 0, "3"])
def test_where_lambda_does_not_say_how_often_it_tried_nothing_is_proven(count: Any) -> None:
    failure = saved_event("failed_killed")
    failure["requestContext"]["approximateInvokeCount"] = count
    if count == "absent":
        del failure["requestContext"]["approximateInvokeCount"]
    cause = diagnose(failure, has_process=True, files=1)
    assert cause.of(1_000) is None


LOOPS = {
    "the condition": lambda failure: failure["requestContext"].update(
        condition="RecursiveInvocation"
    ),
    "the answer": lambda failure: failure.update(
        responsePayload={"__type": "RecursiveInvocationException", "Message": "a loop"}
    ),
    "the file is the function's own": lambda failure: failure["requestPayload"]["Records"][
        0
    ].update(userIdentity={"principalId": "AWS:AROAEXAMPLE:intake-processor-1a2b3c4"}),
}


@pytest.mark.parametrize("sign", LOOPS)
def test_a_loop_that_lambda_stopped_is_held_and_never_scheduled(world: World, sign: str) -> None:
    upload = world.upload()
    failure = saved_event("failed_concurrency_zero")
    failure["requestPayload"] = upload.event
    LOOPS[sign](failure)
    world.deploy(process=lambda file: None, retries="10,120")
    world.invoke_rescuer(failure)
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "LOOP_STOPPED")
    assert "process writes to the input bucket" in item["reason"]
    assert "retry_at" not in item
    assert world.schedules() == []


@pytest.mark.parametrize(
    ("code", "reason"), [("TOO_LARGE", "too long"), ("BAD_HEADER", "no: header")]
)
def test_what_the_processor_had_no_time_to_move_the_rescuer_moves(
    world: World, code: str, reason: str
) -> None:
    def process(file: Any) -> None:
        raise Rejection(code, reason)

    world.deploy(process=process)
    upload = world.upload()

    def slow(**_: Any) -> None:
        time.sleep(5)

    world.aws.hook("before-call.s3.CopyObject", slow)
    with pytest.raises(Fault) as seen:
        world.run(upload, remaining_ms=400)
    world.aws.forget_hooks()
    assert seen.value.code == "OUT_OF_TIME"
    world.rescue(upload, error=str(seen.value))
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("QUARANTINED", code)
    assert item["reason"] == reason


@pytest.mark.parametrize("record", ["failed_out_of_time", "failed_timed_out"])
def test_what_a_rule_refuses_is_set_aside_by_the_rescuer_when_time_ran_out(
    world: World, record: str
) -> None:
    world.deploy(rules={"accepted_types": ["json"]})
    upload = world.upload()
    world.rescue(upload, record)
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("QUARANTINED", "WRONG_TYPE")


def test_when_the_time_is_up_the_files_that_are_left_are_not_blamed(world: World) -> None:
    def process(file: Any) -> None:
        time.sleep(5)

    world.deploy(process=process)
    uploads = [world.upload(f"{n}.csv") for n in range(2)]
    event = {"Records": [upload.record for upload in uploads]}
    with pytest.raises(Fault) as seen:
        world.run(event, remaining_ms=400)
    assert seen.value.code == "OUT_OF_TIME"
    world.rescue(event, error=str(seen.value))
    assert [world.status(upload) for upload in uploads] == ["HELD", "HELD"]


@pytest.mark.parametrize(
    "record",
    [
        "failed_process",
        "failed_killed",
        "failed_emulator_crash",
        "failed_aws",
        "failed_import",
        "failed_event_too_old",
        "failed_throttled",
    ],
)
def test_every_failure_ends_in_the_fate_that_its_cause_deserves(world: World, record: str) -> None:
    world.deploy(process=lambda file: None)
    upload = world.upload()
    world.rescue(upload, record)
    item = world.record(upload)
    aside = record in SET_ASIDE
    assert item["status"] == ("QUARANTINED" if aside else "HELD")
    assert item["reason"]
    assert world.is_in_input(upload) is not aside
    assert len(world.versions(QUARANTINE)) == aside
    assert world.told() == [item["status"]]
    [alert] = world.alerts()
    assert alert.message["reason_code"] == item["reason_code"]


def test_an_emergency_stop_sets_aside_nothing(world: World) -> None:
    """Concurrency set to zero sends the whole backlog here."""
    world.deploy(process=lambda file: None)
    uploads = [world.upload(f"in/{n}.csv") for n in range(5)]
    for n, upload in enumerate(uploads):
        world.rescue(upload, "failed_concurrency_zero", f"request-{n}")
    assert {world.status(upload) for upload in uploads} == {"HELD"}
    assert world.versions(QUARANTINE) == []
    assert all(world.is_in_input(upload) for upload in uploads)


def test_a_held_file_keeps_what_is_needed_to_try_it_again(world: World) -> None:
    upload = world.upload("in/Ärger 1+1.csv")
    world.rescue(upload, "failed_aws")
    item = world.record(upload)
    assert item["event"] == upload.record
    assert item["attention_at"].startswith("HELD#")
    assert item["attention_shard"] in {f"{n:02d}" for n in range(16)}

    world.run({"Records": [item["event"]]}, request_id="request-2")
    item = world.record(upload)
    assert item["status"] == "PROCESSED"
    assert item["attempt"] == 2
    assert not {"event", "attention_at", "attention_shard", "reason"} & set(item)


def test_the_owner_is_the_request_that_failed_so_that_what_it_did_is_found(world: World) -> None:
    upload = world.upload()
    world.rescue(upload, "failed_aws", "the-failed-request")
    assert world.record(upload)["owner"] == "the-failed-request"


@pytest.mark.parametrize("value", ["absent", None, ""])
def test_without_the_id_of_the_failed_request_the_rescuers_own_is_taken(
    world: World, value: str | None
) -> None:
    upload = world.upload()
    failure = saved_event("failed_aws")
    failure["requestPayload"] = upload.event
    if value == "absent":
        del failure["requestContext"]["requestId"]
    else:
        failure["requestContext"]["requestId"] = value
    rescuer.handler(failure, Context("the-rescuers-own-request"))
    assert world.record(upload)["owner"] == "the-rescuers-own-request"


def test_an_event_of_several_files_is_finished_file_by_file(world: World) -> None:
    done, open_, gone = (world.upload(f"in/{n}.csv") for n in range(3))
    world.deploy(process=lambda file: None)
    world.run(done)
    world.delete_input(gone)
    event = {"Records": [u.record for u in (done, open_, gone)]}
    world.rescue(event, "failed_process")
    assert [world.status(u) for u in (done, open_, gone)] == ["PROCESSED", "QUARANTINED", "GONE"]
    assert world.is_in_input(done)


def test_one_file_that_cannot_be_rescued_does_not_take_the_others_with_it(world: World) -> None:
    bad, good = world.upload("in/bad.csv"), world.upload("in/good.csv")
    event = {"Records": [bad.record, {"eventSource": "aws:s3"}, good.record]}
    with world.failing("dynamodb.PutItem"), pytest.raises(Fault):
        world.rescue(event, "failed_aws")
    assert world.item(bad) is None
    assert world.status(good) == "HELD"
    with pytest.raises(Fault, match="CONFIGURATION"):
        world.rescue(event, "failed_aws")
    assert world.status(bad) == "HELD", "only the malformed record is left, and its event is kept"


def test_ignored_keys_and_removals_are_passed_over_here_too(world: World) -> None:
    world.deploy(rules={"ignore_patterns": ["*.tmp"]})
    upload = world.upload("in/a.tmp")
    world.rescue({"Records": [upload.record, *saved_event("s3_removed")["Records"]]}, "failed_aws")
    assert world.item(upload) is None
    assert world.told() == []


def test_a_test_event_that_failed_needs_no_rescue(world: World) -> None:
    world.rescue(saved_event("s3_test"), "failed_aws")
    assert world.called() == []


def test_a_bug_before_the_first_record_is_raised(world: World) -> None:
    with pytest.raises(Fault, match="not an S3 upload event"):
        world.rescue({"Records": None}, "failed_aws")


@pytest.mark.parametrize(
    "change",
    [
        lambda failure: failure.clear(),
        lambda failure: failure.pop("requestPayload"),
        lambda failure: failure.pop("requestContext"),
        lambda failure: failure.update(requestContext=None),
        lambda failure: failure.update(requestContext="text"),
    ],
)
def test_a_malformed_failure_record_is_raised_so_that_it_is_kept(
    world: World, change: Callable[[dict[str, Any]], Any]
) -> None:
    failure = saved_event("failed_aws")
    change(failure)
    with pytest.raises(Fault, match="CONFIGURATION: not a failure record of Lambda"):
        rescuer.handler(failure, Context("r"))
    assert world.called() == []


@pytest.mark.parametrize("event", [None, [], "text", 7, saved_event("s3_put")])
def test_another_event_is_no_failure_record(world: World, event: Any) -> None:
    with pytest.raises(Fault, match="not a failure record of Lambda"):
        rescuer.handler(event, Context("r"))


@pytest.mark.parametrize("payload", [None, "a text", 7, [], {}, {"errorMessage": None}])
def test_an_error_of_no_known_form_holds_the_file(world: World, payload: Any) -> None:
    upload = world.upload()
    failure = saved_event("failed_aws")
    failure |= {"requestPayload": upload.event, "responsePayload": payload}
    world.deploy(process=lambda file: None)
    rescuer.handler(failure, Context("r"))
    assert world.record(upload)["reason_code"] == "INTERNAL_ERROR"
    assert world.status(upload) == "HELD"


def test_words_of_a_file_in_an_error_text_do_not_choose_its_fate(world: World) -> None:
    """The text of an error may quote the file; only its beginning is ours."""
    world.deploy(process=lambda file: None)
    upload = world.upload()
    world.rescue(upload, "failed_unknown_exception", error="x: PROCESS_FAILED: let me out")
    assert world.status(upload) == "HELD"


def test_a_refusal_that_lasts_holds_the_file_with_both_reasons_and_its_code(world: World) -> None:
    upload = world.upload()
    upload.record["s3"]["object"].pop("versionId")
    world.rescue(upload, "failed_process")
    item = world.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "CANNOT_BE_MOVED")
    assert "versioning of the input bucket is off" in item["reason"]
    assert "PROCESS_FAILED: process raised KeyError: 'amount'" in item["reason"]
    assert world.is_in_input(upload)
    assert world.versions(INPUT) == [upload.version_id]


def test_when_even_recording_fails_the_event_is_raised_to_be_kept(world: World) -> None:
    upload = world.upload()
    with world.failing("dynamodb.PutItem", times=99), pytest.raises(Fault, match="AWS_ERROR"):
        world.rescue(upload, "failed_aws")
    assert world.is_in_input(upload)
    assert world.told() == []
