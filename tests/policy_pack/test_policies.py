"""Each policy with what it refuses and what it lets pass, asked as the engine asks."""

import json
from typing import Any

import pytest

from tests.policy_pack.running_pack import UNKNOWN, Pack, Resource

ACCOUNT = "123456789012"
LAMBDA_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
BUCKET_ARN = "arn:aws:s3:::files"

BUCKET = Resource("aws:s3/bucket:Bucket", {"bucket": "files-1"}, name="files", protect=True)
TOPIC = Resource("aws:sns/topic:Topic", {"arn": "arn:aws:sns:eu-north-1:123456789012:t"})
QUEUE = Resource("aws:sqs/queue:Queue", {"url": "https://q", "sqsManagedSseEnabled": True})
BLOCKED = dict.fromkeys(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
)
PROVISIONED = {"billingMode": "PROVISIONED", "readCapacity": 5}
KMS = "arn:aws:kms:eu-north-1:123456789012:key/k"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def bucket_policy(**statement: Any) -> Resource:
    policy = document(Action="s3:GetObject", Resource=f"{BUCKET_ARN}/*", **statement)
    return Resource("aws:s3/bucketPolicy:BucketPolicy", {"policy": policy})


def role_policy(action: Any, resource: Any = f"{BUCKET_ARN}/*", **more: Any) -> Resource:
    policy = document(Action=action, Resource=resource, **more)
    return Resource("aws:iam/rolePolicy:RolePolicy", {"policy": policy})


def trust(**statement: Any) -> Resource:
    return Resource("aws:iam/role:Role", {"assumeRolePolicy": document(**statement)})


def github(**claims: Any) -> Resource:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    return trust(
        Principal={"Federated": provider},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={"StringEquals": {f"ci:{key}": value for key, value in claims.items()}},
    )


def permission(**props: Any) -> Resource:
    return Resource("aws:lambda/permission:Permission", props)


def table(**props: Any) -> Resource:
    return Resource("aws:dynamodb/table:Table", props, protect=True)


def logs(**props: Any) -> Resource:
    return Resource("aws:cloudwatch/logGroup:LogGroup", props)


ANYONE = {"AWS": "*"}
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
THIS_ACCOUNT = {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)


def encryption(algorithm: str) -> Resource:
    by_default = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}
    return Resource(ENCRYPTION, {"rules": [by_default]})


