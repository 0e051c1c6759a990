"""What botocore raises when AWS says no, as the handler would meet it."""

from typing import Any

from botocore.exceptions import ClientError

_BARE = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 412: "…"}


def refusal(operation: str, code: str, status: int, message: str = "", **more: Any) -> ClientError:
    """`operation` by its name in botocore's clients (`head_object`)."""
    if operation == "head_object":
        # The answer to a HEAD has no body, so botocore knows only the number.
        code, message = str(status), _BARE.get(status, "")
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    name = "".join(part.capitalize() for part in operation.split("_"))
    return ClientError(response, name)
