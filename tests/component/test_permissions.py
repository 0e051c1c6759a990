"""Exactly who may do what: every statement of every policy, in the words of AWS."""

import json
from typing import Any

import pytest

from components import SilentScalperPipeline
from handler.model.event import KEY_BYTES
from operate.read.day_items import FIGURES_KEY
from tests.component.recorder import ACCOUNT, Deployment, deploy

PREFIX = "arn:aws-mock"
REGION = f"eu-north-1:{ACCOUNT}"
INPUT = f"{PREFIX}:s3:::intake-input-1a2b3c4"
QUARANTINE = f"{PREFIX}:s3:::intake-quarantine-1a2b3c4"
TABLE = f"{PREFIX}:dynamodb:{REGION}:table/intake-FileMetadata-1a2b3c4"
TOPIC = f"{PREFIX}:sns:{REGION}:intake-ScalperAlerts-1a2b3c4"
QUIET_TOPIC = f"{PREFIX}:sns:{REGION}:intake-ScalperQuietOutcomes-1a2b3c4"
QUEUE = f"{PREFIX}:sqs:{REGION}:intake-kept-events-1a2b3c4"
PROCESSOR = f"{PREFIX}:lambda:{REGION}:function:intake-processor-1a2b3c4"
CHECKER = f"{PREFIX}:lambda:{REGION}:function:intake-checker-1a2b3c4"
RETRIES_ROLE = f"{PREFIX}:iam::{ACCOUNT}:role/intake-retries-role-1a2b3c4"
SCHEDULE_GROUP = f"{PREFIX}:scheduler:{REGION}:schedule-group/intake-retries-1a2b3c4"
SCHEDULES = f"{PREFIX}:scheduler:{REGION}:schedule/intake-retries-1a2b3c4"
RESCUER = f"{PREFIX}:lambda:{REGION}:function:intake-rescuer-1a2b3c4"


def logs_of(function: str) -> str:
    return f"{PREFIX}:logs:{REGION}:log-group:intake-{function}-logs-1a2b3c4:*"


READ_ANNOTATIONS = ["s3:GetObjectAnnotation", "s3:GetObjectVersionAnnotation"]

SETTLE_FILES: dict[str, tuple[list[str], str | list[str]]] = {
    "TellMissingFromForbidden": (["s3:ListBucket"], INPUT),
    "FindRestored": (["s3:ListBucketVersions"], INPUT),
    "ReadUploads": (["s3:GetObjectVersion", "s3:GetObjectVersionTagging"], f"{INPUT}/*"),
    "ReadAnnotations": (READ_ANNOTATIONS, f"{INPUT}/*"),
    "RemoveQuarantinedUploads": (["s3:DeleteObjectVersion"], f"{INPUT}/*"),
    "FindCopies": (["s3:ListBucket", "s3:ListBucketVersions"], QUARANTINE),
    "CopyToQuarantine": (
        ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"],
        f"{QUARANTINE}/*",
    ),
    "CopyAnnotations": (["s3:PutObjectAnnotation"], f"{QUARANTINE}/*"),
    "CheckCopies": (["s3:GetObjectVersion"], f"{QUARANTINE}/*"),
    "RemoveStrayCopies": (["s3:DeleteObjectVersion"], f"{QUARANTINE}/*"),
    "RecordFates": (["dynamodb:PutItem", "dynamodb:UpdateItem"], TABLE),
    "TellPeople": (["sns:Publish"], [TOPIC, QUIET_TOPIC]),
}
WRITE_LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]

