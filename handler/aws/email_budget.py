"""Which outcomes may be e-mailed, decided for all instances together.

SNS suspends an e-mail address that is offered more than 10 messages a second and deletes it days
later, so a spike of files would cost the team its alert channel. Source:
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html

There are ten places, all in one item. An e-mail holds one while it is published and `REST_MS`
longer. So no two e-mails of one place reach SNS in the same second, however slow SNS, the table and
the function are, also where the clocks of two instances differ by a second. A place whose holder
died, got no answer, or left it because there were plenty, is free again after `HOLD_MS`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from .. import clock
from ..model.errors import ConditionFailed, Fault
from ..model.item import Item
from ..model.settings import Settings
from .errors import aws_errors
from .records import plain_item, typed_item

BUDGET_KEY = "scalper:email-budget, no file: a key of S3 has at most 1024 bytes ".ljust(1025, ".")
"""Longer than any file's key, so that no upload can be taken for it, nor it for an upload."""
_KEY = {"object_key": BUDGET_KEY, "upload_id": "places"}

Kind = Literal["success", "failure", "notice"]
"""A failure is also the good end of a file that failed before: who heard of that hears of it."""
PLACES: dict[Kind, tuple[str, ...]] = {
    "success": tuple(f"place_{number}" for number in range(6)),
    "failure": tuple(f"place_{number}" for number in range(9)),
    "notice": ("place_9",),
}
"""By kind, the attributes that it may take: good news leaves room for bad."""
ALL_PLACES = PLACES["failure"] + PLACES["notice"]
SUCCESSES_A_DAY = 10
"""A day is one of UTC. Enough to see that all works; nobody reads the thousandth."""

REST_MS = 2_000
"""The second that SNS counts, and one by which clocks may differ."""
HOLD_MS = 30_000
ANSWER_MS = 10_000
"""A place that the table grants later than that is void. So an e-mail has 18 seconds to reach SNS
before another can have its place; a try is given up after about six (`SNS_CONFIG`)."""
LEFT_TO_EXPIRE = 2
"""While no more are held, freeing a place is not worth a call."""
TRIES = 3
"""To take a place: the table may know of a new day, and of others who took the same one."""

NOTICE_SECONDS = 3_600
"""From one notice to the next, at least."""
CLAIM_SECONDS = 120
"""A claim of the notice that is older is abandoned; any instance may send the notice."""
KEPT_SECONDS = 2 * 24 * 3_600

