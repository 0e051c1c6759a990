"""A retry: a new attempt of an upload that was set aside or held, and never a second file.

A schedule or an operator asks for it with an event that names the upload and says how often it
was tried again before. Only one can count that number up, and it is counted before anything is
done, so a retry neither runs twice nor for ever.
"""

from datetime import datetime, timedelta

from .. import clock
from ..model.errors import ConditionFailed
from ..model.item import NEEDS_SOMEBODY, Item, Status, history_with, iso
from ..model.retry_event import ABANDONED_SECONDS, Retry
from .records import Records, plain_item

TRY_SECONDS = 16 * 60
"""No try of a function goes on for longer: Lambda stops it after 15 minutes; clocks may differ."""


class Claims:
    """The writes of a retry to its record, each of them conditional."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def claim(self, retry: Retry, owner: str, *, in_hand: bool = False) -> Item | None:
        """Count the retry as `owner`'s and return the record; None when it is not to be done.

        `in_hand` says that the user's code is loaded and is to be given the file: each such try of
        the retry is counted, as proof should the function die of it.

        `owner` is the Lambda request id, which the tries of one invocation share: they all find
        their claim again. `taken_from` is not the record's owner where a retry was abandoned.
        """
        is_next = "#retries = :before" if retry.retries else "attribute_not_exists(retries)"
        if retry.announced:
            is_next += " AND #retry_at = :announced"
        is_free = (
            "( attribute_not_exists(retry_owner) OR #owner = #retry_owner OR #claimed_at < :stale )"
        )
        now = clock.now()
        try:
            return self._records.change(
                {"object_key": retry.object_key, "upload_id": retry.upload_id},
                "SET #retries = :now, #attempt = #attempt + :one, #retry_owner = :me, "
                "#claimed_at = :at, #taken_from = if_not_exists( #retry_owner, #owner )"
                + (", #tries_in_hand = :one " if in_hand else " ")
                + "REMOVE #retry_at, #parked"
                + ("" if in_hand else ", #tries_in_hand"),
                f"( #status = :quarantined OR #status = :held ) AND {is_next} AND {is_free}",
                {
                    ":now": retry.retries + 1,
                    ":one": 1,
                    ":me": owner,
                    ":at": iso(now),
                    ":stale": iso(now - timedelta(seconds=ABANDONED_SECONDS)),
                    ":quarantined": str(Status.QUARANTINED),
                    ":held": str(Status.HELD),
                    **({":before": retry.retries} if retry.retries else {}),
                    **({":announced": retry.announced} if retry.announced else {}),
                },
            )
        except ConditionFailed as failed:
            existing = plain_item(failed.item)
        # A person may have dealt with the file while the retry was in progress.
        is_open = existing.get("status") in NEEDS_SOMEBODY or existing.get("owner") == owner
        is_mine = existing.get("retry_owner") == owner and is_open
        if not is_mine or existing["retries"] != retry.retries + 1:
            return None
        is_concluded = existing["owner"] == owner
        return self._counting_the_try(existing) if in_hand and not is_concluded else existing

    def _counting_the_try(self, claimed: Item) -> Item:
        try:
            return self._records.change(
                claimed,
                "SET #tries_in_hand = #tries_in_hand + :one",
                "#retry_owner = :me AND #owner = :owner AND #retries = :now "
                "AND attribute_exists(tries_in_hand)",
                {
                    ":one": 1,
                    ":me": claimed["retry_owner"],
                    ":owner": claimed["owner"],
                    ":now": claimed["retries"],
                },
            )
        except ConditionFailed:
            # It was concluded meanwhile, or taken over; whoever goes on will find that.
            return claimed

    def conclude(self, item: Item, claimed: Item) -> Item | None:
        """Record what became of the retry; None when recorded, else what stands."""
        condition = {name: claimed[name] for name in ("status", "owner", "retry_owner", "retries")}
        existing = claimed
        while True:
            # Another delivery of a held file may be counted meanwhile.
            expected = condition | {"attempt": existing["attempt"]}
            item |= {
                "attempt": existing["attempt"],
                "retries": claimed["retries"],
                "retry_owner": claimed["retry_owner"],
                "claimed_at": claimed["claimed_at"],
                "taken_from": claimed.get("taken_from", claimed["owner"]),
                "history": history_with(existing),
            }
            try:
                self._records.put(
                    item,
                    " AND ".join(f"#{name} = :{name}" for name in expected),
                    {f":{name}": value for name, value in expected.items()},
                )
                return None
            except ConditionFailed as failed:
                existing = plain_item(failed.item)
            if any(existing.get(name) != value for name, value in condition.items()):
                return existing

    def has_restored(
        self, key: str, upload_id: str, retry_owner: str, version_id: str, made_at: datetime
    ) -> bool:
        """True when that version of the input bucket is what a retry of `retry_owner` restored."""
        record = {"object_key": key, "upload_id": upload_id}
        lately = made_at - timedelta(seconds=TRY_SECONDS)
        return self._records.matches(
            record,
            "retry_owner",
            retry_owner,
            # The version is recorded after it is made, and S3 tells of it at once. What a twin of
            # a retry that did not accept the file has restored, it removes.
            "( #version_id = :version OR #owner <> #retry_owner OR #status <> :processed )",
            version=version_id,
            processed=str(Status.PROCESSED),
        ) or self._records.matches(
            # A try that began before the next retry was claimed may go on beside it for a while.
            record,
            "taken_from",
            retry_owner,
            "#claimed_at > :lately",
            lately=iso(lately),
        )
