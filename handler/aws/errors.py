"""What an error of botocore means: gone, in conflict, refused for good, or worth another try."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from ..model.errors import Code, ConditionFailed, Conflict, Fault, ObjectMissing

# HeadObject has no body, so its 404 carries the bare status as its code. A missing bucket is a
# broken deployment, not a deleted file.
_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_CONFLICTS = frozenset({"ConflictException", "PreconditionFailed", "ConditionalRequestConflict"})
_NEGATIVE_STATUSES = frozenset({304, 404, 412})
_CLIENT_ERRORS = range(400, 500)
# Client errors by number, yet the same call can succeed later: conflicts, throttles, stale tokens.
_PASSING_STATUSES = frozenset({408, 409})
_THROTTLING_WORDS = ("Throttl", "SlowDown", "Exceeded")
_PASSING_WORDS = ("Timeout", "Expired", "Skewed")


@contextmanager
def aws_errors(call: str) -> Iterator[None]:
    """Turn what botocore raises during `call` into this module's errors."""
    try:
        yield
    except ClientError as error:
        response: dict[str, Any] = dict(error.response)
        details = response.get("Error", {})
        code = details.get("Code", "unknown")
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(response.get("Item", {})) from error
        if code in _MISSING:
            raise ObjectMissing(call) from error
        throttled = status == 429 or any(word in code for word in _THROTTLING_WORDS)
        passing = status in _PASSING_STATUSES or any(word in code for word in _PASSING_WORDS)
        kind = Conflict if code in _CONFLICTS else Fault
        raise kind(
            Code.AWS_ERROR,
            f"{call} answered {code}: {details.get('Message', '')}",
            lasting=status in _CLIENT_ERRORS and not throttled and not passing,
            throttled=throttled,
        ) from error
    except BotoCoreError as error:
        # A request that botocore itself refuses will be refused again.
        lasting = isinstance(error, ParamValidationError)
        raise Fault(Code.AWS_ERROR, f"{call} failed: {error}", lasting=lasting) from error


def is_aws(error: BaseException) -> bool:
    """True for whatever botocore raises."""
    return isinstance(error, (ClientError, BotoCoreError))


def says_not_found(error: BaseException) -> bool:
    """True when AWS answered, and the answer is that there is no such thing, or another one."""
    if not isinstance(error, ClientError):
        return False
    response: dict[str, Any] = dict(error.response)
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return (
        status in _NEGATIVE_STATUSES
        or code in _MISSING
        or "NotFound" in code
        or code == "ConditionalCheckFailedException"
    )
