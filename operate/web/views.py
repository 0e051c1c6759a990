"""What the page shows. Each view reads a bounded part, however much there is."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from handler.model.item import Item, Status

from ..act.download import place_of
from ..read.deployment import Deployment
from ..read.errors import OperateError, told_plainly
from ..read.files import Waiting
from ..read.logs import fields_of, lines_of
from ..read.recent import recent as recent_outcomes
from ..read.sources import versions
from ..read.status import health_of
from ..read.story import (
    Story,
    being_retried,
    is_half_discarded,
    next_step,
    place,
    story,
    undeleted,
    upload_of,
)
from ..read.waiting_page import AT_ONCE, Position, groups_within, page_of
from .asked import Asked, Refused

LOOKED_UP = 10
"""Uploads of one key whose place is looked up; the newest are."""
MOST_LINES = 500
"""Log lines of a file; the newest are shown."""
FOUND = 100


def me(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """Who asks, and of which pipeline."""
    settings, outputs = deployment.settings, deployment.outputs
    region, account = outputs.alerts_topic_arn.split(":")[3:5]
    return {
        "name": asked.visitor.name,
        "may_act": asked.visitor.may_act,
        "pipeline": settings.pipeline,
        "stack": settings.stack,
        "account": account,
        "region": region,
        "is_emulator": outputs.endpoint is not None,
        "input_bucket": settings.input_bucket,
        "quarantine_bucket": settings.quarantine_bucket,
    }


def overview(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """As `scalper status`, with what waits counted up to a bound."""
    now = datetime.now(UTC)
    found = groups_within(deployment, now)
    health = health_of(deployment, found.groups, now, at_once=AT_ONCE)
    return {**health.as_dict(), "more": found.more}


def waiting(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """As `scalper list`, a page at a time."""
    page = page_of(deployment, asked.selection(), after=_position(asked.one("after")))
    now = datetime.now(UTC)
    return {
        "asked_at": now.isoformat(),
        "files": [
            {
                **asdict(file),
                "needs": file.needs(now),
                "is_tried_now": file.is_tried_now(now),
            }
            for file in page.files
        ],
        "after": str(page.after) if page.after else None,
        "complete": page.complete,
    }


def _position(text: str | None) -> Position | None:
    try:
        return Position.read(text) if text is not None else None
    except OperateError as error:
        raise Refused(400, str(error)) from None


def file(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """As `scalper show`; where each upload is now is looked up, not remembered."""
    told = story(deployment, asked.key(), asked.upload_id())
    now = datetime.now(UTC)
    return {
        "key": told.key,
        "asked_at": now.isoformat(),
        "uploads": [
            _upload(deployment, item, now, newest=at == 0, look=at < LOOKED_UP)
            for at, item in enumerate(told.uploads)
        ],
        "unrecorded": list(_unrecorded(told)),
    }


def _upload(
    deployment: Deployment, item: Item, now: datetime, *, newest: bool, look: bool
) -> dict[str, Any]:
    sentence, commands = next_step(item, newest=newest, now=now)
    waits = Waiting.of(item) if "attention_at" in item else None
    return {
        "record": item,
        "place": place(item),
        "there": _is_there(deployment, item) if look else None,
        "and_in": undeleted(item),
        "next": sentence,
        "commands": commands,
        "being_retried": being_retried(item) if item["status"] != Status.GONE else None,
        "half_discarded": is_half_discarded(item),
        "since": waits.since if waits else None,
        "needs": waits.needs(now) if waits and not is_half_discarded(item) else None,
    }


def _is_there(deployment: Deployment, item: Item) -> bool | None:
    """Whether S3 has the file where its record says; None where nobody may tell."""
    if item["status"] == Status.GONE:
        return None
    bucket, version_id = place_of(deployment, item)
    version = {"VersionId": version_id} if version_id else {}
    with told_plainly(f"look at a file in the bucket {bucket}"):
        try:
            deployment.clients.s3.head_object(
                Bucket=bucket,
                Key=item["object_key"],
                **version,  # type: ignore[arg-type]
            )
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status in (400, 404):
                # 400 is for a version id that this bucket never gave.
                return False
            if status == 403:
                # Refused keys and archived files answer so too.
                return None
            raise
    return True


def _unrecorded(told: Story) -> Iterator[dict[str, Any]]:
    for it in told.unrecorded:
        yield {
            "version_id": it.version.version_id,
            "size_bytes": it.version.size_bytes,
            "modified": datetime.fromtimestamp(it.version.modified, UTC).isoformat(),
            "event_kept": it.event_kept,
            "passed_over": it.passed_over.name,
        }


def logs(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """As `scalper logs`."""
    item = upload_of(deployment, asked.key(), asked.upload_id())
    lines = lines_of(deployment, item)
    return {
        "upload_id": item["upload_id"],
        "lines": [
            {"at": it.at, "function": it.function, "text": it.text, "fields": fields_of(it.text)}
            for it in lines[-MOST_LINES:]
        ],
        "more": len(lines) > MOST_LINES,
    }


def recent(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """What became of files of late, accepted ones too."""
    return asdict(recent_outcomes(deployment, datetime.now(UTC)))


def find(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """The keys that begin with a text, in the input bucket and in quarantine."""
    text = asked.required("text")
    found: dict[str, dict[str, Any]] = {}
    more = False
    settings = deployment.settings
    for bucket in (settings.input_bucket, settings.quarantine_bucket):
        listed = list(islice(versions(deployment, bucket, text), FOUND + 1))
        more = more or len(listed) > FOUND
        for version in listed[:FOUND]:
            known = found.setdefault(
                version.key, {"key": version.key, "versions": 0, "modified": 0.0, "in": []}
            )
            known["versions"] += 1
            if version.modified >= known["modified"]:
                known |= {"modified": version.modified, "size_bytes": version.size_bytes}
            place = "input" if bucket == settings.input_bucket else "quarantine"
            if place not in known["in"]:
                known["in"].append(place)
    for known in found.values():
        known["modified"] = datetime.fromtimestamp(known["modified"], UTC).isoformat()
    return {"files": [found[key] for key in sorted(found)][:FOUND], "more": more}
