"""What can befall a single AWS call, and how the handler would come to know."""

from enum import StrEnum
from typing import NamedTuple

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from .refusals import refusal


class Kind(StrEnum):
    """By cause; `Trouble` adds whether the call took effect first."""

    # The invocation does not live to see the answer.
    CRASH = "crash"
    OUT_OF_MEMORY = "out of memory"
    HOST_LOST = "host lost"
    """Lambda's own failure: the event goes back to its queue and no attempt is used."""
    HANG = "hang"
    """No answer until the time of the invocation is up."""
    # It sees an error.
    SERVER_ERROR = "5xx"
    NO_ANSWER = "no answer"
    ERROR_IN_200 = "error inside a 200"
    THROTTLED = "throttled"
    NO_CONNECTION = "no connection"
    DENIED = "access denied"
    CONFLICT = "conflict"
    # It sees nothing.
    REPEATED = "answer lost, repeated by the client"


DEATHS = frozenset({Kind.CRASH, Kind.OUT_OF_MEMORY, Kind.HOST_LOST})
_WITHOUT_EFFECT = (Kind.THROTTLED, Kind.NO_CONNECTION, Kind.DENIED, Kind.CONFLICT)
_EITHER_WAY = (*DEATHS, Kind.HANG, Kind.SERVER_ERROR, Kind.NO_ANSWER, Kind.ERROR_IN_200)


class Trouble(NamedTuple):
    """A kind of trouble, before or after the call took effect."""

    kind: Kind
    took_effect: bool

    def __str__(self) -> str:
        return f"{self.kind} {'after' if self.took_effect else 'before'} it took effect"


TROUBLES = tuple(
    sorted(
        [Trouble(kind, False) for kind in _WITHOUT_EFFECT]
        + [Trouble(kind, took_effect) for kind in _EITHER_WAY for took_effect in (False, True)]
        + [Trouble(Kind.REPEATED, True)]
    )
)

_THROTTLES = {
    "s3": ("SlowDown", 503),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "sns": ("Throttling", 400),
    "scheduler": ("ThrottlingException", 429),
}
_CONFLICTS = {
    "s3": ("OperationAborted", 409),
    "dynamodb": ("TransactionConflictException", 400),
    "sns": ("ConcurrentAccess", 400),
    # Its ConflictException means one thing only: there is a schedule of that name.
    "scheduler": ("ServiceQuotaExceededException", 402),
}
_SERVER_ERRORS = {
    "s3": ("InternalError", 500),
    "dynamodb": ("InternalServerError", 500),
    "sns": ("InternalFailure", 500),
    "scheduler": ("InternalServerException", 500),
}


def error_of(kind: Kind, service: str, operation: str) -> ClientError | BotoCoreError:
    """What botocore raises once its own retries are used up."""
    match kind:
        case Kind.THROTTLED:
            return refusal(operation, *_THROTTLES[service])
        case Kind.CONFLICT:
            return refusal(operation, *_CONFLICTS[service])
        case Kind.DENIED:
            return refusal(operation, "AccessDenied", 403)
        case Kind.NO_ANSWER:
            return ReadTimeoutError(endpoint_url=f"https://{service}.example")
        case Kind.NO_CONNECTION:
            return EndpointConnectionError(endpoint_url=f"https://{service}.example")
        case Kind.ERROR_IN_200 if operation in ("copy_object", "upload_part_copy"):
            return refusal(operation, "InternalError", 200)
        case _:
            return refusal(operation, *_SERVER_ERRORS[service])
