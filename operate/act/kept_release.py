"""Kept events, given once more, unchanged, to whom they did not reach.

Even the rescuer failed on most: it is asked and waited for, so that a message is deleted only once
its files have their fate. A retry that a schedule could not deliver goes to the processor, and so
does an upload that a rule of EventBridge could not.
"""

import json
from collections.abc import Iterator
from typing import Any

from handler.model.event import is_retry

from ..read.deployment import Deployment
from ..read.errors import told_plainly
from ..read.kept_events import WAIT_SECONDS, queue_of, wait_for_others
from ..read.sources import keys_in, undelivered
from .actions import Done, invoke, refuse_while_paused

HIDDEN_SECONDS = 16 * 60
"""Longer than the rescuer may take: nobody else gets the message meanwhile."""


def release_kept(deployment: Deployment, *, dry_run: bool) -> Iterator[Done]:
    """Each message once."""
    sqs, bucket = deployment.clients.sqs, deployment.settings.input_bucket
    with queue_of(deployment) as url:
        wait_for_others(deployment, url)
        seen: dict[str, str] = {}
        try:
            while message := _next(deployment, url):
                if message["MessageId"] in seen:
                    return
                seen[message["MessageId"]] = message["ReceiptHandle"]
                keys = keys_in(message["Body"], bucket)
                name = ", ".join(keys or []) or message["MessageId"]
                if keys is None:
                    yield _done(message, name, "is no event of this pipeline: it stays", ok=False)
                elif event := undelivered(message["Body"]):
                    words = "tried again" if is_retry(event) else "given its event"
                    if dry_run:
                        yield _done(message, name, f"would be {words}")
                        continue
                    refuse_while_paused(deployment)
                    invoke(deployment, event)
                    _delete(deployment, url, message)
                    del seen[message["MessageId"]]
                    yield _done(message, name, f"is {words}")
                elif dry_run:
                    yield _done(message, name, "would be given to the rescuer")
                elif problem := _rescue(deployment, message["Body"]):
                    yield _done(message, name, f"could not be recorded: {problem}", ok=False)
                else:
                    _delete(deployment, url, message)
                    del seen[message["MessageId"]]
                    yield _done(message, name, "has its fate")
        finally:
            for receipt in seen.values():
                with told_plainly("show the kept events again"):
                    sqs.change_message_visibility(
                        QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0
                    )


def _next(deployment: Deployment, url: str) -> Any:
    """One message; None when there is none that is not hidden."""
    with told_plainly("read the queue of kept events"):
        answer = deployment.clients.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=1,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
        )
    return next(iter(answer.get("Messages", [])), None)


def _delete(deployment: Deployment, url: str, message: Any) -> None:
    with told_plainly("delete a kept event"):
        deployment.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _rescue(deployment: Deployment, body: str) -> str | None:
    """Why it failed again; None when it did not."""
    name = deployment.outputs.rescuer_function
    event = json.loads(body)["requestPayload"]
    with told_plainly(f"call the function {name}"):
        answer = deployment.clients.patient_lambda.invoke(
            FunctionName=name, Payload=json.dumps(event)
        )
        if "FunctionError" not in answer:
            return None
        error: Any = json.loads(answer["Payload"].read())
    return str(error.get("errorMessage", error) if isinstance(error, dict) else error)


def _done(message: Any, name: str, words: str, *, ok: bool = True) -> Done:
    return Done(name, message["MessageId"], ok, words)
