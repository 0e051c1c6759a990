"""What an operator is told, without a traceback, when a question cannot be answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)


class OperateError(Exception):
    """The message says what was wrong and what to do."""


class NothingCountedError(OperateError):
    """The daily check has not counted any day yet, as in the first hours of a pipeline."""


class UnknownFileError(OperateError):
    """There is, and was, no such file or upload."""


_EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "UnrecognizedClientException",
        "InvalidToken",
        "SignatureDoesNotMatch",
    }
)
_REFUSED = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403", "Forbidden"}
)
_MISSING = frozenset(
    {
        "NoSuchBucket",
        "NotFound",
        "NotFoundException",
        "ResourceNotFoundException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    }
)
_LOG_IN = "log in again (for example `aws sso login`) or choose another AWS_PROFILE"


@contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Turn what AWS or the way to it says while doing `what` into an `OperateError`.

    `what` names the call and its object: "read the table intake-FileMetadata-1a2b3c4".
    """
    try:
        yield
    except ClientError as error:
        raise OperateError(_answer(what, error)) from error
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise OperateError(f"Cannot {what}: {error}. There are no credentials; {_LOG_IN}.") from (
            error
        )
    except (SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError) as error:
        raise OperateError(f"Cannot {what}: the credentials have expired; {_LOG_IN}.") from error
    except (ConnectionError, HTTPClientError) as error:
        raise OperateError(
            f"Cannot {what}: {error} Check the network; for the local deployment, see that "
            "`make local` is still running."
        ) from error
    except BotoCoreError as error:
        raise OperateError(f"Cannot {what}: {error}") from error


def _answer(what: str, error: ClientError) -> str:
    details = error.response.get("Error", {})
    code, message = details.get("Code", "unknown"), details.get("Message", "")
    if code in _EXPIRED:
        return f"Cannot {what}: AWS does not take the credentials ({code}); {_LOG_IN}."
    if code in _REFUSED:
        return (
            f"Cannot {what}: not allowed ({error.operation_name}). {message} Use credentials that "
            "may; docs/operating.md lists what each command needs."
        )
    if code in _MISSING:
        return (
            f"Cannot {what}: it is not there ({code}). The stack was destroyed, or the outputs are "
            "of another deployment."
        )
    return f"Cannot {what}: {error.operation_name} answered {code}: {message}"
