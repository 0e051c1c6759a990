"""Questions about the resources of a stack."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

BUCKET = "aws:s3/bucket:Bucket"
TOPIC = "aws:sns/topic:Topic"
QUEUE = "aws:sqs/queue:Queue"
TABLE = "aws:dynamodb/table:Table"


def of_type(resources: Sequence[PolicyResource], kind: str) -> list[PolicyResource]:
    return [resource for resource in resources if resource.resource_type == kind]


def settings_of(
    resources: Sequence[PolicyResource], kind: str, key: str, owner: PolicyResource
) -> Iterator[PolicyResource]:
    """The resources of a type whose property `key` names `owner`, by reference or by its name."""
    for resource in of_type(resources, kind):
        by_reference = any(
            one.urn == owner.urn for one in resource.property_dependencies.get(key, [])
        )
        if by_reference or _names(resource, key, owner):
            yield resource


def _names(resource: PolicyResource, key: str, owner: PolicyResource) -> bool:
    named = known(resource.props, key)
    return named is not None and named in [
        known(owner.props, own) for own in ("id", "bucket", "arn", "url")
    ]


def known(props: Mapping[str, Any], key: str) -> Any:
    """A property, or None when it is missing or known only after deployment."""
    try:
        return props.get(key)
    except UnknownValueError:
        return None


def is_unknown(props: Mapping[str, Any], key: str) -> bool:
    try:
        props.get(key)
    except UnknownValueError:
        return True
    return False
