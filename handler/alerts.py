"""The ScalperAlerts topic: every outcome is published, as text for people and JSON for machines.

Machines deduplicate on `object_key` and `upload_id`: a retry may repeat an alert.
"""

import json
import unicodedata
from typing import Any

from . import backoff
from .email_budget import EmailBudget, Kind
from .errors import WORTH_RETRYING, Code, Fault, aws_errors
from .records import Item, Status
from .settings import Settings
from .shell import UNSEEN, shell_word

SUBJECT_LENGTH = 99
"""SNS takes fewer than 100 characters, of printable ASCII, without line breaks."""
EMAILS_PAUSED = "EMAILS_PAUSED"

Message = dict[str, Any]

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

_HEADLINES = {
    Status.PROCESSED: ("Processed", "The file was accepted."),
    Status.QUARANTINED: ("Set aside", "The file was not accepted and has been set aside."),
    Status.HELD: (
        "On hold",
        "The file could not be dealt with. That is not the file's fault, and it is safe.",
    ),
    Status.GONE: (
        "Missing",
        "The file was deleted by someone before it could be dealt with.",
    ),
}


_PARKED = (
    "Given up",
    "The file could not be dealt with, and it will not be tried again by itself.",
)
_NOT_BY_CONTENT = WORTH_RETRYING | {Code.CANNOT_BE_MOVED}
"""Reasons for which nobody should correct the file before it is known to be at fault."""


class Alerts:
    """Publishes to the topic; e-mail readers get no more than their budget."""

    def __init__(self, sns: Any, settings: Settings, budget: EmailBudget) -> None:
        self._sns = sns
        self._topic_arn = settings.topic_arn
        self._pipeline = settings.pipeline
        self._table = settings.table
        self._email_on = settings.email_on
        self._budget = budget

    def publish(self, item: Item, *, again: bool = False) -> None:
        """Tell what `item` records; `again` when an earlier try may have died of telling it.

        Raises a `Fault` when the topic did not take it.
        """
        kind = self._email_kind(item)
        if kind and again:
            self._tell_of_pause(item["owner"], unfinished=True)
        message = {"pipeline": self._pipeline, "table": self._table}
        message |= {name: item[name] for name in _MESSAGE_FIELDS if name in item}
        headline, text = subject(message), email_text(message)
        for tries in range(1, backoff.TRIES + 1):
            # For every try anew: a place in the budget is good for one.
            email = kind is not None and self._may_email(kind, item["owner"])
            try:
                self._send(headline, message, text, email)
                return
            except Fault as fault:
                if fault.lasting or tries == backoff.TRIES:
                    raise
            backoff.pause(tries)

    def tell_everybody(self, subject: str, message: Message, text: str) -> None:
        """Tell what concerns the pipeline as a whole, by e-mail too; for what is rare."""
        self._send(_subject_line(subject), message, text, True)

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
        message = {"pipeline": self._pipeline, "status": EMAILS_PAUSED, "table": self._table}
        self.tell_everybody("Many files: e-mails are paused", message, pause_text(message))
        self._budget.notice_told()

    def _send(self, subject: str, message: Message, text: str, email: bool) -> None:
        """Publish once: botocore does not repeat what this client sends."""
        attributes = {
            "status": message["status"],
            "email": "yes" if email else "no",
            "reason_code": message.get("reason_code"),
            # Queues take no control characters, and SNS refuses what a subscriber cannot get.
            "file_type": printable(message.get("file_type", "")),
        }
        with aws_errors("SNS Publish"):
            self._sns.publish(
                TopicArn=self._topic_arn,
                Subject=subject,
                MessageStructure="json",
                Message=json.dumps({"default": json.dumps(message), "email": text}),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                    if value
                },
            )


def subject(message: Message) -> str:
    """What happened to which file, in a line that every mail server takes."""
    code = f" ({message['reason_code']})" if "reason_code" in message else ""
    headline, _ = _headline(message)
    return _subject_line(f"{headline}: {message['file_name']}", code)


def email_text(message: Message) -> str:
    """The e-mail for a person who uploads files, not for a programmer."""
    _, first_line = _headline(message)
    facts = {
        "File": printable(message["object_key"]),
        "Size": readable_size(message["size_bytes"]),
        "Uploaded": _readable_time(message["uploaded_at"]),
        "Why": printable(message.get("reason", "")),
        "Now in": _place(message),
        "Retry": _retry(message),
    }
    lines = [f"{name + ':':<10} {value}" for name, value in facts.items() if value]
    return "\n".join(
        [
            first_line,
            "",
            *lines,
            "",
            "What to do next",
            _next_step(message),
            "",
            f"Pipeline {printable(message['pipeline'])}, upload {message['upload_id']}"
            + (f", {message['reason_code']}" if "reason_code" in message else ""),
            "",
        ]
    )


