"""Every outcome is published: to ScalperAlerts where it is e-mailed, else to ScalperQuietOutcomes.

It is JSON for machines, with a text for people where it is e-mailed. Machines deduplicate on
`object_key` and `upload_id`: a retry may repeat an alert.
"""

import json
from typing import Any

from ..model.errors import Fault
from ..model.item import Item, Status
from ..model.messages import Message, email_text, pause_text, subject, subject_line
from ..model.settings import Settings
from ..model.text import printable
from . import backoff
from .email_budget import EmailBudget, Kind
from .errors import aws_errors

EMAILS_PAUSED = "EMAILS_PAUSED"


_MESSAGE_FIELDS = (
    "status",
    "object_key",
    "upload_id",
    "file_name",
    "file_type",
    "size_bytes",
    "bucket",
    "version_id",
    "etag",
    "uploaded_at",
    "processed_at",
    "duration_ms",
    "attempt",
    "retries",
    "retry_at",
    "parked",
    "reason_code",
    "reason",
    "location",
    "location_version_id",
)
"""Never the content of a file, and so never what `process` returned."""


class Alerts:
    """Publishes each outcome to one of two topics; e-mail readers get no more than their budget."""

    def __init__(self, sns: Any, settings: Settings, budget: EmailBudget) -> None:
        self._sns = sns
        self._topic_arn = settings.topic_arn
        self._quiet_topic_arn = settings.quiet_topic_arn
        self._where = {
            "pipeline": settings.pipeline,
            "stack": settings.stack,
            "table": settings.table,
        }
        self._email_on = settings.email_on
        self._budget = budget

    def publish(self, item: Item, *, again: bool = False) -> None:
        """Tell what `item` records; `again` when an earlier try may have died of telling it.

        Raises a `Fault` when the topic did not take it.
        """
        kind = self._email_kind(item)
        if kind and again:
            self._tell_of_pause(item["owner"], unfinished=True)
        message = dict(self._where)
        message |= {name: item[name] for name in _MESSAGE_FIELDS if name in item}
        headline = subject(message)
        for tries in range(1, backoff.TRIES + 1):
            # For every try anew: a place in the budget is good for one.
            email = kind is not None and self._may_email(kind, item["owner"])
            try:
                self._send(headline, message, email_text(message) if email else None)
                return
            except Fault as fault:
                if fault.lasting or tries == backoff.TRIES:
                    raise
            backoff.pause(tries)

    def tell_everybody(self, subject: str, message: Message, text: str) -> None:
        """Tell what concerns the pipeline as a whole, by e-mail too; for what is rare."""
        self._send(subject_line(subject, "", self._where["pipeline"]), message, text)

    def _email_kind(self, item: Item) -> Kind | None:
        """None for the failures between the first and the last: nobody can do anything about them.

        Who heard of a failure hears of its good end too.
        """
        failed = item["status"] != Status.PROCESSED
        if self._email_on == "none" or (
            self._email_on == "failures" and not failed and "history" not in item
        ):
            return None
        if "retry_at" in item and item.get("retries"):
            return None
        return "failure" if failed else "success"

    def _may_email(self, kind: Kind, owner: str) -> bool:
        if self._budget.ask(kind):
            return True
        self._tell_of_pause(owner)
        return False

    def _tell_of_pause(self, owner: str, *, unfinished: bool = False) -> None:
        """Unless it was told lately, or there is no room for it now: then the next one tells."""
        if not self._budget.claim_notice(owner, unfinished=unfinished):
            return
        if not self._budget.ask("notice"):
            return
        message = {**self._where, "status": EMAILS_PAUSED}
        self.tell_everybody("Many files: e-mails are paused", message, pause_text(message))
        self._budget.notice_told()

    def _send(self, subject: str, message: Message, text: str | None) -> None:
        """Publish once, by e-mail if there is a `text`: botocore repeats nothing of this client."""
        attributes = {
            "status": message["status"],
            "email": "no" if text is None else "yes",
            "reason_code": message.get("reason_code"),
            # Queues take no control characters, and SNS refuses what a subscriber cannot get.
            "file_type": printable(message.get("file_type", "")),
        }
        request = {
            "Subject": subject,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
        }
        if text is None:
            request |= {"TopicArn": self._quiet_topic_arn, "Message": json.dumps(message)}
        else:
            both = json.dumps({"default": json.dumps(message), "email": text})
            request |= {
                "TopicArn": self._topic_arn,
                "MessageStructure": "json",
                "Message": both,
            }
        with aws_errors("SNS Publish"):
            self._sns.publish(**request)
