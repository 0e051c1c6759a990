"""The table of resource types that the local deployment can make."""

from ..cloud import Cloud
from ..errors import UnsupportedError
from . import access, dynamodb, events, functions, messaging, monitoring, s3, scheduler
from .base import Resource, State

__all__ = ["TABLE", "Resource", "State", "resource_for"]

TABLE: dict[str, type[Resource]] = {
    resource.token: resource
    for module in (s3, dynamodb, messaging, functions, access, monitoring, scheduler, events)
    for resource in module.TYPES
}


def resource_for(token: str, cloud: Cloud) -> Resource:
    if token not in TABLE:
        raise UnsupportedError(
            f"The local deployment cannot make {token}. Add the type to local/resources."
        )
    return TABLE[token](cloud)
