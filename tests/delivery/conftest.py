"""Topics and subscriptions as the component registered them, on clouds that deliver.

No emulator sends e-mail. So each e-mail subscription is made with everything that was registered of
it but its endpoint, which is a queue: what arrives there would have been mailed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.cloud import Cloud
from local.emulator import Emulator
from tests.component.recorder import Deployment, Registered

REGION = "eu-north-1"
UNFILTERED = ("topic", "protocol", "endpoint")
"""What a subscription has that gets everything."""
ATTRIBUTES = {"filterPolicy": "FilterPolicy", "filterPolicyScope": "FilterPolicyScope"}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What SNS put into a queue."""

    topic_arn: str
    subject: str
    message: dict[str, Any]


class Queue:
    """Receives what one subscription lets through, or several."""

    def __init__(self, sqs: Any, name: str) -> None:
        self._sqs = sqs
        self._url = sqs.create_queue(QueueName=name)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self.arn: str = answer["Attributes"]["QueueArn"]

    def receive(self) -> list[Delivered]:
        """Everything that came since the last time."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                body = json.loads(message["Body"])
                found.append(
                    Delivered(body["TopicArn"], body["Subject"], json.loads(body["Message"]))
                )
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found


class Account:
    """The topics of one deployment, with a queue in the place of each address."""

    def __init__(self, sns: Any, sqs: Any, deployment: Deployment) -> None:
        self.sns, self._sqs = sns, sqs
        self._arns: dict[str, str] = {}
        """The ARN of each topic here, by the one that the mocks gave it."""
        for topic in deployment.of("Topic"):
            name = topic.outputs["name"]
            self._arns[topic.outputs["arn"]] = sns.create_topic(Name=name)["TopicArn"]
        for policy in deployment.of("TopicPolicy"):
            sns.set_topic_attributes(
                TopicArn=self.arn(policy.inputs["arn"]),
                AttributeName="Policy",
                AttributeValue=self._with_arns_of_here(policy.inputs["policy"]),
            )
        self.mailboxes = {
            subscription.inputs["endpoint"]: self._mailbox(number, subscription)
            for number, subscription in enumerate(deployment.of("TopicSubscription"))
        }

    def arn(self, registered: str) -> str:
        return self._arns[registered]

    def environment(self, registered: Mapping[str, str]) -> dict[str, str]:
        """A function's variables, with the topics of this account."""
        return {name: self._arns.get(value, value) for name, value in registered.items()}

    def subscribe(self, queue: Queue, inputs: Mapping[str, Any]) -> None:
        """Make a registered subscription, with `queue` as its endpoint."""
        others = inputs.keys() - ATTRIBUTES.keys() - set(UNFILTERED)
        assert not others, f"what {others} of a subscription do is not tried here"
        self.sns.subscribe(
            TopicArn=self._arns.get(inputs["topic"], inputs["topic"]),
            Protocol="sqs",
            Endpoint=queue.arn,
            Attributes={ATTRIBUTES[name]: inputs[name] for name in ATTRIBUTES if name in inputs},
        )

    def queue(self, name: str) -> Queue:
        return Queue(self._sqs, name)

    def close(self) -> None:
        """Leave nothing behind in an emulator that many tests share."""
        for arn in self._arns.values():
            for page in self.sns.get_paginator("list_subscriptions_by_topic").paginate(
                TopicArn=arn
            ):
                for subscription in page["Subscriptions"]:
                    self.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            self.sns.delete_topic(TopicArn=arn)
        for url in self._sqs.list_queues().get("QueueUrls", []):
            self._sqs.delete_queue(QueueUrl=url)

    def _mailbox(self, number: int, subscription: Registered) -> Queue:
        assert subscription.inputs["protocol"] == "email"
        mailbox = self.queue(f"mailbox-{number}")
        self.subscribe(mailbox, subscription.inputs)
        return mailbox

    def _with_arns_of_here(self, policy: str) -> str:
        for registered, here in self._arns.items():
            policy = policy.replace(registered, here)
        return policy


@dataclass(frozen=True, slots=True)
class CloudThatDelivers:
    """moto or MiniStack."""

    sns: Any
    sqs: Any


@pytest.fixture(scope="session")
def ministack() -> Iterator[Cloud]:
    with Emulator(region=REGION) as emulator:
        yield Cloud(emulator.endpoint, emulator.region)


@pytest.fixture(params=["moto", "MiniStack"])
def cloud(request: pytest.FixtureRequest) -> Iterator[CloudThatDelivers]:
    if request.param == "MiniStack":
        emulated: Cloud = request.getfixturevalue("ministack")
        yield CloudThatDelivers(emulated.sns, emulated.sqs)
        return
    with mock_aws():
        yield CloudThatDelivers(boto3.client("sns", REGION), boto3.client("sqs", REGION))
