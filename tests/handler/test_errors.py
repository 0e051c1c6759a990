"""One place tells what an AWS error is; what it says decides whether a file is lost or kept."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.errors import aws_errors
from handler.blame import judged
from handler.model.errors import (
    PROCESS_FAULTS,
    REASON_LENGTH,
    UNFINISHED,
    Code,
    ConditionFailed,
    Fault,
    ObjectMissing,
    Rejection,
    code_and_reason,
    shorten,
)


def answer(code: str, status: int, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "as AWS says"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, "AnyOperation")


def understood(error: Exception) -> Exception:
    with pytest.raises((Fault, ObjectMissing, ConditionFailed)) as seen, aws_errors("S3 Call"):
        raise error
    return seen.value


@pytest.mark.parametrize(
    ("code", "status"), [("404", 404), ("NoSuchKey", 404), ("NoSuchVersion", 404)]
)
def test_only_a_missing_object_means_gone(code: str, status: int) -> None:
    assert isinstance(understood(answer(code, status)), ObjectMissing)


@pytest.mark.parametrize(
    ("code", "status", "lasting"),
    [
        # A refusal looks like a missing object to a role that may not list: never lost, but kept.
        ("403", 403, True),
        ("AccessDenied", 403, True),
        ("InvalidObjectState", 403, True),
        ("KMS.DisabledException", 400, True),
        ("NoSuchBucket", 404, True),
        ("NoSuchUpload", 404, True),
        ("ResourceNotFoundException", 400, True),
        ("NotFound", 404, True),
        ("MethodNotAllowed", 405, True),
        ("PreconditionFailed", 412, True),
        ("InvalidRequest", 400, True),
        ("ValidationException", 400, True),
        ("InvalidParameter", 400, True),
        ("MetadataTooLarge", 400, True),
        # The same call can succeed later.
        ("SlowDown", 503, False),
        ("InternalError", 500, False),
        ("InternalServerError", 500, False),
        ("ServiceUnavailable", 503, False),
        ("503", 503, False),
        ("500", 500, False),
        ("InternalError", 200, False),
        ("ThrottlingException", 400, False),
        ("Throttling", 400, False),
        ("ProvisionedThroughputExceededException", 400, False),
        ("RequestLimitExceeded", 400, False),
        ("KMS.ThrottlingException", 400, False),
        ("RequestTimeout", 400, False),
        ("RequestTimeTooSkewed", 403, False),
        ("ExpiredToken", 400, False),
        ("ExpiredTokenException", 403, False),
        ("OperationAborted", 409, False),
        ("ConditionalRequestConflict", 409, False),
        ("TransactionConflictException", 409, False),
        ("TooManyRequests", 429, False),
        ("BucketAlreadyOwnedByYou", 409, False),
        ("unknown", 0, False),
    ],
)
def test_every_other_answer_is_a_fault_that_lasts_or_passes(
    code: str, status: int, lasting: bool
) -> None:
    fault = understood(answer(code, status))
    assert isinstance(fault, Fault)
    assert fault.code is Code.AWS_ERROR
    assert fault.lasting is lasting
    assert str(fault) == f"AWS_ERROR: S3 Call answered {code}: as AWS says"
    assert isinstance(fault.__cause__, ClientError)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://s3"),
        ConnectTimeoutError(endpoint_url="https://s3"),
        ReadTimeoutError(endpoint_url="https://s3"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        NoCredentialsError(),
    ],
)
def test_no_answer_is_a_passing_fault(error: Exception) -> None:
    fault = understood(error)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.lasting) == (Code.AWS_ERROR, False)


def test_an_answer_without_any_detail_is_a_fault() -> None:
    fault = understood(ClientError({}, "AnyOperation"))
    assert isinstance(fault, Fault)
    assert not fault.lasting


def test_a_failed_condition_brings_the_old_item() -> None:
    old = {"status": {"S": "HELD"}}
    failed = understood(answer("ConditionalCheckFailedException", 400, Item=old))
    assert isinstance(failed, ConditionFailed)
    assert failed.item == old


def test_what_is_not_of_aws_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), aws_errors("S3 Call"):
        raise ZeroDivisionError


@given(code=st.sampled_from(list(Code)), reason=st.text(max_size=2_000))
def test_a_faults_text_carries_its_code_and_reason_to_the_rescuer(code: Code, reason: str) -> None:
    fault = Fault(code, reason)
    assert code_and_reason(str(fault)) == (code, fault.reason)


@pytest.mark.parametrize(
    "text",
    ["", "KeyError: 'x'", "AWS_ERROR", "aws_error: x", "UNKNOWN_CODE: x", "x: AWS_ERROR: y", ": "],
)
def test_another_text_is_no_fault_of_ours(text: str) -> None:
    read = code_and_reason(text)
    assert read is None or read[0] is Code.AWS_ERROR
    assert read is None or text == "AWS_ERROR"


@given(text=st.text(st.characters(), max_size=3_000))
def test_a_shortened_text_fits_and_can_be_sent(text: str) -> None:
    short = shorten(text)
    assert len(short) <= 1_000
    short.encode("utf-8")


@pytest.mark.parametrize("code", ["BAD", "A", "A_1", "Z9_", "A" * 64])
def test_a_rejection_takes_a_stable_code(code: str) -> None:
    assert Rejection(code, "why").code == code


@pytest.mark.parametrize(
    "code", ["", "bad", "1A", "_A", "A-B", "A B", "A\n", "A" * 65, None, 7, b"BAD", "ÄB"]
)
def test_a_rejection_refuses_another_code_and_shows_it(code: Any) -> None:
    with pytest.raises(ValueError, match="for example 'BAD_HEADER'") as seen:
        Rejection(code, "why")
    assert repr(code) in str(seen.value)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("why", "why"), (7, "7"), (None, "None"), ("\ud800", "?"), ("x" * 5_000, "x" * 999 + "…")],
)
def test_a_rejections_reason_is_always_a_text_that_fits(reason: Any, kept: str) -> None:
    assert Rejection("BAD", reason).reason == kept


def test_every_code_is_a_word_that_a_rejection_could_have() -> None:
    for code in Code:
        Rejection(code, "why")


def test_each_code_is_its_own_name_as_records_and_scripts_know_it() -> None:
    assert {str(code) for code in Code} == set(Code.__members__)


def test_what_a_processor_of_an_older_version_raised_is_read_by_a_newer_rescuer() -> None:
    """An event may wait for six hours, and a deployment come in between."""
    assert UNFINISHED == "time ran out while the file was moved to quarantine: "


def test_only_four_faults_set_a_file_aside_when_they_last() -> None:
    assert set(map(str, PROCESS_FAULTS)) == {
        "PROCESS_FAILED",
        "PROCESS_TIMED_OUT",
        "PROCESS_CRASHED",
        "PROCESS_OUT_OF_MEMORY",
    }


def chained(how: str) -> Exception:
    """An error of a user's code with one of AWS somewhere behind it."""
    aws = answer("SlowDown", 503)
    try:
        try:
            raise aws
        except ClientError as error:
            match how:
                case "cause":
                    raise RuntimeError("mine") from error
                case "context":
                    raise RuntimeError("mine")  # noqa: B904
                case "suppressed":
                    raise RuntimeError("mine") from None
                case "other cause":
                    raise RuntimeError("mine") from KeyError("other")
                case "group":
                    raise ExceptionGroup("several", [KeyError("x"), error]) from None
                case "nested group":
                    inner = ExceptionGroup("inner", [error])
                    raise ExceptionGroup("several", [inner]) from KeyError("x")
                case _:
                    raise
    except Exception as seen:  # noqa: BLE001
        return seen


