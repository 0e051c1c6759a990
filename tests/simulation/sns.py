"""Topics as SNS promises them: what they refuse, what they take, and to whom that goes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .refusals import refusal

SUBJECT_CHARACTERS = 100
MESSAGE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """A message that a topic took."""

    moment: float
    topic_arn: str
    subject: str
    machines: dict[str, Any]
    people: str
    attributes: dict[str, str]

    @property
    def is_emailed(self) -> bool:
        """Addresses are subscribed to the one topic, without a filter."""
        return self.topic_arn == "arn:aws:sns:::ScalperAlerts"


class SNS:
    """Topics whose subscribers get all that is published."""

    def __init__(self, now: Callable[[], float], topic_arns: Sequence[str]) -> None:
        self._now = now
        self._topic_arns = topic_arns
        self.published: list[Published] = []
        self.on_publish: Callable[[Published], None] = lambda message: None

    def publish(self, request: dict[str, Any]) -> dict[str, Any]:
        subject, text = request["Subject"], request["Message"]
        if request["TopicArn"] not in self._topic_arns:
            raise refusal("publish", "NotFound", 404, "Topic does not exist")
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
            request["TopicArn"],
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
