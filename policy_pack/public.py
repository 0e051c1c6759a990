"""Nothing public: nobody reaches a resource who was not named, or who is not in this account."""

import re
from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from .documents import Statement, allowed, conditions, label, many
from .resources import BUCKET, of_type, settings_of

DOCUMENTS = ("policy", "assumeRolePolicy", "resourcePolicy")
"""The properties that hold a policy with principals."""

NARROWING = {
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:principalaccount",
    "aws:principalarn", "aws:principalorgid", "aws:sourcevpce", "kms:calleraccount",
    "kms:encryptioncontext:aws:logs:arn",
}  # fmt: skip
"""Conditions that leave only callers of a known account, organisation or network."""

PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")


def _nothing_public(args: ResourceValidationArgs, report: ReportViolation) -> None:
    props = args.props
    if props.get("acl") in PUBLIC_ACLS:
        report(f"The ACL {props['acl']} lets strangers in. Remove it; use a bucket policy.", None)
    if args.resource_type == PUBLIC_ACCESS_BLOCK:
        for missing in [block for block in BLOCKS if props.get(block) is not True]:
            report(f"{missing} is not true, so a bucket may become public. Set it to true.", None)
    if args.resource_type == "aws:lambda/permission:Permission":
        _permission(props, report)
    if args.resource_type == FUNCTION_URL and props.get("authorizationType") != "AWS_IAM":
        report("Anyone may call this address. Set authorization_type to AWS_IAM.", None)
    for document in DOCUMENTS:
        trust = document == "assumeRolePolicy"
        for statement in allowed(props.get(document)):
            if problem := _stranger(statement, trust=trust):
                report(f"In {document}, {label(statement)} {problem}", None)


def _permission(props: Mapping[str, Any], report: ReportViolation) -> None:
    principal = props.get("principal")
    if principal == "*" and not (props.get("principalOrgId") or props.get("sourceAccount")):
        report("Anyone may call the function. Name the principal.", None)
    elif str(principal).endswith(".amazonaws.com") and not _names_account(props):
        report(
            f"{principal} may call the function for any account. Set source_account, or a "
            "source_arn that names the account.",
            None,
        )


def _names_account(props: Mapping[str, Any]) -> bool:
    """The ARN of a bucket names none, that of a rule or a schedule does."""
    return bool(props.get("sourceAccount")) or bool(
        re.match(r"arn:[^:]*:[^:]*:[^:]*:\d{12}:", str(props.get("sourceArn")))
    )


def _stranger(statement: Statement, *, trust: bool) -> str | None:
    """What is wrong with whom a statement lets in; `trust` when it is a role that is taken."""
    if "NotPrincipal" in statement:
        return "lets in everyone except some. Name who may, not who may not."
    principal = statement.get("Principal") or {}
    named = {"AWS": ["*"]} if principal == "*" else {k: many(v) for k, v in principal.items()}
    problem = None
    if "Federated" in named:
        if not _names_subject(statement):
            problem = "trusts all whom that identity provider knows. Add a condition on its sub."
    elif _is_narrowed(statement):
        pass
    elif any("*" in whom for whom in named.values()):
        problem = "lets in everyone. Name the principal, or narrow it by aws:PrincipalOrgID."
    elif "Service" in named and not trust:
        services = ", ".join(named["Service"])
        problem = f"lets {services} act for any account. Add a condition on aws:SourceAccount."
    return problem


def _is_narrowed(statement: Statement) -> bool:
    return any(
        key in NARROWING and "*" not in values and not operator.startswith(("StringNot", "ArnNot"))
        for operator, key, values in conditions(statement)
    )


def _names_subject(statement: Statement) -> bool:
    """A claim that is only `*` names nobody."""
    return any(
        key.endswith(":sub") and all(value.strip("*:") for value in values)
        for _, key, values in conditions(statement)
    )


def _buckets_block_public_access(args: StackValidationArgs, report: ReportViolation) -> None:
    for bucket in of_type(args.resources, BUCKET):
        if not any(settings_of(args.resources, PUBLIC_ACCESS_BLOCK, "bucket", bucket)):
            report(f"{bucket.name} has no BucketPublicAccessBlock. Add one.", bucket.urn)


NOTHING_PUBLIC = ResourceValidationPolicy(
    name="nothing-public",
    description="Nobody is let in who was not named, or who is not of this account.",
    validate=_nothing_public,
)
BUCKETS_BLOCK_PUBLIC_ACCESS = StackValidationPolicy(
    name="buckets-block-public-access",
    description="Every bucket refuses to become public.",
    validate=_buckets_block_public_access,
)