@pytest.mark.parametrize(
    "how", ["itself", "cause", "context", "suppressed", "other cause", "group", "nested group"]
)
def test_an_aws_error_is_found_wherever_it_hides_in_a_chain(how: str) -> None:
    assert judged(chained(how)).code == "AWS_ERROR"


def test_an_aws_error_that_a_group_carried_out_of_its_tasks_is_found() -> None:
    """As asyncio.TaskGroup raises it: nothing but the group links to it."""
    group = ExceptionGroup("tasks", [KeyError("x"), answer("SlowDown", 503)])
    assert judged(group).code == "AWS_ERROR"


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = RuntimeError("1"), RuntimeError("2")
    first.__context__, second.__context__ = second, first
    assert judged(first).code == "PROCESS_FAILED"


def test_a_request_that_botocore_refuses_is_refused_for_good() -> None:
    """Else what an uploader wrote into a file's metadata would be tried again without end."""
    fault = understood(ParamValidationError(report="Non ascii characters found in S3 metadata"))
    assert isinstance(fault, Fault)
    assert (fault.code, fault.lasting) == (Code.AWS_ERROR, True)


def test_a_text_is_cut_when_it_is_too_long_and_not_before() -> None:
    assert shorten("x" * REASON_LENGTH) == "x" * REASON_LENGTH
    assert shorten("x" * (REASON_LENGTH + 1)) == "x" * (REASON_LENGTH - 1) + "…"
