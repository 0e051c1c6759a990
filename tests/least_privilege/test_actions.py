"""Each role may do what it must, and needs each action that it has: without it, something fails.

The files' fates are decided here in the test, by the handler's code with the role's credentials.
"""

import pytest

from . import expectations as must
from .conftest import Role
from .expectations import EXPECTATIONS, Expectation

DENIED = ("AccessDenied", "AuthorizationError", "answered 403")

SETTLE_FILES: dict[tuple[str, str], Expectation] = {
    ("ReadUploads", "s3:GetObjectVersion"): must.process_reads_the_exact_version,
    ("ReadUploads", "s3:GetObjectVersionTagging"): must.a_large_file_is_copied_in_parts,
    ("RemoveQuarantinedUploads", "s3:DeleteObjectVersion"): must.a_refused_file_is_moved,
    ("FindCopies", "s3:ListBucketVersions"): must.a_refused_file_is_moved,
    ("CopyToQuarantine", "s3:PutObject"): must.a_refused_file_is_moved,
    (
        "CopyToQuarantine",
        "s3:AbortMultipartUpload",
    ): must.a_copy_in_parts_that_fails_leaves_nothing,
    ("FindRestored", "s3:ListBucketVersions"): must.what_a_retry_restored_in_vain_is_found,
    ("CheckCopies", "s3:GetObjectVersion"): must.a_deleted_copy_is_told_from_a_forbidden_one,
    ("RemoveStrayCopies", "s3:DeleteObjectVersion"): must.a_stray_copy_is_removed,
    ("RecordFates", "dynamodb:PutItem"): must.an_accepted_file_is_recorded_and_told,
    ("RecordFates", "dynamodb:UpdateItem"): must.an_upload_that_is_held_again_is_counted,
    ("TellPeople", "sns:Publish"): must.an_accepted_file_is_recorded_and_told,
}
"""What fails without which action of which statement, in both roles."""

SHOWN = {
    "processor": {
        **SETTLE_FILES,
        ("RestoreUploads", "s3:PutObject"): must.a_file_comes_back_from_quarantine,
        (
            "RestoreUploads",
            "s3:AbortMultipartUpload",
        ): must.a_return_in_parts_that_fails_leaves_nothing,
        (
            "ReadTagsOfCopies",
            "s3:GetObjectVersionTagging",
        ): must.a_large_file_comes_back_in_parts,
        ("CallTheRescuer", "lambda:InvokeFunction"): must.the_rescuer_is_called,
    },
    "rescuer": {
        **SETTLE_FILES,
        ("KeepEvents", "sqs:SendMessage"): must.an_event_is_kept,
    },
}

_LOGS = "the emulator asks for the log group's ARN, where AWS asks for a stream's, which ends in :*"
_LIST = "the emulator answers 404 for what is missing also to those who may not list the bucket"
_TAGS = "the emulator asks nobody who copies with tags"
_ANNOTATIONS = "the emulator knows no annotations"
BOTH_NOT_SHOWN = {
    ("WriteItsLogs", "logs:CreateLogStream"): _LOGS,
    ("WriteItsLogs", "logs:PutLogEvents"): _LOGS,
    ("TellMissingFromForbidden", "s3:ListBucket"): _LIST,
    ("FindCopies", "s3:ListBucket"): _LIST,
    ("CopyToQuarantine", "s3:PutObjectTagging"): _TAGS,
    ("ReadAnnotations", "s3:GetObjectAnnotation"): _ANNOTATIONS,
    ("ReadAnnotations", "s3:GetObjectVersionAnnotation"): _ANNOTATIONS,
    ("CopyAnnotations", "s3:PutObjectAnnotation"): _ANNOTATIONS,
}
NOT_SHOWN = {
    "processor": {
        **BOTH_NOT_SHOWN,
        ("RestoreUploads", "s3:PutObjectTagging"): _TAGS,
        ("ReadAnnotationsOfCopies", "s3:GetObjectAnnotation"): _ANNOTATIONS,
        ("ReadAnnotationsOfCopies", "s3:GetObjectVersionAnnotation"): _ANNOTATIONS,
        ("RestoreAnnotations", "s3:PutObjectAnnotation"): _ANNOTATIONS,
        ("RestoreUploads", "s3:GetObject"): "the emulator heeds no condition of a copy",
    },
    "rescuer": {
        **BOTH_NOT_SHOWN,
        ("ScheduleRetries", "scheduler:CreateSchedule"): (
            "the emulator asks for leave in the default group, whatever group is named"
        ),
        ("GiveSchedulesTheirRole", "iam:PassRole"): "the emulator lets everybody pass a role",
    },
}
"""What the emulator cannot show, and why; AWS asks for it."""

CASES = [
    pytest.param(role, expectation, id=f"{role}-{expectation.__name__}")
    for role, expectations in EXPECTATIONS.items()
    for expectation in expectations
]


@pytest.mark.parametrize(("role", "expectation"), CASES)
def test_with_the_shipped_policy(
    roles: dict[str, Role], role: str, expectation: Expectation
) -> None:
    expectation(roles[role])


@pytest.mark.parametrize(
    ("role", "sid", "action", "expectation"),
    [
        pytest.param(role, sid, action, fails, id=f"{role}-{sid}-{action}")
        for role, shown in SHOWN.items()
        for (sid, action), fails in shown.items()
    ],
)
def test_without_one_action(
    roles: dict[str, Role], role: str, sid: str, action: str, expectation: Expectation
) -> None:
    with roles[role].without(sid, action), pytest.raises(Exception) as refused:  # noqa: PT011
        expectation(roles[role])
    assert any(word in str(refused.value) for word in DENIED), refused.value
    expectation(roles[role])


@pytest.mark.parametrize("role", list(SHOWN))
def test_every_action_that_is_registered_is_either_shown_or_excused(
    roles: dict[str, Role], role: str
) -> None:
    registered = [
        (statement["Sid"], action)
        for statement in roles[role].statements
        for action in statement["Action"]
    ]
    assert sorted(registered) == sorted([*SHOWN[role], *NOT_SHOWN[role]])


@pytest.mark.parametrize(
    ("name", "sid", "action"),
    [
        pytest.param(name, sid, action, id=f"{name}-{sid}-{action}")
        for name, excused in NOT_SHOWN.items()
        for sid, action in excused
    ],
)
def test_an_excused_action_really_cannot_be_shown(
    roles: dict[str, Role], name: str, sid: str, action: str
) -> None:
    """Fails when a newer emulator can: then it belongs to what is shown."""
    role = roles[name]
    if sid == "WriteItsLogs":
        with pytest.raises(Exception, match="AccessDenied"):
            role.clients.logs.create_log_stream(logGroupName=role.log_group, logStreamName="s")
        return
    if sid == "ScheduleRetries":
        with pytest.raises(Exception, match="AccessDenied"):
            must.a_retry_is_scheduled(role)
        return
    with role.without(sid, action):
        for expectation in EXPECTATIONS[name]:
            expectation(role)
