"""What an alert says to a person: its subject and its text."""

import unicodedata
from typing import Any

from .errors import WORTH_RETRYING, Code
from .item import Item, Status
from .text import printable, readable_size, shell_word

SUBJECT_LENGTH = 99
"""SNS takes fewer than 100 characters, of printable ASCII, without line breaks."""
_LONGEST_PIPELINE = 40
_SHORTEST_START = 20
"""Characters of a subject that no reason code, however long, takes from what happened."""

Message = dict[str, Any]

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


def subject(message: Message) -> str:
    """What happened to which file of which pipeline, in a line that every mail server takes."""
    code = f" ({message['reason_code']})" if "reason_code" in message else ""
    headline, _ = _headline(message)
    return subject_line(f"{headline}: {message['file_name']}", code, message["pipeline"])


def email_text(message: Message, *, is_last: bool = False) -> str:
    """The e-mail for a person who uploads files, not for a programmer.

    `is_last` says that no further accepted file is e-mailed this day.
    """
    _, first_line = _headline(message)
    facts = {
        "File": printable(message["object_key"]),
        "Size": readable_size(message["size_bytes"]),
        "Uploaded": _readable_time(message["uploaded_at"]),
        "By": sender_of(message),
        "Why": printable(message.get("reason", "")),
        "Now in": _place(message),
        "And in": _also_in(message),
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
            *_about_undeleted(message),
            "",
            *([_no_more_today(message), ""] if is_last else []),
            f"Pipeline {printable(message['pipeline'])}, upload {message['upload_id']}"
            + (f", {message['reason_code']}" if "reason_code" in message else ""),
            "",
        ]
    )


def notice_text(message: Message) -> str:
    """What people get once instead of an e-mail for each of many failures."""
    return (
        "So many files fail at once that not each of them gets an e-mail of its own.\n"
        "Nothing else has changed: every file is dealt with, recorded and published as usual.\n\n"
        "What to do next\n"
        "See which files need somebody, and whether all else is well:\n"
        f"{in_stack('list', message['stack'])}\n"
        f"{in_stack('status', message['stack'])}\n"
        f"{WHERE_TO_TYPE}\n"
        "This notice comes at most once an hour.\n\n"
        f"Pipeline {printable(message['pipeline'])}\n"
    )


def _no_more_today(message: Message) -> str:
    return (
        "Further accepted files get no e-mail until midnight UTC, so that this inbox stays\n"
        "readable. Files that fail still do. To see that all is well:\n"
        f"{in_stack('status', message['stack'])}"
    )


def _readable_time(iso: str) -> str:
    return f"{iso[:10]} {iso[11:19]} UTC"


def sender_of(item: Item) -> str:
    """Who uploaded a file and from where, as far as its door has told; empty where it has not."""
    words = [item.get("sender", ""), item.get("sender_address", "")]
    return ", from ".join(printable(word) for word in words if word)


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


def _also_in(message: Message) -> str:
    """Where it still is because S3 refuses to delete it for good."""
    return "; ".join(
        f"{'the input bucket' if one['bucket'] == message['bucket'] else 'quarantine'}, "
        f"{printable(one['bucket'])}, because S3 refuses to delete it: {printable(one['reason'])}"
        for one in message.get("undeleted", [])
    )


def _about_undeleted(message: Message) -> list[str]:
    if "undeleted" not in message:
        return []
    if message["status"] == Status.QUARANTINED:
        then = "Once it may be deleted, `scalper retry` and `scalper discard` delete it."
    else:
        then = "It does no harm; it can be deleted, or expires, once that has ended."
    return [
        "Operators: find out what keeps S3 from deleting it: a legal hold, Object Lock, or a "
        f"policy that denies it. {then}"
    ]


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
                f"Operators: should this one be needed too:\n{download}\n{WHERE_TO_TYPE}"
            )
        case Status.QUARANTINED if message["reason_code"] in _NOT_BY_CONTENT:
            return (
                "Uploaders: nothing for now.\n"
                "Operators: see whether the file or the code of `process` is to blame:\n"
                f"{show}\n{logs}\n"
                f"When the code is mended, try the file again:\n{retry}\n{WHERE_TO_TYPE}"
            )
        case Status.QUARANTINED:
            return (
                "Correct the file and upload it again.\n"
                "Operators: to see its story, and to look at what was set aside:\n"
                f"{show}\n{download}\n{WHERE_TO_TYPE}"
            )
        case Status.HELD:
            return (
                "Uploaders: nothing, and please do not upload it again.\n"
                f"Operators: remove the cause above. The file's story:\n{show}\n"
                f"Then try it again:\n{retry}\n{WHERE_TO_TYPE}"
            )
        case _:
            return (
                "If the file is still needed, upload it again.\n"
                f"Operators: to see its story:\n{show}\n{WHERE_TO_TYPE}"
            )


WHERE_TO_TYPE = "(To be typed in the folder of the Pulumi program.)"
"""There `pulumi` knows the stack by its short name."""


def in_stack(command: str, stack: str) -> str:
    """`command` of `scalper`, with the option that names the stack."""
    return f"  scalper {command} --stack {shell_word(stack, ascii_only=True)}"


def _command(name: str, message: Message) -> str:
    """Safe to paste into a shell, whatever the file is called."""
    key = message["object_key"]
    if "\0" in key:
        return in_stack("list", message["stack"])
    upload = "" if name == "show" else f"--upload {message['upload_id']} "
    return f"{in_stack(name, message['stack'])} {upload}{shell_word(key, ascii_only=True)}"


def subject_line(start: str, end: str, pipeline: str) -> str:
    """`start`, `end` and the pipeline; `start` and the pipeline are cut so that SNS takes it."""
    room = min(_LONGEST_PIPELINE, SUBJECT_LENGTH - len(end) - len(" []") - _SHORTEST_START)
    name = _ascii(pipeline)
    # The end of the name says more: it is the project, the stack and the pipeline.
    end += f" [{name if len(name) <= room else '...' + name[-(room - 3) :]}]"
    start, room = _ascii(start), SUBJECT_LENGTH - len(end)
    return (start if len(start) <= room else f"{start[: room - 3]}...") + end


def _ascii(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "?" for c in letters)
