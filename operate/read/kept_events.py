"""A look into the queue of kept events that takes nothing out.

A queue can be read only by receiving. So each message is received once, hidden from others for as
long as the look may take, never deleted, and shown again at the end. Nothing polls this queue and
it has no redrive policy, so all that changes is a message's receive count.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .deployment import Deployment
from .errors import OperateError, told_plainly
from .sources import KeptEvent, events_in

HIDDEN_SECONDS = 60
"""Should this process die, the messages show again by themselves after so long."""

WAIT_SECONDS = 1
"""Only a long poll asks all of the queue's servers, so that an empty answer means empty."""

OTHERS_SECONDS = HIDDEN_SECONDS + 15
"""How long to wait for others: a look of theirs that died is over by then."""
ASK_AGAIN_SECONDS = 3


@dataclass
class Look:
    """What was seen."""

    messages: int = 0
    unreadable: int = 0
    """Messages that are no event of this pipeline's bucket."""
    _receipts: list[str] = field(default_factory=list)


@contextmanager
def queue_of(deployment: Deployment) -> Iterator[str]:
    """The queue's URL, once it is sure that looking does no harm."""
    arn = deployment.kept_events_queue_arn
    account, name = arn.split(":")[4:6]
    sqs = deployment.clients.sqs
    with told_plainly(f"find the queue {name}"):
        url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    if "RedrivePolicy" in attributes.get("Attributes", {}):
        raise OperateError(
            f"The queue {name} has a redrive policy, so looking into it could move its messages "
            "away. Remove the policy: nothing else reads this queue."
        )
    yield url


def counted(deployment: Deployment, url: str) -> tuple[int, int]:
    """How many messages are to be seen and how many are hidden, as far as SQS knows.

    It may lag behind by a minute.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    names: Any = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    with told_plainly("count the kept events"):
        answer = deployment.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    visible, hidden = (int(answer["Attributes"].get(name, 0)) for name in names)
    return visible, hidden


def wait_for_others(deployment: Deployment, url: str) -> None:
    """Whoever else looks hides messages; raises when they are hidden for long."""
    deadline = time.monotonic() + OTHERS_SECONDS
    while counted(deployment, url)[1]:
        if time.monotonic() >= deadline:
            raise _disturbed()
        time.sleep(ASK_AGAIN_SECONDS)


def undisturbed(deployment: Deployment, into: Look) -> Iterator[KeptEvent]:
    """As `look`, for who draws conclusions from what is not there: raises when some were hidden."""
    with queue_of(deployment) as url:
        wait_for_others(deployment, url)
        yield from look(deployment, into)
        # Who began a moment ago was in no count yet.
        if sum(counted(deployment, url)) > into.messages:
            raise _disturbed()


def _disturbed() -> OperateError:
    return OperateError(
        "Somebody else is looking at the kept events just now, or releasing them, so not all can "
        "be seen. Try again in a minute."
    )


def look(deployment: Deployment, into: Look) -> Iterator[KeptEvent]:
    """Every upload named in the queue; counts go to `into`."""
    with queue_of(deployment) as url:
        seen: set[str] = set()
        sqs = deployment.clients.sqs
        try:
            while True:
                with told_plainly("look into the queue of kept events"):
                    answer = sqs.receive_message(
                        QueueUrl=url,
                        MaxNumberOfMessages=10,
                        VisibilityTimeout=HIDDEN_SECONDS,
                        WaitTimeSeconds=WAIT_SECONDS,
                    )
                fresh = [it for it in answer.get("Messages", []) if it["MessageId"] not in seen]
                if not fresh:
                    return
                for message in fresh:
                    seen.add(message["MessageId"])
                    into.messages += 1
                    into._receipts.append(message["ReceiptHandle"])
                    events = events_in(message["Body"], deployment.settings.input_bucket)
                    if events is None:
                        into.unreadable += 1
                    yield from events or []
        finally:
            _show_again(deployment, url, into._receipts)


def _show_again(deployment: Deployment, url: str, receipts: list[str]) -> None:
    for start in range(0, len(receipts), 10):
        with told_plainly("show the kept events again"):
            # What has shown again by itself meanwhile is reported in the answer, and is well.
            deployment.clients.sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(at), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for at, receipt in enumerate(receipts[start : start + 10])
                ],
            )
