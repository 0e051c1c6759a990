"""No wildcard permission: a role may do what its policies spell out, where they say."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from .documents import Statement, allowed, label, many

NOT_OURS_TO_NARROW = ("aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy")
"""In a key's policy `*` is the key itself, and the account keeps `kms:*` or nobody can mend it."""

BROAD = ("FullAccess", "AdministratorAccess", "PowerUserAccess")
"""How the names of AWS's own policies end that allow a whole service, or all of them."""

WITHOUT_RESOURCE = {
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
    "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricData", "logs:DeleteQueryDefinition",
    "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions", "logs:PutQueryDefinition",
    "s3:ListAllMyBuckets", "sns:GetSubscriptionAttributes", "sns:ListTopics",
    "sns:SetSubscriptionAttributes", "sns:Unsubscribe", "sqs:ListQueues",
    "sts:GetCallerIdentity", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}  # fmt: skip
"""Actions that IAM cannot tie to a resource, and those of EC2 that Lambda asks of the role of a
function in a VPC on every resource.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
"""


def _no_wildcard(args: ResourceValidationArgs, report: ReportViolation) -> None:
    props = args.props
    if args.resource_type in NOT_OURS_TO_NARROW:
        return
    inline = [one.get("policy") for one in props.get("inlinePolicies") or []]
    for document in [props.get("policy"), *inline]:
        for statement in allowed(document):
            for problem in _problems(statement):
                report(f"{label(statement)} {problem}", None)
    for arn in _attached(props):
        if arn.endswith(BROAD):
            report(f"{arn} allows more than anyone needs. Spell out what is needed.", None)


def _attached(props: Mapping[str, Any]) -> list[str]:
    return [*many(props.get("managedPolicyArns")), *many(props.get("policyArn"))]


def _problems(statement: Statement) -> Iterator[str]:
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows everything except some. Say what it allows."
    actions = many(statement.get("Action"))
    for action in actions:
        if "*" in action:
            yield f"allows {action}. Spell out its actions."
    if all(action in WITHOUT_RESOURCE for action in actions):
        return
    for resource in many(statement.get("Resource")):
        if _is_broad(resource):
            yield f"allows {', '.join(actions)} on {resource}. Name the resource."


def _is_broad(resource: str) -> bool:
    """True unless the resource is named at least by how its name begins."""
    _, *parts = resource.split(":", 5)
    if len(parts) < 5:
        return "*" in resource
    partition, service, _, account, name = parts
    begins = name.partition("*")[0]
    kind_alone = begins.endswith(("/", ":")) and begins.count("/") + begins.count(":") == 1
    return (
        "*" in partition + service + account
        or not begins
        or ("*" in name and kind_alone and service != "s3")
    )


NO_WILDCARD = ResourceValidationPolicy(
    name="no-wildcard-permission",
    description="A role may do what its policies spell out, on resources that they name.",
    validate=_no_wildcard,
)