REFUSED = [
    ("nothing-public", bucket_policy(Principal="*"), "lets in everyone"),
    ("nothing-public", bucket_policy(Principal=ANYONE), "lets in everyone"),
    ("nothing-public", bucket_policy(Principal={"AWS": ["*"]}), "lets in everyone"),
    (
        "nothing-public",
        bucket_policy(Principal="*", Condition={"StringNotEquals": {"aws:SourceArn": "x"}}),
        "lets in everyone",
    ),
    (
        "nothing-public",
        bucket_policy(Principal="*", Condition={"StringLike": {"aws:SourceArn": "*"}}),
        "lets in everyone",
    ),
    ("nothing-public", bucket_policy(NotPrincipal=ANYONE), "everyone except"),
    ("nothing-public", bucket_policy(Principal=CLOUDWATCH), "for any account"),
    ("nothing-public", trust(Principal="*", Action="sts:AssumeRole"), "lets in everyone"),
    ("nothing-public", github(aud="sts.amazonaws.com"), "Add a condition on its sub"),
    ("nothing-public", github(sub="*"), "Add a condition on its sub"),
    ("nothing-public", permission(principal="*"), "Anyone may call"),
    ("nothing-public", permission(principal="s3.amazonaws.com"), "Set source_account"),
    ("nothing-public", Resource(BLOCK, {**BLOCKED, "blockPublicAcls": False}), "blockPublicAcls"),
    ("nothing-public", Resource(BLOCK, {}), "restrictPublicBuckets"),
    ("nothing-public", Resource("aws:s3/bucketAcl:BucketAcl", {"acl": "public-read"}), "strangers"),
    (
        "nothing-public",
        Resource("aws:lambda/functionUrl:FunctionUrl", {"authorizationType": "NONE"}),
        "Anyone may call",
    ),
    ("encrypted-at-rest", encryption("none"), "sse_algorithm"),
    ("encrypted-at-rest", Resource("aws:sqs/queue:Queue"), "sqs_managed_sse_enabled"),
    ("no-wildcard-permission", role_policy("*"), "allows *"),
    ("no-wildcard-permission", role_policy(["s3:GetObject", "s3:Put*"]), "allows s3:Put*"),
    ("no-wildcard-permission", role_policy("s3:GetObject", "*"), "on *"),
    ("no-wildcard-permission", role_policy("s3:GetObject", "arn:aws:s3:::*"), "Name the resource"),
    (
        "no-wildcard-permission",
        role_policy("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/*"),
        "Name the resource",
    ),
    (
        "no-wildcard-permission",
        role_policy("sns:Publish", "arn:aws:sns:eu-north-1:*:alerts"),
        "Name the resource",
    ),
    (
        "no-wildcard-permission",
        Resource("aws:iam/policy:Policy", {"policy": document(NotAction="iam:*", Resource="*")}),
        "everything except",
    ),
    (
        "no-wildcard-permission",
        Resource(
            "aws:iam/role:Role",
            {"inlinePolicies": [{"policy": document(Action="s3:*", Resource=BUCKET_ARN)}]},
        ),
        "allows s3:*",
    ),
    (
        "no-wildcard-permission",
        Resource(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
        ),
        "more than anyone needs",
    ),
    ("nothing-bills-while-idle", Resource("aws:ec2/natGateway:NatGateway"), "bills while idle"),
    ("nothing-bills-while-idle", Resource("aws:kms/key:Key"), "also_allowed"),
    (
        "nothing-bills-while-idle",
        Resource("aws:lambda/eventSourceMapping:EventSourceMapping"),
        "bills while idle",
    ),
    ("nothing-bills-while-idle", table(**PROVISIONED), "PAY_PER_REQUEST"),
    ("nothing-bills-while-idle", table(), "PAY_PER_REQUEST"),
    ("nothing-bills-while-idle", logs(), "retention_in_days"),
    (
        "nothing-bills-while-idle",
        Resource("aws:lambda/function:Function", {"snapStart": {"applyOn": "PublishedVersions"}}),
        "SnapStart",
    ),
    ("data-protected-in-production", Resource("aws:s3/bucket:Bucket"), "Set protect"),
    (
        "data-protected-in-production",
        Resource("aws:s3/bucket:Bucket", {"forceDestroy": True}, protect=True),
        "Remove force_destroy",
    ),
    ("data-protected-in-production", table(), "deletion_protection_enabled"),
]

