"""One compact JSON line a file: searchable by key, and free metrics where one is due.

A line with `_aws` is read as a metric by CloudWatch (embedded metric format). Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from typing import TYPE_CHECKING, Any

from . import clock
from .model.errors import Fault
from .model.event import Upload
from .model.item import Item, Status

if TYPE_CHECKING:
    from .model.delivery import Delivery, Outcome

METRIC_NAMESPACE = "SilentScalper"
METRIC_DIMENSION = "Pipeline"
METRICS = {Status.QUARANTINED: "FilesQuarantined", Status.HELD: "FilesHeld"}
"""Counted only where the alarms look; every metric has its price."""


def outcome(pipeline: str, delivery: "Delivery", outcome: "Outcome") -> None:
    """Write what became of a file; `stood` when a fate was recorded before.

    A retry is not counted again when it leaves a file what it was.
    """
    line: dict[str, Any] = {
        "status": str(outcome.status),
        **_file(delivery.upload),
        "ms": round((clock.monotonic() - delivery.started) * 1000),
    }
    if not outcome.recorded:
        line["stood"] = True
    if outcome.reason_code:
        line["code"] = outcome.reason_code
    claimed = delivery.claimed or {}
    if claimed:
        line["retry"] = claimed["retries"]
    metric = METRICS.get(outcome.status)
    if metric and outcome.recorded and outcome.status != claimed.get("status"):
        line |= _metric(pipeline, metric)
    _write(line)


def ignored(upload: Upload) -> None:
    """Write that a key was passed over: a folder marker, or a pattern of the deployment."""
    _write({"status": "IGNORED", **_file(upload)})


def restored(upload: Upload) -> None:
    """Write that an event was passed over: a retry made this object, and it has its record."""
    _write({"status": "RESTORED", **_file(upload)})


def nothing_to_retry(object_key: str, upload_id: str) -> None:
    """Write that a retry was not to be done: it was done, or somebody has dealt with the file."""
    _write({"status": "NOTHING_TO_RETRY", "key": object_key, "upload_id": upload_id})


def retry_finished(pipeline: str, upload: Upload, recorded: Item) -> None:
    """Write that what an earlier try of a retry had `recorded` is carried out now.

    That try died before it counted anything.
    """
    line: dict[str, Any] = {"status": "RETRY_FINISHED", **_file(upload)}
    metric = METRICS.get(recorded["status"])
    if metric and recorded["status"] != recorded["history"][-1]["status"]:
        line |= _metric(pipeline, metric)
    _write(line)


def fault(upload: Upload | None, fault: Fault) -> None:
    """Write what went wrong with a file; Lambda will try it again."""
    _write(
        {
            "status": "FAULT",
            **(_file(upload) if upload else {}),
            "code": str(fault.code),
            "reason": fault.reason,
            **({"traceback": fault.traceback} if fault.traceback else {}),
        }
    )


def note(text: str) -> None:
    """Write something that concerns no file."""
    _write({"note": text})


def _file(upload: Upload) -> dict[str, Any]:
    return {
        "key": upload.key,
        "upload_id": upload.upload_id,
        "type": upload.file_type,
        "size": upload.size_bytes,
    }


def _metric(pipeline: str, name: str) -> dict[str, Any]:
    return {
        "_aws": {
            "Timestamp": int(clock.seconds() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": METRIC_NAMESPACE,
                    "Dimensions": [[METRIC_DIMENSION]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }
            ],
        },
        METRIC_DIMENSION: pipeline,
        name: 1,
    }


def _write(line: dict[str, Any]) -> None:
    # ASCII only, so that no file name can end the line or move a cursor.
    print(json.dumps(line, separators=(",", ":")), flush=True)
