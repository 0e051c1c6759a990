"""What both topics published, received by a queue of our own: the emulator sends no e-mail."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .cloud import Cloud


@dataclass(frozen=True)
class Alert:
    """One message of a topic as a subscriber gets it."""

    subject: str
    message: dict[str, Any]
    """The JSON for machines."""
    attributes: dict[str, str]

    @property
    def upload(self) -> tuple[str, str]:
        """What machines deduplicate on."""
        return self.message.get("object_key", ""), self.message.get("upload_id", "")


class Listener:
    """Subscribes one queue to all topics. Other queues need other names."""

    def __init__(self, cloud: Cloud, topic_arns: Sequence[str], name: str = "listener") -> None:
        self._sqs = cloud.sqs
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        queue_arn = arn["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": list(topic_arns)}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        for topic_arn in topic_arns:
            cloud.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
        self.heard: list[Alert] = []

    def listen(self) -> list[Alert]:
        """Everything heard so far, in order of arrival; asks the queue for what is new."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                self.heard.append(_alert(json.loads(message["Body"])))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self.heard


def _alert(envelope: dict[str, Any]) -> Alert:
    attributes = envelope.get("MessageAttributes") or {}
    return Alert(
        subject=envelope.get("Subject") or "",
        message=json.loads(envelope["Message"]),
        attributes={name: attribute["Value"] for name, attribute in attributes.items()},
    )
