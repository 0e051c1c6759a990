"""The whole story of one file: every upload of its key, and what comes next."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from handler.model.errors import PROCESS_FAULTS, Code
from handler.model.item import Item, Status

from . import notified, sources
from .deployment import Deployment
from .errors import OperateError, UnknownFileError
from .files import WAITING, Waiting, uploads
from .kept_events import Look, look
from .names import ending_with
from .notified import PassedOver
from .sources import Version
from .words import shell_word

MOST = 100
"""Uploads and versions of one key that are told of; the newest are."""


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A version in the input bucket that no record names."""

    version: Version
    event_kept: bool
    """True when its event is in the queue of what could not be recorded."""
    passed_over: PassedOver


@dataclass(frozen=True, slots=True)
class Story:
    """Of one key."""

    key: str
    uploads: list[Item]
    """The records, the newest first."""
    unrecorded: list[Unrecorded]
    missing: list[str]
    """Of `uploads`, the upload ids whose file is not where the record says that it is."""


def story(deployment: Deployment, key: str, upload_id: str | None = None) -> Story:
    """Raise an `OperateError` with a hint when there is, and was, no such file."""
    found = list(islice(uploads(deployment, key), MOST))
    buckets = deployment.settings.input_bucket, deployment.settings.quarantine_bucket
    versions, copies = (
        list(islice(sources.versions_of(deployment, bucket, key), MOST)) for bucket in buckets
    )
    known = {item.get("version_id", sources.NO_VERSION) for item in found}
    unknown = [version for version in versions if version.version_id not in known]
    if not found and not unknown:
        raise no_such_file(deployment, key)
    if upload_id is not None:
        found = [item for item in found if item["upload_id"] == upload_id]
        if not found:
            raise no_such_upload(key, upload_id)
        unknown = []
    kept: set[str] = set()
    if unknown:
        kept = {event.version_id for event in look(deployment, Look()) if event.key == key}
    rules = deployment.settings.rules
    filters = notified.filters(deployment) if unknown else []
    return Story(
        key,
        found,
        [
            Unrecorded(it, it.version_id in kept, notified.passed_over(it, rules, filters))
            for it in unknown
        ],
        [item["upload_id"] for item in found if _is_elsewhere(item, versions, copies)],
    )


def _is_elsewhere(item: Item, versions: list[Version], copies: list[Version]) -> bool:
    """False also where it cannot be told, because there are too many versions of the key."""
    if item["status"] == Status.GONE or being_retried(item) is not None:
        return False
    listed, version_id = versions, item.get("version_id", sources.NO_VERSION)
    if "location_version_id" in item:
        listed, version_id = copies, item["location_version_id"]
    return len(listed) < MOST and all(it.version_id != version_id for it in listed)


def upload_of(deployment: Deployment, key: str, upload_id: str | None = None) -> Item:
    """The record of that upload of `key`, or of the newest; an `OperateError` where none is."""
    found = uploads(deployment, key)
    if upload_id is None:
        item = next(found, None)
    else:
        item = next((it for it in found if it["upload_id"] == upload_id), None)
    if item is None:
        told = story(deployment, key, upload_id)
        assert told.unrecorded, "what has no record and is not there was refused"
        raise OperateError(
            f"The file {shell_word(key)} has no record yet. See what is known of it: "
            f"scalper show {shell_word(key)}"
        )
    return item


def no_such_file(deployment: Deployment, key: str) -> UnknownFileError:
    """What to say of a key that has neither a record nor an object."""
    hint = ""
    for bucket in (deployment.outputs.input_bucket, deployment.outputs.quarantine_bucket):
        if key.startswith(start := f"s3://{bucket}/"):
            hint = f" Name it without the bucket: {shell_word(key.removeprefix(start))}"
    if not hint and any(character in key for character in "*?["):
        hint = (
            " It looks like a pattern, and a KEY is taken as it is written. For all that match: "
            f"scalper list --glob {shell_word(key)}"
        )
    if not hint and "/" not in key:
        # Who may not list the buckets is told what is known all the same.
        with suppress(OperateError):
            if named := ending_with(deployment, key):
                commands = ", ".join(f"scalper show {shell_word(it)}" for it in named)
                hint = f" These end with it: {commands}"
    return UnknownFileError(
        f"There is no file {shell_word(key)}: no record, and no object in the input bucket.{hint}"
    )


