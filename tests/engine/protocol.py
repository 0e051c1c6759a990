"""What the engine asks of a provider: whom a request is about, a name for it, and how to refuse."""

import hashlib
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from local.resources import State
from tests.engine import inputs as table
from tests.engine.structs import Struct


def token_of(request: Any) -> str:
    """The type of the resource, out of `urn:pulumi:stack::project::parent$type::name`."""
    return str(request.urn).split("::")[2].rpartition("$")[2]


def logical_name(request: Any) -> str:
    return str(request.urn).split("::", 3)[3]


def make_up_name(key: str, request: Any, inputs: Struct) -> list[str]:
    """Fill in the physical name under `key`, or keep the one that there is; what was filled in.

    Raises `ValueError` when there can be none.
    """
    if not key or key in inputs:
        return []
    asked = request.autonaming if request.HasField("autonaming") else None
    modes = provider_pb2.CheckRequest.AutonamingOptions
    if key in request.olds:  # a protobuf struct has no `get`
        inputs[key] = request.olds[key]
    elif asked and asked.mode == modes.DISABLE:
        raise ValueError("automatic naming is disabled but no explicit name was provided")
    elif asked and asked.mode == modes.ENFORCE:
        inputs[key] = asked.proposed_name
    else:
        digits = hashlib.sha256(request.randomSeed).hexdigest()
        proposed = asked.proposed_name if asked else None
        inputs[key] = table.made_up_name(token_of(request), logical_name(request), digits, proposed)
    return [key]


def fail(context: Any, reason: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, reason)
    raise AssertionError("abort raises")


def fail_half_way(context: Any, made: State, state: Struct, inputs: Struct, reason: str) -> None:
    """An error of something that exists nevertheless: the engine keeps it in its state."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=made.id, properties=state, reasons=[reason], inputs=inputs
        )
    )
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[detail]
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    fail(context, reason)