_FREE = "(attribute_not_exists(#place) OR #place <= :now)"
_UNSENT = "#owner = :me AND attribute_not_exists(notice_sent_at)"
_CLAIMABLE = (
    "(attribute_not_exists(notice_claimed_at) OR notice_sent_at < :an_hour_ago OR "
    f"({_UNSENT}) OR (attribute_not_exists(notice_sent_at) AND notice_claimed_at < :abandoned))"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Leave to publish one e-mail, at once, and once."""

    name: str
    held_until: int
    """In milliseconds since 1970, as recorded."""
    should_be_freed: bool
    is_last_success: bool
    """No further success is e-mailed this day."""


class EmailBudget:
    """Asks the table, and remembers what it answered, so that a storm costs few calls."""

    def __init__(
        self, dynamodb: Any, settings: Settings, seconds: Callable[[], float] | None = None
    ) -> None:
        self._dynamodb = dynamodb
        self._table = settings.table
        self._seconds = seconds or clock.seconds
        self._seen: Item = {}
        self._seen_at = 0

    def ask(self, kind: Kind, owner: str) -> Place | None:
        """Take a place for one e-mail; `owner` spreads those who ask at once over the places."""
        for _ in range(TRIES):
            now = self._now()
            name = self._choose(kind, owner, now)
            if name is None:
                return None
            place = self._take(kind, name, now)
            if place and self._now() < now + ANSWER_MS:
                return place
        return None

    def free(self, place: Place) -> None:
        """The e-mail has reached SNS, or SNS has refused it: another may have its place soon."""
        if not place.should_be_freed:
            return
        values = {":mine": place.held_until, ":soon": self._now() + REST_MS}
        try:
            self._update("SET #place = :soon", "#place = :mine", place.name, values)
        except (ConditionFailed, Fault):
            return  # it expires by itself

    def claim_notice(self, owner: str, *, unfinished: bool = False) -> Place | None:
        """May `owner`, a Lambda request id, send the notice now? One an hour may.

        Should it die before `notice_sent`, its own retry may, and whoever asks two minutes later.
        With `unfinished`, only such a retry may.
        """
        now = self._now()
        if not unfinished and not self._may_be_claimed(owner, now):
            return None
        (name,) = PLACES["notice"]
        values: dict[str, Any] = {":me": owner, ":claimed": now // 1000, ":now": now}
        values |= {":until": now + HOLD_MS, ":expiry": now // 1000 + KEPT_SECONDS}
        if not unfinished:
            values[":an_hour_ago"] = now // 1000 - NOTICE_SECONDS
            values[":abandoned"] = now // 1000 - CLAIM_SECONDS
        try:
            self._update(
                "SET #place = :until, #owner = :me, notice_claimed_at = :claimed, "
                "expires_at = :expiry REMOVE notice_sent_at",
                f"{_FREE} AND {_UNSENT if unfinished else _CLAIMABLE}",
                name,
                values,
            )
        except ConditionFailed:
            return None
        except Fault as fault:
            if not fault.throttled:
                raise
            return None
        if self._now() >= now + ANSWER_MS:
            return None
        return Place(name, now + HOLD_MS, should_be_freed=False, is_last_success=False)

    def notice_sent(self) -> None:
        """Nobody needs to send it for an hour."""
        sent = self._now() // 1000
        (name,) = PLACES["notice"]
        values = {":sent": sent, ":soon": self._now() + REST_MS}
        self._update("SET notice_sent_at = :sent, #place = :soon", "", name, values)

    def _choose(self, kind: Kind, owner: str, now: int) -> str | None:
        """A place that is free as far as is known; None where asking would be in vain."""
        if kind == "success" and not self._allows_success(now):
            return None
        names = PLACES[kind]
        first = zlib.crc32(owner.encode()) % len(names)
        in_turn = names[first:] + names[:first]
        # What was held a while ago may have been freed since.
        may_be_free = in_turn[0] if now >= self._seen_at + REST_MS else None
        return next((name for name in in_turn if self._seen.get(name, 0) <= now), may_be_free)

    def _allows_success(self, now: int) -> bool:
        return self._seen.get("day") != _day(now) or self._seen["successes"] < SUCCESSES_A_DAY

    def _take(self, kind: Kind, name: str, now: int) -> Place | None:
        update = "SET #place = :until, expires_at = :expiry"
        condition = _FREE
        values: dict[str, Any] = {":until": now + HOLD_MS, ":now": now}
        values[":expiry"] = now // 1000 + KEPT_SECONDS
        if kind == "success":
            values |= {":today": _day(now), ":one": 1}
            if self._seen_at and self._seen.get("day", "") < _day(now):
                update += ", #day = :today, successes = :one"
                condition += " AND (attribute_not_exists(#day) OR #day < :today)"
            else:
                values[":most"] = SUCCESSES_A_DAY
                update += ", successes = successes + :one"
                condition += " AND #day = :today AND successes < :most"
        try:
            self._update(update, condition, name, values)
        except ConditionFailed:
            return None
        except Fault as fault:
            if not fault.throttled:
                raise
            # So many ask at once that the item itself is too busy: that is a storm.
            self._seen, self._seen_at = self._seen | dict.fromkeys(ALL_PLACES, now + REST_MS), now
            return None
        held = sum(self._seen[place] > now for place in ALL_PLACES if place in self._seen)
        last = kind == "success" and self._seen["successes"] >= SUCCESSES_A_DAY
        return Place(name, now + HOLD_MS, held > LEFT_TO_EXPIRE, last)

    def _may_be_claimed(self, owner: str, now: int) -> bool:
        """As far as is known, which saves a call for most."""
        if self._choose("notice", owner, now) is None:
            return False
        seconds = now // 1000
        if "notice_sent_at" in self._seen:
            return bool(self._seen["notice_sent_at"] < seconds - NOTICE_SECONDS)
        claimed_at = self._seen.get("notice_claimed_at", 0)
        return self._seen.get("notice_owner") == owner or claimed_at < seconds - CLAIM_SECONDS

    def _update(self, update: str, condition: str, place: str, values: dict[str, Any]) -> None:
        """Raises `ConditionFailed` or a `Fault`; what stands then is remembered."""
        names = {"#place": place, "#day": "day", "#owner": "notice_owner"}
        names = {name: meant for name, meant in names.items() if name in update + condition}
        conditional = {"ConditionExpression": condition} if condition else {}
        asked_at = self._now()
        try:
            with aws_errors("DynamoDB UpdateItem"):
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=typed_item(_KEY),
                    UpdateExpression=update,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=typed_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **conditional,
                )
        except ConditionFailed as failed:
            self._seen, self._seen_at = plain_item(failed.item), asked_at
            raise
        self._seen, self._seen_at = plain_item(answer["Attributes"]), asked_at

    def _now(self) -> int:
        return int(self._seconds() * 1000)


def _day(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d")