def no_such_upload(key: str, upload_id: str) -> UnknownFileError:
    """What to say of an upload id that the key has no record of."""
    return UnknownFileError(
        f"The file {shell_word(key)} has no upload {upload_id}. See its uploads: "
        f"scalper show {shell_word(key)}"
    )


def next_step(
    item: Item, *, newest: bool, missing: bool = False, now: datetime | None = None
) -> tuple[str, list[str]]:
    """What comes next for an upload, in a sentence, and the commands that may be typed.

    `missing` says that its file is not where the record says.
    """
    which = "" if newest else f"--upload {item['upload_id']} "
    target = f"{which}{shell_word(item['object_key'])}"
    if missing or item["status"] in (Status.PROCESSED, Status.GONE):
        return _of_what_is_over(item, target)
    if (since := being_retried(item)) is not None:
        return f"Nothing for now: it is being tried again since {since}.", []
    file = Waiting.of(item)
    match "S3" if "undeleted" in item else file.needs(now or datetime.now(UTC)):
        case "S3":
            sentence = (
                "Find out what keeps S3 from deleting it: a legal hold, Object Lock, or a policy "
                "that denies it. Once that has ended, either of these deletes what is left."
            )
            return sentence, [f"scalper {verb} {target}" for verb in ("retry", "discard")]
        case "nobody":
            return "Nothing for now: it is tried again by itself.", [f"scalper retry {target}"]
        case "sender":
            sentence = (
                "Its sender corrects it and uploads it again. Or change the rules or `process`, "
                "and try it again."
            )
            return sentence, [
                f"scalper {verb} {target}" for verb in ("download", "retry", "discard")
            ]
    return _for_the_operator(file.reason_code), [
        f"scalper {verb} {target}" for verb in ("logs", "download", "retry")
    ]


def _of_what_is_over(item: Item, target: str) -> tuple[str, list[str]]:
    if item["status"] in WAITING:
        sentence = (
            "If it was deleted on purpose, discard it, so that it no longer waits. If not, its "
            "sender uploads it again."
        )
        return sentence, [f"scalper discard {target}"]
    if is_half_discarded(item):
        return "Nobody finished discarding it.", [f"scalper discard {target}"]
    if item["status"] == Status.GONE and not is_discarded(item):
        return "If it is still needed, its sender uploads it again.", []
    if "undeleted" in item:
        return "Nothing. What S3 refused to delete may be deleted by hand, or expires.", []
    return "Nothing.", []


def _for_the_operator(reason_code: str) -> str:
    if reason_code in PROCESS_FAULTS:
        return "Mend `process`, or find out why it fails on this file; then try it again."
    if reason_code == Code.CANNOT_BE_MOVED:
        return "Remove what keeps S3 from moving it, or take it out by hand; then try it again."
    return "Remove the cause above, then try it again."


def is_discarded(item: Item) -> bool:
    """True when an operator threw the file away."""
    return item["status"] == Status.GONE and item.get("reason_code") == Code.DISCARDED


def is_half_discarded(item: Item) -> bool:
    """True when its file may still be there, or nobody was told: `scalper discard` stopped."""
    return is_discarded(item) and "attention_at" in item


def place(item: Item) -> str:
    """Where the file is now."""
    if item["status"] == Status.GONE:
        return "nowhere"
    if "location_version_id" in item:
        return f"quarantine, {item['location']}, version {item['location_version_id']}"
    version = f", version {item['version_id']}" if item.get("version_id") else ""
    return f"the input bucket, {item['bucket']}{version}"


def undeleted(item: Item) -> list[str]:
    """Where else the file is, because S3 refused to delete it there, and why."""
    return [
        f"{'the input bucket' if one['bucket'] == item['bucket'] else 'quarantine'}, "
        f"{one['bucket']}, version {one['version_id']}: {one['reason']}"
        for one in item.get("undeleted", [])
    ]


def being_retried(item: Item) -> str | None:
    """Since when a retry that claimed the file has been at work; None when none is."""
    # The claim comes first; whoever concludes the retry owns the record.
    if item.get("retry_owner", item["owner"]) == item["owner"]:
        return None
    claimed_at: str = item["claimed_at"]
    return claimed_at
