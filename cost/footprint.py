"""What one file leaves behind, in bytes: made with the handler's own code, not guessed."""

import contextlib
import io
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from handler import log
from handler.aws.alerts import Alerts
from handler.aws.email_budget import EmailBudget, Kind, Place
from handler.aws.records import Records
from handler.model.delivery import Delivery, Outcome
from handler.model.errors import Code, Fault
from handler.model.event import UPLOAD_ID_LENGTH, Upload
from handler.model.item import Item, Status

from .pipeline import Pipeline
from .workload import Workload

REASON = "line 1,204: the column 'amount' holds 'n/a', which is no number; correct it, send again"
"""As long as what `process` says of a file usually is."""
TRACEBACK = """Traceback (most recent call last):
  File "/var/task/process/main.py", line 43, in process
    read_it(file)
ValueError: line 1,204: the column 'amount' holds 'n/a'"""
"""Of an error in the user's own code, two calls deep."""
VERSION_ID = "v" * 32
REQUEST_ID = "r" * 36
SENDER = f"AWS:{'A' * 21}:{'s' * 20}"
"""A role, with the name of its session."""
ADDRESS = "203.0.113.150"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes that are billed about one file."""

    record: int
    listed: int
    """Of the record's copy in the index of the files that need somebody; 0 when it has none."""
    alert: int
    log: int


def accepted(pipeline: Pipeline, workload: Workload) -> Footprint:
    """Of a file that is PROCESSED at the first try."""
    return _footprint(pipeline, workload, Status.PROCESSED)


def set_aside(pipeline: Pipeline, workload: Workload) -> Footprint:
    """Of a file that is QUARANTINED."""
    return _footprint(
        pipeline,
        workload,
        Status.QUARANTINED,
        reason_code=str(Code.PROCESS_FAILED),
        reason=REASON,
        location=f"s3://{pipeline.settings.quarantine_bucket}/{_upload(pipeline, workload).key}",
        location_version_id=VERSION_ID,
    )


def fault_line(pipeline: Pipeline, workload: Workload) -> int:
    """Bytes of the line that a try writes when `process` fails."""
    fault = Fault(Code.PROCESS_FAILED, REASON)
    fault.traceback = TRACEBACK
    with _captured() as written:
        log.fault(_upload(pipeline, workload), fault)
    return len(written.getvalue())


def item_bytes(item: Mapping[str, Any], names: Iterable[str] | None = None) -> int:
    """Size of an item, or of its attributes of those `names`, as DynamoDB counts it.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    wanted = item.keys() if names is None else item.keys() & set(names)
    return sum(len(name.encode()) + _value_bytes(item[name]) for name in wanted)


def _value_bytes(value: Any) -> int:
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (int, float)):
        digits = len(str(abs(value)).replace(".", "").strip("0"))
        return (digits + 1) // 2 + 1
    if isinstance(value, Mapping):
        return 3 + len(value) + item_bytes(value)
    return 3 + len(value) + sum(_value_bytes(part) for part in value)


def _footprint(pipeline: Pipeline, workload: Workload, status: Status, **details: Any) -> Footprint:
    upload = _upload(pipeline, workload)
    item = Records(None, pipeline.settings).item(upload, status, REQUEST_ID, 15, **details)
    listed = "attention_shard" in item
    with _captured() as written:
        log.outcome(
            pipeline.settings.pipeline,
            Delivery(upload, REQUEST_ID, time.monotonic()),
            Outcome(status, recorded=True, reason_code=details.get("reason_code")),
        )
    return Footprint(
        record=item_bytes(item),
        listed=item_bytes(item, pipeline.listed_attributes) if listed else 0,
        alert=_alert_bytes(pipeline, item),
        log=len(written.getvalue()),
    )


def _alert_bytes(pipeline: Pipeline, item: Item) -> int:
    """The text for people and the JSON for machines, with the attributes."""
    topic = _Paper()
    Alerts(topic, replace(pipeline.settings, email_on="all"), _Room()).publish(item)
    request = topic.request
    texts = [request["Message"], request["Subject"], json.dumps(request["MessageAttributes"])]
    return sum(len(text.encode()) for text in texts)


class _Room(EmailBudget):
    """Has a place for each e-mail, because those with a text for people are the longest alerts."""

    def __init__(self) -> None:
        """Asks nobody."""

    def ask(self, kind: Kind, owner: str) -> Place:
        return Place("place", 0, should_be_freed=False, is_last_success=kind == "success")

    def free(self, place: Place) -> None:
        """Nobody else wants it."""


class _Paper:
    """Stands where the handler has the client of SNS, and keeps what it is given."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}

    def publish(self, **request: Any) -> None:
        self.request = request


def _upload(pipeline: Pipeline, workload: Workload) -> Upload:
    half = workload.key_bytes // 2
    name = "n" * (half - 4) + ".csv" if half > 4 else "n" * half
    folder = "f" * (workload.key_bytes - half - 1) + "/"
    return Upload(
        bucket=pipeline.settings.input_bucket,
        key=folder + name,
        version_id=VERSION_ID,
        etag="e" * 32,
        size_bytes=workload.size_bytes,
        upload_id="0055AED6DCD90281E5".ljust(UPLOAD_ID_LENGTH, "0"),
        uploaded_at=datetime.now(UTC),
        record={},
        sender=SENDER,
        sender_address=ADDRESS,
    )


@contextlib.contextmanager
def _captured() -> Any:
    with contextlib.redirect_stdout(io.StringIO()) as written:
        yield written
