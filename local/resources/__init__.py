"""The table of resource types that the local deployment can make."""

from ..cloud import Cloud
from ..errors import UnsupportedError
from . import access, dynamodb, events, functions, messaging, monitoring, s3, scheduler, secrets
from .base import Resource, State

__all__ = ["TABLE", "Resource", "State", "resource_for"]

TABLE: dict[str, type[Resource]] = {
    resource.token: resource
    for module in (
        s3,
        dynamodb,
        messaging,
        functions,
        access,
        monitoring,
        scheduler,
        events,
        secrets,
    )
    for resource in module.TYPES
}


def resource_for(token: str, cloud: Cloud) -> Resource:
    if token not in TABLE:
        service = token.split(":")[1].partition("/")[0]
        raise UnsupportedError(
            f"The local deployment cannot make {token}. Either leave it out of the stack that is "
            "deployed here (`if pulumi.get_stack() != ...`), or add a class for it to a module of "
            "local/resources, with its `token` and the four methods that `Resource` in base.py "
            "leaves open, as the short ones in secrets.py, and name it in that module's TYPES. The "
            f"emulator answers for the services in SERVICES of local/emulator.py; {service} "
            "is to be one of them, if the emulator knows it by this name."
        )
    return TABLE[token](cloud)