ROLES: dict[str, dict[str, tuple[list[str], str | list[str]]]] = {
    "processor": {
        "WriteItsLogs": (WRITE_LOGS, logs_of("processor")),
        **SETTLE_FILES,
        "RestoreUploads": (
            ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:GetObject"],
            f"{INPUT}/*",
        ),
        "ReadTagsOfCopies": (["s3:GetObjectVersionTagging"], f"{QUARANTINE}/*"),
        "ReadAnnotationsOfCopies": (READ_ANNOTATIONS, f"{QUARANTINE}/*"),
        "RestoreAnnotations": (["s3:PutObjectAnnotation"], f"{INPUT}/*"),
    },
    "rescuer": {
        "WriteItsLogs": (WRITE_LOGS, logs_of("rescuer")),
        **SETTLE_FILES,
        "ScheduleRetries": (["scheduler:CreateSchedule"], f"{SCHEDULES}/*"),
        "GiveSchedulesTheirRole": (["iam:PassRole"], RETRIES_ROLE),
    },
    "checker": {
        "WriteItsLogs": (WRITE_LOGS, logs_of("checker")),
        "SeeHowItIsSetUp": (["lambda:GetFunctionConfiguration"], PROCESSOR),
        "SeeWhereFailuresGo": (["lambda:GetFunctionEventInvokeConfig"], RESCUER),
        "ListFiles": (
            ["s3:ListBucketVersions", "s3:GetLifecycleConfiguration"],
            [INPUT, QUARANTINE],
        ),
        "SeeWhoIsNotified": (["s3:GetBucketNotification"], INPUT),
        "SeeWhatACopyIsOf": (["s3:GetObjectVersion"], f"{QUARANTINE}/*"),
        "ReadRecords": (["dynamodb:DescribeTable", "dynamodb:Scan"], TABLE),
        "WriteFigures": (["dynamodb:PutItem"], TABLE),
        "LookIntoKeptEvents": (
            [
                "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
            ],
            QUEUE,
        ),
        "SeeWhoIsTold": (["sns:ListSubscriptionsByTopic"], TOPIC),
        "SeeWhetherAnAddressIsSuspended": (["sns:GetSubscriptionAttributes"], "*"),
        "TellPeople": (["sns:Publish"], TOPIC),
    },
    "processor-failures": {"CallTheRescuer": (["lambda:InvokeFunction"], RESCUER)},
    "rescuer-failures": {"KeepEvents": (["sqs:SendMessage"], QUEUE)},
    "retries": {
        "CallTheProcessor": (["lambda:InvokeFunction"], PROCESSOR),
        "KeepWhatCannotBeDelivered": (["sqs:SendMessage"], QUEUE),
    },
}  # fmt: skip

FUNCTIONS = ("processor", "rescuer", "checker")

POLICIES = [
    "processor-policy", "rescuer-policy", "checker-policy", "check-policy",
    "processor-role", "rescuer-role", "checker-role", "check-role",
    "processor-failures-policy", "rescuer-failures-policy", "retries-policy", "retries-role",
    "input-policy", "quarantine-policy", "ScalperAlerts-policy", "ScalperQuietOutcomes-policy",
    "kept-events-policy",
]  # fmt: skip