def pause_text(message: Message) -> str:
    """The one notice of a storm."""
    return (
        "Many files arrive at once, so e-mails about single files are paused while this lasts.\n"
        "Nothing else is paused: every file is dealt with, recorded and published as usual.\n\n"
        "What to do next\n"
        "See which files need somebody, and whether all else is well:\n"
        "  scalper list\n"
        "  scalper status\n"
        f"{_WHICH_STACK}\n"
        "This notice comes at most once an hour.\n\n"
        f"Pipeline {printable(message['pipeline'])}\n"
    )


def printable(text: str) -> str:
    """Make all that could move a cursor, start a line, turn text round or hide in it visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() and c not in UNSEEN
        else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )


def readable_size(size_bytes: int) -> str:
    """As people say it: 1.5 MB is 1,500,000 bytes."""
    size = float(size_bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size_bytes} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _readable_time(iso: str) -> str:
    return f"{iso[:10]} {iso[11:19]} UTC"


def _headline(message: Message) -> tuple[str, str]:
    if message.get("parked"):
        return _PARKED
    return _HEADLINES[Status(message["status"])]


def _retry(message: Message) -> str:
    if "retry_at" in message:
        return f"by itself, from {_readable_time(message['retry_at'])}"
    if message.get("parked"):
        return f"none by itself any more (tried again so far: {message.get('retries', 0)})"
    return ""


def _place(message: Message) -> str:
    match message["status"]:
        case Status.PROCESSED if _was_overtaken(message):
            return f"quarantine, {printable(message['location'])}, because a newer upload is there"
        case Status.PROCESSED if "location" in message:
            return f"the input bucket, {printable(message['bucket'])}, back from quarantine"
        case Status.PROCESSED | Status.HELD:
            return f"the input bucket, {printable(message['bucket'])}, untouched"
        case Status.QUARANTINED:
            return f"quarantine, {printable(message['location'])}"
        case _:
            return "nowhere: it was deleted"


def _was_overtaken(message: Message) -> bool:
    """A retry accepted the file, and found a newer upload of its key where it came from."""
    return message["status"] == Status.PROCESSED and "location_version_id" in message


def _next_step(message: Message) -> str:
    if message["status"] == Status.PROCESSED and not _was_overtaken(message):
        return "Nothing."
    show, logs, download, retry = (
        _command(name, message) for name in ("show", "logs", "download", "retry")
    )
    match message["status"]:
        case Status.PROCESSED:
            return (
                "Nothing: it was dealt with, and the newer upload was left as it is.\n"
                f"Operators: should this one be needed too:\n{download}\n{_WHICH_STACK}"
            )
        case Status.QUARANTINED if message["reason_code"] in _NOT_BY_CONTENT:
            return (
                "Uploaders: nothing for now.\n"
                "Operators: see whether the file or the code of `process` is to blame:\n"
                f"{show}\n{logs}\n"
                f"When the code is mended, try the file again:\n{retry}\n{_WHICH_STACK}"
            )
        case Status.QUARANTINED:
            return (
                "Correct the file and upload it again.\n"
                "Operators: to see its story, and to look at what was set aside:\n"
                f"{show}\n{download}\n{_WHICH_STACK}"
            )
        case Status.HELD:
            return (
                "Uploaders: nothing, and please do not upload it again.\n"
                f"Operators: remove the cause above. The file's story:\n{show}\n"
                f"Then try it again:\n{retry}\n{_WHICH_STACK}"
            )
        case _:
            return (
                "If the file is still needed, upload it again.\n"
                f"Operators: to see its story:\n{show}\n{_WHICH_STACK}"
            )


_WHICH_STACK = "(`scalper` asks the stack that --stack or SCALPER_STACK names.)"


def _command(name: str, message: Message) -> str:
    """Safe to paste into a shell, whatever the file is called."""
    key = message["object_key"]
    if "\0" in key:
        return "  scalper list"
    upload = "" if name == "show" else f"--upload {message['upload_id']} "
    return f"  scalper {name} {upload}{shell_word(key, ascii_only=True)}"


def _subject_line(start: str, end: str = "") -> str:
    """Cut `start`, never `end`, so that the whole fits SNS."""
    if not (start.isascii() and start.isprintable()):
        letters = (c for c in unicodedata.normalize("NFKD", start) if not unicodedata.combining(c))
        start = "".join(c if " " <= c <= "~" else "?" for c in letters)
    room = SUBJECT_LENGTH - len(end)
    return (start if len(start) <= room else f"{start[: room - 3]}...") + end
