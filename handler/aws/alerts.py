"""Every outcome is published: to ScalperAlerts where it is e-mailed, else to ScalperQuietOutcomes.

It is JSON for machines, with a text for people where it is e-mailed. Machines deduplicate on
`object_key` and `upload_id`: a retry may repeat an alert.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from ..model.errors import Fault
from ..model.item import Item, Status
from ..model.messages import Message, email_text, notice_text, subject, subject_line
from ..model.settings import Settings
from ..model.text import printable
from . import backoff
from .email_budget import EmailBudget, Kind, Place
from .errors import aws_errors

FAILURES_NOT_EMAILED = "FAILURES_NOT_EMAILED"
"""The status of the notice that some failures get no e-mail of their own."""


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
    "sender",
    "sender_address",
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
    "undeleted",
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
        if kind == "failure" and again:
            self._give_notice(item["owner"], unfinished=True)
        message = dict(self._where)
        message |= {name: item[name] for name in _MESSAGE_FIELDS if name in item}
        headline = subject(message)
        for tries in range(1, backoff.TRIES + 1):
            # For every try anew: a place in the budget is good for one.
            place = self._place(kind, item["owner"]) if kind else None
            text = email_text(message, is_last=place.is_last_success) if place else None
            try:
                self._send(headline, message, text, place)
                return
            except Fault as fault:
                if fault.lasting or tries == backoff.TRIES:
                    raise
                # What a topic throttles comes from many at once: they should not meet again.
                waits = tries + 2 if fault.throttled else tries
            if kind == "success":
                kind = None  # the place among today's few was for one try
            backoff.pause(waits)

    def tell_everybody(self, subject: str, message: Message, text: str) -> None:
        """Tell what concerns the pipeline as a whole, by e-mail too; for what is rare."""
        self._send(subject_line(subject, "", self._where["pipeline"]), message, text, None)

    def _email_kind(self, item: Item) -> Kind | None:
        """None for the failures between the first and the last: nobody can do anything about them.

        Who heard of a failure hears of its good end too.
        """
        good = item["status"] == Status.PROCESSED and "history" not in item
        if self._email_on == "none" or (self._email_on == "failures" and good):
            return None
        if "retry_at" in item and item.get("retries"):
            return None
        return "success" if good else "failure"

    def _place(self, kind: Kind, owner: str) -> Place | None:
        place = self._budget.ask(kind, owner)
        if place is None and kind == "failure":
            self._give_notice(owner)
        return place

    def _give_notice(self, owner: str, *, unfinished: bool = False) -> None:
        """Unless somebody did lately, or is about to."""
        place = self._budget.claim_notice(owner, unfinished=unfinished)
        if place is None:
            return
        message = {**self._where, "status": FAILURES_NOT_EMAILED}
        self.tell_everybody("Many failures: some get no e-mail", message, notice_text(message))
        self._budget.notice_sent()

    def _send(self, subject: str, message: Message, text: str | None, place: Place | None) -> None:
        """Publish once, by e-mail if there is a `text`: botocore repeats nothing of this client.

        Frees the `place` in the budget as soon as SNS has answered, whatever it says.
        """
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
        try:
            with aws_errors("SNS Publish"):
                self._sns.publish(**request)
        except Fault as fault:
            if place and isinstance(fault.__cause__, ClientError):
                self._budget.free(place)
            raise
        if place:
            self._budget.free(place)