def by_sid(statements: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {statement["Sid"]: statement for statement in statements}
    assert len(found) == len(statements), "two statements share a Sid"
    return found


@pytest.mark.parametrize("function", ROLES)
def test_a_role_may_do_exactly_what_its_work_needs(deployed: Deployment, function: str) -> None:
    may = by_sid(deployed.policy(f"{function}-policy"))
    assert {sid: (s["Action"], s["Resource"]) for sid, s in may.items()} == {
        sid: (actions, resource if isinstance(resource, list) else [resource])
        for sid, (actions, resource) in ROLES[function].items()
    }
    assert {s["Effect"] for s in may.values()} == {"Allow"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_lambda_takes_a_functions_role(deployed: Deployment, function: str) -> None:
    assert deployed.policy(f"{function}-role") == [
        {
            "Sid": "LambdaTakesTheRole",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
        }
    ]
    assert (
        deployed.named(f"{function}-policy").inputs["role"]
        == (deployed.named(f"{function}-role").outputs["name"])
    )
    assert deployed.named(function).inputs["role"] == deployed.arn(f"{function}-role")


def test_the_schedule_starts_the_check_and_nothing_else(deployed: Deployment) -> None:
    (may,) = deployed.policy("check-policy")
    assert (may["Action"], may["Resource"]) == (["lambda:InvokeFunction"], [CHECKER])
    (trust,) = deployed.policy("check-role")
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    target = deployed.named("daily-check").inputs["target"]
    assert target == {"arn": CHECKER, "roleArn": deployed.arn("check-role"), "input": "{}"}


def test_only_schedules_of_this_group_and_account_take_the_role_of_retries(
    deployed: Deployment,
) -> None:
    assert deployed.arn("retries") == SCHEDULE_GROUP
    assert deployed.policy("retries-role") == [
        {
            "Sid": "SchedulesOfThisGroupTakeTheRole",
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": SCHEDULE_GROUP}
            },
        }
    ]


def test_the_rescuer_may_give_that_role_to_the_scheduler_alone(deployed: Deployment) -> None:
    gives = by_sid(deployed.policy("rescuer-policy"))["GiveSchedulesTheirRole"]
    assert gives["Condition"] == {
        "StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}
    }


def test_the_checker_may_write_no_item_but_the_figures(deployed: Deployment) -> None:
    may = by_sid(deployed.policy("checker-policy"))
    assert may["WriteFigures"]["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [FIGURES_KEY]}
    }
    assert len(FIGURES_KEY.encode()) > KEY_BYTES, "no file has that key"
    writes = ("Put", "Update", "Delete", "Write", "PartiQL", "Execute")
    written = [it for one in may.values() for it in one["Action"] if "dynamodb" in it]
    assert [it for it in written if any(word in it for word in writes)] == ["dynamodb:PutItem"]


def test_a_policy_is_attached_to_its_own_role(deployed: Deployment) -> None:
    attached = {
        "retries-policy": "retries-role",
        "processor-failures-policy": "processor-role",
        "rescuer-failures-policy": "rescuer-role",
        **{f"{function}-policy": f"{function}-role" for function in FUNCTIONS},
    }
    for policy, role in attached.items():
        assert deployed.named(policy).inputs["role"] == deployed.named(role).outputs["name"]


def test_every_policy_is_looked_at(deployed: Deployment) -> None:
    with_policy = [
        child.name.partition("-")[2]
        for child in deployed.children
        if "policy" in child.inputs or "assumeRolePolicy" in child.inputs
    ]
    assert sorted(with_policy) == sorted(POLICIES)


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_allowed_with_a_wildcard(deployed: Deployment, policy: str) -> None:
    mine = {child.outputs["arn"] for child in deployed.children if "arn" in child.outputs}
    # The schedules of a group are named after it.
    mine.add(SCHEDULES)
    for statement in deployed.policy(policy):
        resources = statement.get("Resource", [])
        if statement["Action"] == ["sns:GetSubscriptionAttributes"]:
            continue  # it only reads, and IAM knows no resource for it
        assert {r.removesuffix("/*").removesuffix(":*") for r in resources} <= mine
        if statement["Effect"] == "Allow":
            assert "*" not in "".join(statement["Action"])
            assert "*" not in json.dumps(statement.get("Principal", {}))
            assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()


@pytest.mark.parametrize(
    ("policy", "service", "resources"),
    [
        ("input-policy", "s3:*", [INPUT, f"{INPUT}/*"]),
        ("quarantine-policy", "s3:*", [QUARANTINE, f"{QUARANTINE}/*"]),
        ("kept-events-policy", "sqs:*", [QUEUE]),
        ("ScalperAlerts-policy", "sns:Publish", [TOPIC]),
        ("ScalperQuietOutcomes-policy", "sns:Publish", [QUIET_TOPIC]),
    ],
)
def test_plain_http_is_refused(
    deployed: Deployment, policy: str, service: str, resources: list[str]
) -> None:
    assert by_sid(deployed.policy(policy))["DenyPlainHttp"] == {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [service],
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_what_could_not_be_moved_later_is_refused_at_the_door(deployed: Deployment) -> None:
    refused = by_sid(deployed.policy("input-policy"))
    assert set(refused) == {
        "DenyPlainHttp",
        "DenyCustomerProvidedKeys",
        "DenyArchiveClasses",
        "DenyOtherKeys",
    }
    for sid in ("DenyCustomerProvidedKeys", "DenyArchiveClasses"):
        assert refused[sid]["Effect"] == "Deny"
        assert refused[sid]["Principal"] == "*"
        assert refused[sid]["Action"] == ["s3:PutObject"]
        assert refused[sid]["Resource"] == [f"{INPUT}/*"]
    # The condition of a key that is there: "not null".
    assert refused["DenyCustomerProvidedKeys"]["Condition"] == {
        "Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}
    }
    assert refused["DenyArchiveClasses"]["Condition"] == {
        "StringEquals": {"s3:x-amz-storage-class": ["GLACIER", "DEEP_ARCHIVE"]}
    }


def test_alarms_of_this_account_publish_and_the_owner_keeps_its_rights(
    deployed: Deployment,
) -> None:
    policy = by_sid(deployed.policy("ScalperAlerts-policy"))
    assert set(policy) == {"OwnerKeepsItsRights", "AlarmsOfThisAccountPublish", "DenyPlainHttp"}
    alarms = policy["AlarmsOfThisAccountPublish"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == ["sns:Publish"]
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert policy["OwnerKeepsItsRights"]["Principal"] == {"AWS": ACCOUNT}
    assert "sns:Subscribe" in policy["OwnerKeepsItsRights"]["Action"]


def test_no_alarm_publishes_where_nobody_reads_it(deployed: Deployment) -> None:
    quiet = by_sid(deployed.policy("ScalperQuietOutcomes-policy"))
    assert set(quiet) == {"OwnerKeepsItsRights", "DenyPlainHttp"}
    alerts = by_sid(deployed.policy("ScalperAlerts-policy"))
    for name in ("Principal", "Action"):
        assert quiet["OwnerKeepsItsRights"][name] == alerts["OwnerKeepsItsRights"][name]


def test_s3_may_invoke_the_processor_for_this_bucket_of_this_account_alone(
    deployed: Deployment,
) -> None:
    (permission,) = deployed.of("Permission")
    assert permission.inputs == {
        "action": "lambda:InvokeFunction",
        "function": "intake-processor-1a2b3c4",
        "principal": "s3.amazonaws.com",
        "sourceAccount": ACCOUNT,
        "sourceArn": INPUT,
    }


@pytest.mark.parametrize("bucket", ["input", "quarantine"])
def test_a_bucket_is_private_encrypted_versioned_and_owned(
    deployed: Deployment, bucket: str
) -> None:
    def settings(child: str) -> dict[str, Any]:
        inputs = dict(deployed.named(f"{bucket}-{child}").inputs)
        assert inputs.pop("bucket") == f"intake-{bucket}-1a2b3c4"
        return inputs

    assert settings("public-access") == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    assert settings("ownership") == {"rule": {"objectOwnership": "BucketOwnerEnforced"}}
    assert settings("versioning") == {"versioningConfiguration": {"status": "Enabled"}}
    (encryption,) = settings("encryption")["rules"]
    assert encryption == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
        # As S3 answers for a new bucket; what is left out would be a change at every `up`.
        "bucketKeyEnabled": False,
        "blockedEncryptionTypes": ["SSE-C"],
    }


@pytest.mark.parametrize("bucket", ["input", "quarantine"])
def test_what_has_a_resource_of_its_own_is_not_taken_away_by_the_bucket_after_a_refresh(
    deployed: Deployment, bucket: str
) -> None:
    assert deployed.named(bucket).ignores == {
        "lifecycleRules", "policy", "serverSideEncryptionConfiguration", "versioning"
    }  # fmt: skip
    assert not deployed.named(bucket).ignores & deployed.named(bucket).inputs.keys()


def test_kept_events_are_encrypted(deployed: Deployment) -> None:
    assert deployed.named("kept-events").inputs["sqsManagedSseEnabled"] is True


def test_in_a_vpc_lambda_makes_interfaces_for_the_processor_and_its_code_cannot() -> None:
    inside = deploy(
        lambda: SilentScalperPipeline(
            "intake",
            {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]},
        )
    )
    may = by_sid(inside.policy("processor-policy"))
    made, refused = may["LambdaMakesItsNetworkInterfaces"], may["ItsCodeTouchesNone"]
    assert made["Effect"] == "Allow"
    assert "Condition" not in made
    assert refused["Effect"] == "Deny"
    # "Not null": the key is there in the calls of a function's code, and in no others.
    assert refused["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
    for statement in (made, refused):
        assert statement["Resource"] == ["*"]
        assert statement["Action"] == [
            "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ]  # fmt: skip
    for function in FUNCTIONS:
        found = inside.named(function).inputs.get("vpcConfig")
        actions = json.dumps(inside.policy(f"{function}-policy"))
        if function == "processor":
            assert found == {
                "subnetIds": ["subnet-0a1b2c3d"], "securityGroupIds": ["sg-0a1b2c3d"]
            }  # fmt: skip
        else:
            assert found is None
            assert "ec2:" not in actions


def test_outside_a_vpc_nothing_of_ec2_is_allowed(deployed: Deployment) -> None:
    for policy in POLICIES:
        assert "ec2:" not in json.dumps(deployed.policy(policy))
    assert "vpcConfig" not in deployed.named("processor").inputs
