"""A topic as SNS promises it: what it refuses, what it takes, and to whom that goes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .refusals import refusal

SUBJECT_CHARACTERS = 100
MESSAGE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """A message that the topic took."""

    moment: float
    subject: str
    machines: dict[str, Any]
    people: str
    attributes: dict[str, str]

    @property
    def is_emailed(self) -> bool:
        """By the filter of the e-mail subscriptions: `yes`, or no such attribute."""
        return self.attributes.get("email", "yes") == "yes"


class SNS:
    """One topic whose subscribers get everything that their filter lets through."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.published: list[Published] = []
        self.on_publish: Callable[[Published], None] = lambda message: None

    def publish(self, request: dict[str, Any]) -> dict[str, Any]:
        subject, text = request["Subject"], request["Message"]
        if not _mailable(subject):
            raise refusal("publish", "InvalidParameter", 400, "Invalid parameter: Subject")
        if len(text.encode()) > MESSAGE_BYTES:
            raise refusal("publish", "InvalidParameter", 400, "Invalid parameter: Message too long")
        parts = json.loads(text) if request.get("MessageStructure") == "json" else {"default": text}
        if "default" not in parts:
            raise refusal("publish", "InvalidParameter", 400, "No default entry in JSON message")
        attributes = request.get("MessageAttributes", {})
        message = Published(
            self._now(),
            subject,
            json.loads(parts["default"]),
            parts.get("email", parts["default"]),
            {name: value["StringValue"] for name, value in attributes.items()},
        )
        self.published.append(message)
        self.on_publish(message)
        return {"MessageId": f"message-{len(self.published)}"}


def _mailable(subject: str) -> bool:
    return 0 < len(subject) < SUBJECT_CHARACTERS and all(" " <= c <= "~" for c in subject)
