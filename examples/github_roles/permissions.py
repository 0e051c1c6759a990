"""What it takes to read and to deploy the resources of a pipeline, by service.

Every action is spelled out, and every resource is named by how its name begins: Pulumi names them
`{pipeline}-{purpose}-{seven hex digits}`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

READ: dict[str, list[str]] = {
    "s3": [
        "GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLocation",
        "GetBucketLogging", "GetBucketNotification", "GetBucketObjectLockConfiguration",
        "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPublicAccessBlock",
        "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite",
        "GetEncryptionConfiguration", "GetLifecycleConfiguration", "GetReplicationConfiguration",
        "ListBucket", "ListTagsForResource",
    ],
    "dynamodb": [
        "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive", "ListTagsOfResource",
    ],
    "sns": ["GetTopicAttributes", "ListTagsForResource"],
    "sqs": ["GetQueueAttributes", "GetQueueUrl", "ListQueueTags"],
    "lambda": [
        "GetFunction", "GetFunctionCodeSigningConfig", "GetFunctionConcurrency",
        "GetFunctionConfiguration", "GetFunctionEventInvokeConfig", "GetPolicy", "ListTags",
        "ListVersionsByFunction",
    ],
    "logs": ["ListTagsForResource"],
    "cloudwatch": ["ListTagsForResource"],
    "scheduler": ["GetSchedule"],
    "iam": [
        "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole",
        "ListRolePolicies", "ListRoleTags",
    ],
}  # fmt: skip

WRITE: dict[str, list[str]] = {
    "s3": [
        "CreateBucket", "DeleteBucketPolicy", "PutBucketNotification",
        "PutBucketOwnershipControls", "PutBucketPolicy", "PutBucketPublicAccessBlock",
        "PutBucketTagging", "PutBucketVersioning", "PutEncryptionConfiguration",
        "PutLifecycleConfiguration", "TagResource", "UntagResource",
    ],
    "dynamodb": [
        "CreateTable", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable",
        "UpdateTimeToLive",
    ],
    "sns": [
        "CreateTopic", "DeleteTopic", "SetTopicAttributes", "Subscribe", "TagResource",
        "UntagResource",
    ],
    "sqs": ["CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"],
    "lambda": [
        "AddPermission", "CreateFunction", "DeleteFunction", "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig", "PutFunctionConcurrency",
        "PutFunctionEventInvokeConfig", "RemovePermission", "TagResource", "UntagResource",
        "UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdateFunctionEventInvokeConfig",
    ],
    "logs": [
        "CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "PutRetentionPolicy",
        "TagResource", "UntagResource",
    ],
    "cloudwatch": ["DeleteAlarms", "PutMetricAlarm", "TagResource", "UntagResource"],
    "scheduler": ["CreateSchedule", "DeleteSchedule", "UpdateSchedule"],
    "iam": [
        "DeleteRole", "DeleteRolePolicy", "TagRole", "UntagRole", "UpdateAssumeRolePolicy",
        "UpdateRole", "UpdateRoleDescription",
    ],
}  # fmt: skip

SCHEDULE_GROUPS = {
    "read": ["scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
    "write": [
        "scheduler:CreateScheduleGroup", "scheduler:DeleteScheduleGroup",
        "scheduler:TagResource", "scheduler:UntagResource",
    ],
}  # fmt: skip

DASHBOARDS = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]

GRANT = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
"""What would let the deployer give away more than it has, were it not for the boundary."""

NOT_TIED_TO_A_NAME = {
    "read": [
        "cloudwatch:DescribeAlarms", "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions",
        "sns:GetSubscriptionAttributes",
    ],
    "write": [
        "logs:DeleteQueryDefinition", "logs:PutQueryDefinition", "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    ],
}  # fmt: skip
"""IAM knows no resource for these."""

DESTROY = {"bucket": ["s3:DeleteBucket"], "table": ["dynamodb:DeleteTable"]}
EMPTY = ["s3:DeleteObject", "s3:DeleteObjectVersion"]

Statement = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where the pipelines are."""

    partition: str
    region: str
    account: str
    pipelines: tuple[str, ...]
    kms_key_arn: str | None = None

    @property
    def dashboards(self) -> list[str]:
        return [
            f"arn:{self.partition}:cloudwatch::{self.account}:dashboard/{pipeline}-*"
            for pipeline in self.pipelines
        ]

    @property
    def schedule_groups(self) -> list[str]:
        return [
            f"arn:{self.partition}:scheduler:{self.region}:{self.account}:schedule-group/{pipeline}-*"
            for pipeline in self.pipelines
        ]

    @property
    def schedules(self) -> list[str]:
        """Named after their group, which is named after the pipeline."""
        return [
            f"arn:{self.partition}:scheduler:{self.region}:{self.account}:schedule/{pipeline}-*"
            for pipeline in self.pipelines
        ]

    def arns(self, service: str) -> list[str]:
        kind, globally = {
            "s3": ("", "both"), "dynamodb": ("table/", ""), "sns": ("", ""), "sqs": ("", ""),
            "lambda": ("function:", ""), "logs": ("log-group:", ""), "cloudwatch": ("alarm:", ""),
            "scheduler": ("schedule/default/", ""),
            "iam": ("role/", "region"),
        }[service]  # fmt: skip
        region = "" if globally else self.region
        account = "" if globally == "both" else self.account
        return [
            f"arn:{self.partition}:{service}:{region}:{account}:{kind}{pipeline}-*"
            for pipeline in self.pipelines
        ]


