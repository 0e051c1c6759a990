"""What happened, told so that a person can follow it."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from .invocation import Invocation
from .timeline import Timeline, clock_text
from .troubles import Trouble

Line = tuple[float, str, Callable[[], str]]

_TELLING: dict[str, Callable[[dict[str, Any]], str]] = {
    "put_item": lambda r: f"{_plain(r, 'status')} {_plain(r, 'upload_id')}",
    "update_item": lambda r: r["UpdateExpression"],
    "publish": lambda r: r["Subject"],
}


class Story:
    """Lines are kept as they come and put into words only when somebody reads them."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._lines: list[Line] = []

    def tell(self, who: str, what: str) -> None:
        self._lines.append((self._timeline.now, who, lambda: what))

    def call(
        self, invocation: Invocation, service: str, operation: str, request: dict[str, Any]
    ) -> "Call":
        """A line for an AWS call, which ends with its answer."""
        return Call(self, invocation, f"{service} {operation}", operation, request)

    def add(self, who: str, what: Callable[[], str]) -> None:
        self._lines.append((self._timeline.now, who, what))

    def __str__(self) -> str:
        return "\n".join(f"{clock_text(at)}  {who:<12} {what()}" for at, who, what in self._lines)


class Call:
    """Performs a call and tells how it went."""

    def __init__(
        self,
        story: Story,
        invocation: Invocation,
        name: str,
        operation: str,
        request: dict[str, Any],
    ) -> None:
        self._story = story
        self._who = invocation.name
        self._name = name
        self._operation = operation
        self._request = request

    def __call__(self, perform: Callable[[], Any]) -> Any:
        try:
            answer = perform()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            self._story.add(self._who, lambda: f"{self._words()} → {code}")
            raise
        self._story.add(self._who, lambda: f"{self._words()} → {_gist(answer)}")
        return answer

    def trouble(self, trouble: Trouble) -> None:
        self._story.add(self._who, lambda: f"{self._words()} ✗ {trouble}")

    def _words(self) -> str:
        say = _TELLING.get(self._operation, _place)
        return f"{self._name} {say(self._request)}".rstrip()


def _place(request: dict[str, Any]) -> str:
    source = request.get("CopySource")
    origin = f" from {_place(source)}" if source else ""
    parts = (request.get(name) for name in ("Bucket", "Key", "VersionId"))
    return "/".join(str(part) for part in parts if part) + origin


def _gist(answer: Any) -> str:
    if isinstance(answer, bytes):
        return f"{len(answer)} bytes"
    shown = {
        name: value
        for name, value in answer.items()
        if name in ("VersionId", "ContentLength", "Metadata", "MessageId")
    }
    if "Versions" in answer:
        shown["Versions"] = [version["VersionId"] for version in answer["Versions"]]
    return str(shown) if shown else "done"


def _plain(request: dict[str, Any], name: str) -> str:
    return str(next(iter(request["Item"].get(name, {"": ""}).values())))
