"""Policies: one statement a need, on named resources, in every partition.

Principals are services or account numbers and ARNs come from resources, so nothing here knows
whether it runs in aws, aws-cn or aws-us-gov.
"""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, Protocol, TypedDict

from pulumi import Input, Output

_READ_ANNOTATIONS = ["s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation"]
"""CopyObject copies annotations, and asks for these of the source and PutObjectAnnotation of the
destination; of a version, IAM has an action of its own, as for tags.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

Principal = Literal["*"] | dict[str, Input[str]]


class Statement(TypedDict):
    """One element of a policy's `Statement`."""

    Sid: str
    Effect: Literal["Allow", "Deny"]
    Principal: NotRequired[Principal]
    Action: list[str]
    Resource: NotRequired[list[Input[str]]]
    Condition: NotRequired[dict[str, dict[str, Any]]]


def render(statements: Sequence[Statement | Output[dict[str, Any]]]) -> Output[str]:
    """The policy as JSON, once everything in it is known."""
    return Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(sid: str, actions: list[str], *resources: Input[str]) -> Statement:
    """What a role may do. Say why in `sid`: it is what a reader of the role sees."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def deny_plain_http(service: str, *resources: Input[str]) -> Statement:
    """Refuse whatever comes without TLS, from anyone."""
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [f"{service}:*"],
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def objects_of(bucket_arn: Output[str]) -> Output[str]:
    """Every object of one bucket."""
    return Output.concat(bucket_arn, "/*")


def streams_of(log_group_arn: Output[str]) -> Output[str]:
    """Every stream of one log group; pulumi_aws gives its ARN without the `:*` that IAM wants."""
    return Output.concat(log_group_arn, ":*")


def lambda_trust() -> Output[str]:
    """Only Lambda takes the role."""
    statement: Statement = {
        "Sid": "LambdaTakesTheRole",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    }
    return render([statement])


def scheduler_trust(account_id: Input[str]) -> Output[str]:
    """Only EventBridge Scheduler takes the role, and only for schedules of this account."""
    statement: Statement = {
        "Sid": "SchedulerTakesTheRole",
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
    }
    return render([statement])


def write_logs(log_group_arn: Output[str]) -> Statement:
    """Without CreateLogGroup, so that a destroyed group is not made again by a late log line."""
    return allow(
        "WriteItsLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], streams_of(log_group_arn)
    )


def use_key(key_arn: Input[str] | None) -> list[Statement]:
    """What S3, DynamoDB, SNS and SQS ask of whoever reads or writes what a key encrypts."""
    if key_arn is None:
        return []
    return [allow("UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn)]


class Files(Protocol):
    """A bucket as policies see it."""

    @property
    def arn(self) -> Output[str]: ...
    @property
    def files(self) -> Output[str]:
        """The objects in it that may be touched."""


INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""


def reach_a_vpc() -> list[Statement]:
    """Lambda makes a function's network interfaces with the function's role, which must be allowed
    so on every resource. The code that runs with the role is not: of its calls alone IAM knows
    which function they come from.
    """
    return [
        allow("LambdaMakesItsNetworkInterfaces", INTERFACES, "*"),
        {
            "Sid": "ItsCodeTouchesNone",
            "Effect": "Deny",
            "Action": INTERFACES,
            "Resource": ["*"],
            "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}},
        },
    ]


def settle_files(
    *,
    input_bucket: Files,
    quarantine_bucket: Files,
    table_arn: Output[str],
    topic_arns: Sequence[Input[str]],
) -> list[Statement]:
    """What it takes to give a file its fate: both functions may do it, and nothing else."""
    uploads, quarantined = input_bucket.files, quarantine_bucket.files
    return [
        # Without ListBucket a missing object answers 403, as a forbidden one does.
        allow("TellMissingFromForbidden", ["s3:ListBucket"], input_bucket.arn),
        allow("ReadUploads", ["s3:GetObjectVersion", "s3:GetObjectVersionTagging"], uploads),
        allow("ReadAnnotations", _READ_ANNOTATIONS, uploads),
        allow("FindRestored", ["s3:ListBucketVersions"], input_bucket.arn),
        allow("RemoveQuarantinedUploads", ["s3:DeleteObjectVersion"], uploads),
        allow("FindCopies", ["s3:ListBucket", "s3:ListBucketVersions"], quarantine_bucket.arn),
        allow(
            "CopyToQuarantine",
            ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"],
            quarantined,
        ),
        allow("CopyAnnotations", ["s3:PutObjectAnnotation"], quarantined),
        allow("CheckCopies", ["s3:GetObjectVersion"], quarantined),
        allow("RemoveStrayCopies", ["s3:DeleteObjectVersion"], quarantined),
        allow("RecordFates", ["dynamodb:PutItem", "dynamodb:UpdateItem"], table_arn),
        allow("TellPeople", ["sns:Publish"], *topic_arns),
    ]


def restore_files(*, input_bucket: Files, quarantine_bucket: Files) -> list[Statement]:
    """What it takes to bring an accepted file back from quarantine: the processor alone may."""
    uploads, quarantined = input_bucket.files, quarantine_bucket.files
    return [
        allow(
            "RestoreUploads",
            # S3 asks for GetObject where a write is on the condition of what is there.
            ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:GetObject"],
            uploads,
        ),
        allow("ReadTagsOfCopies", ["s3:GetObjectVersionTagging"], quarantined),
        allow("ReadAnnotationsOfCopies", _READ_ANNOTATIONS, quarantined),
        allow("RestoreAnnotations", ["s3:PutObjectAnnotation"], uploads),
    ]
