"""What it takes to read and to deploy the resources of a pipeline, by service.

Every action is spelled out, and every resource is named by the pattern of its name: by default
Pulumi's own, `{pipeline}-{purpose}-{seven hex digits}`. A bucket of that name may be anybody's, so
statements on buckets say whose they must be.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
    "events": ["DescribeRule", "ListTagsForResource", "ListTargetsByRule"],
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
    "events": [
        "DeleteRule", "DisableRule", "EnableRule", "PutRule", "PutTargets", "RemoveTargets",
        "TagResource", "UntagResource",
    ],
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
    name_pattern: str = "{pipeline}-*"
    """The names of a pipeline's resources, as `pulumi:autonaming` makes them."""

    def __post_init__(self) -> None:
        if "{pipeline}" not in self.name_pattern:
            raise ValueError(
                "name_pattern must have {pipeline} in it, or it would give leave on everything "
                f"(got {self.name_pattern!r})"
            )

    def of(self, pipeline: str) -> "Place":
        """The same place with one pipeline in it."""
        return replace(self, pipelines=(pipeline,))

    @property
    def names(self) -> list[str]:
        return [self.name_pattern.replace("{pipeline}", one) for one in self.pipelines]

    @property
    def in_this_account(self) -> dict[str, Any]:
        """The condition without which `intake-*` would be anybody's bucket of such a name."""
        return {"StringEquals": {"aws:ResourceAccount": self.account}}

    @property
    def dashboards(self) -> list[str]:
        return [
            f"arn:{self.partition}:cloudwatch::{self.account}:dashboard/{name}"
            for name in self.names
        ]

    @property
    def schedule_groups(self) -> list[str]:
        return [
            f"arn:{self.partition}:scheduler:{self.region}:{self.account}:schedule-group/{name}"
            for name in self.names
        ]

    @property
    def schedules(self) -> list[str]:
        """Named after their group, which is named after the pipeline."""
        return [
            f"arn:{self.partition}:scheduler:{self.region}:{self.account}:schedule/{name}"
            for name in self.names
        ]

    def arns(self, service: str) -> list[str]:
        kind, globally = {
            "s3": ("", "both"), "dynamodb": ("table/", ""), "sns": ("", ""), "sqs": ("", ""),
            "lambda": ("function:", ""), "logs": ("log-group:", ""), "cloudwatch": ("alarm:", ""),
            "scheduler": ("schedule/default/", ""), "events": ("rule/", ""),
            "iam": ("role/", "region"),
        }[service]  # fmt: skip
        region = "" if globally else self.region
        account = "" if globally == "both" else self.account
        return [
            f"arn:{self.partition}:{service}:{region}:{account}:{kind}{name}" for name in self.names
        ]


def allow(sid: str, actions: Iterable[str], resources: list[str], **more: Any) -> Statement:
    return {
        **({"Sid": sid} if sid else {}),
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resources,
        **more,
    }


GROUPS = {
    "storage": ["s3", "dynamodb"],
    "messages": ["sns", "sqs", "scheduler"],
    "functions": ["lambda", "iam"],
    "monitoring": ["logs", "cloudwatch", "events"],
}
"""The policies of a role: all in one would not fit, and a role takes ten."""


def reading(place: Place) -> dict[str, list[Statement]]:
    """Settings of everything, contents of nothing; by group."""
    return {
        group: [
            *(statement for service in services for statement in _read(service, place)),
            *_read_of_group(group, place),
        ]
        for group, services in GROUPS.items()
    }


def deploying(place: Place, *, may_destroy: bool) -> dict[str, list[Statement]]:
    """Everything `pulumi up` reads and does, but to give roles their policies; by group."""
    groups = {
        group: [
            *(statement for service in services for statement in _deploy(service, place)),
            *_deploy_of_group(group, place),
        ]
        for group, services in GROUPS.items()
    }
    return {**groups, "destroy": _destroy(place)} if may_destroy else groups


def granting(place: Place, boundaries: Mapping[str, Any]) -> list[Statement]:
    """The roles of each pipeline get their policies inside that pipeline's own boundary."""
    services = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
    to_services = {"StringEquals": {"iam:PassedToService": services}}
    return [
        *(
            allow(
                "",
                GRANT,
                place.of(pipeline).arns("iam"),
                Condition={"StringEquals": {"iam:PermissionsBoundary": boundaries[pipeline]}},
            )
            for pipeline in place.pipelines
        ),
        allow("PassRoles", ["iam:PassRole"], place.arns("iam"), Condition=to_services),
    ]


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
            Condition=place.in_this_account,
        ),
        allow(
            "MoveFiles",
            [
                "s3:AbortMultipartUpload", "s3:DeleteObjectVersion", "s3:GetObject",
                "s3:GetObjectAnnotation", "s3:GetObjectVersion", "s3:GetObjectVersionAnnotation",
                "s3:GetObjectVersionTagging", "s3:PutObject", "s3:PutObjectAnnotation",
                "s3:PutObjectTagging",
            ],
            [f"{bucket}/*" for bucket in buckets],
            Condition=place.in_this_account,
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
        allow(
            "SeeRules", ["events:DescribeRule", "events:ListTargetsByRule"], place.arns("events")
        ),
        allow("PassRolesToSchedules", ["iam:PassRole"], place.arns("iam"), Condition=to_scheduler),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], place.arns("logs")),
    ]  # fmt: skip