PASSED = [
    bucket_policy(Principal={"AWS": ACCOUNT}),
    bucket_policy(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    bucket_policy(Principal=CLOUDWATCH, Condition=THIS_ACCOUNT),
    trust(**LAMBDA_TRUST),
    github(aud="sts.amazonaws.com", sub="repo:you/files:environment:prod"),
    permission(principal="s3.amazonaws.com", sourceAccount=ACCOUNT),
    Resource(BLOCK, BLOCKED),
    encryption("AES256"),
    encryption("aws:kms"),
    QUEUE,
    role_policy(["s3:GetObject"], [BUCKET_ARN, f"{BUCKET_ARN}/*"]),
    role_policy("sns:Publish", f"arn:aws:sns:eu-north-1:{ACCOUNT}:intake-*"),
    role_policy("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/intake-*"),
    role_policy("sts:GetCallerIdentity", "*"),
    table(billingMode="PAY_PER_REQUEST", deletionProtectionEnabled=True),
    logs(retentionInDays=30),
    Resource("aws:lambda/function:Function", {"snapStart": {"applyOn": "None"}}),
    Resource("aws:s3/bucket:Bucket", {"forceDestroy": False}, protect=True),
    Resource("random:index/randomId:RandomId"),
    Resource("silent-scalper:index:SilentScalperPipeline"),
    # In a stack to try things in, data may go.
    Resource("aws:s3/bucket:Bucket", {"forceDestroy": True}, stack="dev"),
    # A key's policy cannot name the key, and the account keeps its rights.
    Resource(
        "aws:kms/keyPolicy:KeyPolicy",
        {
            "policy": document(
                Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*", Resource="*"
            )
        },
    ),
    # CloudWatch Logs says which log group it encrypts for, not which account it acts for.
    Resource(
        "aws:kms/keyPolicy:KeyPolicy",
        {
            "policy": document(
                Principal={"Service": "logs.eu-north-1.amazonaws.com"},
                Action="kms:Encrypt",
                Resource="*",
                Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:x:y:z"}},
            )
        },
    ),
]
BILLED_BUT_WANTED = {"aws:kms/keyPolicy:KeyPolicy"}


@pytest.mark.parametrize(
    ("policy", "resource", "words"),
    REFUSED,
    ids=[f"{policy}-{resource.type}-{i}" for i, (policy, resource, _) in enumerate(REFUSED)],
)
def test_a_violation_is_refused_by_its_policy_with_what_to_do(
    pack: Pack, policy: str, resource: Resource, words: str
) -> None:
    said = [message for name, message in pack.about(resource.request()) if name == policy]
    assert words in "\n".join(said)
    assert all(message.rstrip().endswith(".") for message in said)


@pytest.mark.parametrize(
    "resource", PASSED, ids=[f"{resource.type}-{i}" for i, resource in enumerate(PASSED)]
)
def test_what_keeps_to_the_policies_passes_all_of_them(pack: Pack, resource: Resource) -> None:
    wanted = sorted(BILLED_BUT_WANTED)
    pack.configure({"nothing-bills-while-idle": {"also_allowed": wanted}})
    assert pack.about(resource.request()) == []


def test_every_policy_about_resources_has_a_violation_here(pack: Pack) -> None:
    by_resource = {p.name for p in pack.policies() if p.policy_type == 1}
    assert by_resource == {policy for policy, _, _ in REFUSED}


def test_every_policy_stops_a_deployment_and_says_what_it_is_for(pack: Pack) -> None:
    for policy in pack.policies():
        assert policy.enforcementLevel == 1, f"{policy.name} is not mandatory"
        assert policy.description.endswith(".")


@pytest.mark.parametrize("kind", ["aws:sns/topic:Topic", "aws:dynamodb/table:Table", ENCRYPTION])
def test_a_key_of_ones_own_can_be_demanded(pack: Pack, kind: str) -> None:
    pack.configure({"encrypted-at-rest": {"customer_key": True}})
    by_default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KMS}
    with_key = Resource(
        kind,
        {
            "kmsMasterKeyId": KMS,
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": KMS},
            "rules": [{"applyServerSideEncryptionByDefault": by_default}],
        },
    )
    without = Resource(kind, {"rules": encryption("AES256").props["rules"]})
    policies = [[name for name, _ in pack.about(r.request())] for r in (with_key, without)]
    assert "encrypted-at-rest" not in policies[0]
    assert "encrypted-at-rest" in policies[1]


def test_what_bills_can_be_allowed_by_name(pack: Pack) -> None:
    pack.configure({"nothing-bills-while-idle": {"also_allowed": ["aws:kms/key:Key"]}})
    assert pack.about(Resource("aws:kms/key:Key").request()) == []


def test_what_a_preview_cannot_know_is_said_and_does_not_stop_it(pack: Pack) -> None:
    resource = Resource("aws:iam/rolePolicy:RolePolicy", {"policy": UNKNOWN})
    response = pack.stub.Analyze(resource.request())
    assert response.diagnostics
    assert {one.enforcementLevel for one in response.diagnostics} == {0}
    assert all("during preview" in one.message for one in response.diagnostics)
