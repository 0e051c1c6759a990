"""What befalls the GetObject calls of `process`'s own clients, where they are for its file.

A client tells of its calls by events, also of those whose errors `process` swallows. Sessions of
botocore, and so of boto3, that are made from now on have these handlers.
Source: https://docs.aws.amazon.com/boto3/latest/guide/events.html
"""

from typing import Any, Protocol

from botocore import handlers

from .model.errors import Code, Fault, ObjectMissing, described

_NOTED = "silent_scalper_file"
_NO_TROUBLE = frozenset({304, 412, 416})
"""Answers to a condition, and to a range that the file does not have."""


class Read(Protocol):
    """The part of `user_code.File` that is looked at and written to here."""

    trouble: Fault | ObjectMissing | None
    reads: set[object]

    @property
    def address(self) -> dict[str, str]: ...


class OwnReads:
    """Of one instance: `file` is the one that `process` has in hand."""

    file: Read | None = None
    _is_watching = False

    def begin_watching(self) -> None:
        """To be called before the user's code is loaded, and so makes its clients."""
        if self._is_watching:
            return
        self._is_watching = True
        for event, handler in (
            ("before-parameter-build", self._begins),
            ("after-call", self._answered),
            ("after-call-error", self._failed),
        ):
            handlers.BUILTIN_HANDLERS.append((f"{event}.s3.GetObject", handler))

    def _begins(self, params: Any, context: dict[str, Any], **_: Any) -> None:
        file = self.file
        if file is None or not isinstance(params, dict):
            return
        address = file.address
        if any(params.get(name) != address[name] for name in ("Bucket", "Key")):
            return
        if params.get("VersionId", address.get("VersionId")) != address.get("VersionId"):
            return
        context[_NOTED] = file, dict(params)
        file.reads.add(id(context))

    def _answered(
        self, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        if _NOTED not in context:
            return
        file, params = context[_NOTED]
        file.reads.discard(id(context))
        if http_response.status_code in _NO_TROUBLE:
            return
        if http_response.status_code < 300:
            if "Range" not in params and "PartNumber" not in params:
                file.trouble = None
            return
        code = parsed.get("Error", {}).get("Code", str(http_response.status_code))
        if http_response.status_code == 404 and "VersionId" in params:
            file.trouble = ObjectMissing("S3 GetObject")
        else:
            reason = f"S3 GetObject by a client of process answered {code}"
            file.trouble = Fault(Code.AWS_ERROR, reason)

    def _failed(self, exception: BaseException, context: dict[str, Any], **_: Any) -> None:
        if _NOTED in context:
            file, _params = context[_NOTED]
            file.reads.discard(id(context))
            reason = f"S3 GetObject by a client of process failed: {described(exception)}"
            file.trouble = Fault(Code.AWS_ERROR, reason)