def keeping_state(place: Place, bucket: str, prefix: str, *, write: bool) -> list[Statement]:
    """Pulumi's state in `s3://bucket/prefix`. A preview only reads; an update writes and locks.

    Pulumi asks for objects that may be missing, and S3 answers 404 only to who may list: for such a
    request there is no `s3:prefix`, so the condition must hold without one.
    """
    arn = f"arn:{place.partition}:s3:::{bucket}"
    folder = "/".join([*filter(None, [prefix.strip("/")]), ".pulumi/*"])
    actions = ["s3:GetObject", *(["s3:PutObject", "s3:DeleteObject"] if write else [])]
    listed = {**place.in_this_account, "StringLikeIfExists": {"s3:prefix": folder}}
    return [
        allow("FindState", ["s3:ListBucket"], [arn], Condition=listed),
        allow(
            "ReadAndWriteState" if write else "ReadState",
            actions,
            [f"{arn}/{folder}"],
            Condition=place.in_this_account,
        ),
    ]


def without_a_name(*, write: bool) -> list[Statement]:
    """What IAM cannot tie to a resource."""
    kinds = ("read", "write") if write else ("read",)
    return [
        allow("WithoutAName", [one for kind in kinds for one in NOT_TIED_TO_A_NAME[kind]], ["*"])
    ]


def encrypting(place: Place) -> list[Statement]:
    """DynamoDB takes its grant on the key from whoever makes the table."""
    use = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return [allow("EncryptWithTheKey", use, [place.kms_key_arn])] if place.kms_key_arn else []


def fitted(name: str, statements: list[Statement], most: int, place: Place) -> list[Statement]:
    """The statements, if IAM takes a policy of that length; it does not count blanks.

    Raises ValueError.
    """
    length = len(json.dumps(document(statements), separators=(",", ":")))
    if length > most:
        raise ValueError(
            f"the policy {name} of {len(place.pipelines)} pipelines has {length} characters, and "
            f"IAM takes {most}; divide the pipelines between two stacks of this program, or give "
            "them shorter names"
        )
    return statements


def document(statements: list[Statement]) -> dict[str, Any]:
    """A policy as IAM takes it."""
    return {"Version": "2012-10-17", "Statement": statements}


def _read(service: str, place: Place) -> Iterator[Statement]:
    yield _named("Read", service, READ[service], place)


def _deploy(service: str, place: Place) -> Iterator[Statement]:
    actions = [*READ[service], *WRITE[service]]
    if service == "s3":
        # A bucket that is still to be made is in no account.
        actions.remove("CreateBucket")
        yield allow("CreateBuckets", ["s3:CreateBucket"], place.arns("s3"))
    yield _named("Deploy", service, actions, place)


def _named(sid: str, service: str, names: Iterable[str], place: Place) -> Statement:
    condition = {"Condition": place.in_this_account} if service == "s3" else {}
    actions = [f"{service}:{name}" for name in names]
    return allow(f"{sid}{service.capitalize()}", actions, place.arns(service), **condition)


def _read_of_group(group: str, place: Place) -> Iterator[Statement]:
    if group == "messages":
        yield allow("ReadScheduleGroups", SCHEDULE_GROUPS["read"], place.schedule_groups)
    if group == "monitoring":
        yield allow("ReadDashboards", ["cloudwatch:GetDashboard"], place.dashboards)


def _deploy_of_group(group: str, place: Place) -> Iterator[Statement]:
    if group == "messages":
        both = [*SCHEDULE_GROUPS["read"], *SCHEDULE_GROUPS["write"]]
        yield allow("DeployScheduleGroups", both, place.schedule_groups)
    if group == "monitoring":
        yield allow("DeployDashboards", ["cloudwatch:GetDashboard", *DASHBOARDS], place.dashboards)


def _destroy(place: Place) -> list[Statement]:
    buckets, ours = place.arns("s3"), {"Condition": place.in_this_account}
    return [
        allow("DestroyBuckets", [*DESTROY["bucket"], "s3:ListBucketVersions"], buckets, **ours),
        allow("EmptyBuckets", EMPTY, [f"{bucket}/*" for bucket in buckets], **ours),
        allow("DestroyTables", DESTROY["table"], place.arns("dynamodb")),
    ]
