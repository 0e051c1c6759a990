"""How a retry begins: it claims the record of a file that was set aside or held.

It is in progress from then until its owner is the record's owner. What becomes of it is decided as
for every upload (fates.py), over the record that was claimed.
"""

from datetime import datetime
from typing import Any

from .. import clock, log
from ..model.delivery import Delivery
from ..model.event import Upload
from ..model.item import Item
from ..model.retry_event import Retry
from .fates import Fates
from .steps import Parts


class Reattempts:
    """Claims what a schedule or an operator asks to be tried again."""

    def __init__(self, parts: Parts, fates: Fates, pipeline: str) -> None:
        self._parts = parts
        self._fates = fates
        self._pipeline = pipeline

    def claim(
        self, event: Any, owner: str, *, rescuing: bool, in_hand: bool = False
    ) -> Delivery | None:
        """What `event` asks to be tried again; None when there is nothing to do any more."""
        retry = Retry.asked_by(event)
        claimed = self._parts.claims.claim(retry, owner, in_hand=in_hand)
        if claimed is None:
            log.nothing_to_retry(retry.object_key, retry.upload_id)
            return None
        upload = _upload_of(claimed)
        delivery = Delivery(upload, owner, clock.monotonic(), rescuing, claimed)
        if claimed["owner"] == claimed["retry_owner"]:
            # An earlier try recorded what became of it, and died before it was done.
            self._fates.resolve_conflict(delivery, claimed)
            log.retry_finished(self._pipeline, upload, claimed)
            return None
        former = str(claimed.get("taken_from", claimed["owner"]))
        if former != claimed["owner"]:
            refused = self._parts.restorer.remove(upload, former, upload.uploaded_at)
            if refused:
                # To be tried again, and told of, with what else is left (steps.py).
                claimed["undeleted"] = claimed.get("undeleted", []) + [
                    {"bucket": upload.bucket, "version_id": version_id, "reason": fault.reason}
                    for version_id, fault in refused
                ]
        return delivery


def _upload_of(claimed: Item) -> Upload:
    return Upload(
        bucket=claimed["bucket"],
        key=claimed["object_key"],
        version_id=claimed.get("version_id"),
        etag=claimed["etag"],
        size_bytes=claimed["size_bytes"],
        upload_id=claimed["upload_id"],
        uploaded_at=datetime.fromisoformat(claimed["uploaded_at"]),
        record=claimed.get("event", {}),
        sender=claimed.get("sender"),
        sender_address=claimed.get("sender_address"),
    )