def allow(sid: str, actions: Iterable[str], resources: list[str], **more: Any) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resources,
        **more,
    }


def reading(place: Place) -> list[Statement]:
    """Settings of everything, contents of nothing."""
    return [
        *_by_service("Read", READ, place),
        allow("ReadScheduleGroups", SCHEDULE_GROUPS["read"], place.schedule_groups),
        allow("ReadDashboards", ["cloudwatch:GetDashboard"], place.dashboards),
        allow("ReadWithoutAName", NOT_TIED_TO_A_NAME["read"], ["*"]),
    ]


def deploying(place: Place, *, boundary_arn: Any, may_destroy: bool) -> list[Statement]:
    """Everything `pulumi up` does to a pipeline, roles only inside the boundary."""
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn}}
    services = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
    to_services = {"StringEquals": {"iam:PassedToService": services}}
    statements = [
        *_by_service("Deploy", WRITE, place),
        allow("DeployScheduleGroups", SCHEDULE_GROUPS["write"], place.schedule_groups),
        allow("DeployDashboards", DASHBOARDS, place.dashboards),
        allow("DeployWithoutAName", NOT_TIED_TO_A_NAME["write"], ["*"]),
        allow("GrantInsideTheBoundary", GRANT, place.arns("iam"), Condition=bounded),
        allow("PassRoles", ["iam:PassRole"], place.arns("iam"), Condition=to_services),
    ]
    if place.kms_key_arn:
        # DynamoDB takes its grant on the key from whoever makes the table.
        use = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        statements.append(allow("EncryptWithTheKey", use, [place.kms_key_arn]))
    if may_destroy:
        buckets = place.arns("s3")
        statements += [
            allow("DestroyBuckets", [*DESTROY["bucket"], "s3:ListBucketVersions"], buckets),
            allow("EmptyBuckets", EMPTY, [f"{bucket}/*" for bucket in buckets]),
            allow("DestroyTables", DESTROY["table"], place.arns("dynamodb")),
        ]
    return statements


def running(place: Place) -> list[Statement]:
    """The most that the functions of a pipeline may ever do; add here what `process` needs."""
    buckets = place.arns("s3")
    key = [place.kms_key_arn] if place.kms_key_arn else []
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    return [
        *(allow("UseTheKey", use, [arn]) for arn in key),
        allow(
            "ListBuckets",
            [
                "s3:GetBucketNotification", "s3:GetLifecycleConfiguration", "s3:ListBucket",
                "s3:ListBucketVersions",
            ],
            buckets,
        ),
        allow(
            "MoveFiles",
            [
                "s3:AbortMultipartUpload", "s3:DeleteObjectVersion", "s3:GetObject",
                "s3:GetObjectVersion", "s3:GetObjectVersionTagging", "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            [f"{bucket}/*" for bucket in buckets],
        ),
        allow(
            "Record",
            ["dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"],
            place.arns("dynamodb"),
        ),
        allow("Tell", ["sns:ListSubscriptionsByTopic", "sns:Publish"], place.arns("sns")),
        allow("SeeWhoIsTold", ["sns:GetSubscriptionAttributes"], ["*"]),
        allow(
            "KeepEvents",
            [
                "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
                "sqs:ReceiveMessage", "sqs:SendMessage",
            ],
            place.arns("sqs"),
        ),
        allow(
            "CallFunctions",
            [
                "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig",
                "lambda:InvokeFunction",
            ],
            place.arns("lambda"),
        ),
        allow("ScheduleRetries", ["scheduler:CreateSchedule"], place.schedules),
        allow("PassRolesToSchedules", ["iam:PassRole"], place.arns("iam"), Condition=to_scheduler),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], place.arns("logs")),
    ]  # fmt: skip


def keeping_state(bucket_arn: str, *, write: bool) -> list[Statement]:
    """A preview of Pulumi's S3 backend only reads; an update also writes and locks."""
    actions = ["s3:GetObject", *(["s3:PutObject", "s3:DeleteObject"] if write else [])]
    return [
        allow("FindState", ["s3:ListBucket"], [bucket_arn]),
        allow("ReadAndWriteState" if write else "ReadState", actions, [f"{bucket_arn}/*"]),
    ]


def _by_service(sid: str, actions: Mapping[str, list[str]], place: Place) -> list[Statement]:
    return [
        allow(
            f"{sid}{service.capitalize()}", [f"{service}:{a}" for a in names], place.arns(service)
        )
        for service, names in actions.items()
    ]
