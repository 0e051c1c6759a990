"""How many e-mails may be sent, counted for all instances together.

SNS suspends an e-mail address that is offered more than 10 messages a second and deletes it days
later, so a spike of files would cost the team its alert channel. Source:
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html

Time is cut into windows of ten seconds, and each has five places. A place is good for one try to
publish that begins in its window, and such a try is over after six seconds (`SNS_CONFIG`). So
whatever reaches SNS within one second began in the seven seconds before its end. These touch two
windows at most, also where the clocks of two instances differ by three seconds: ten e-mails.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from ..model.errors import ConditionFailed, Fault
from ..model.settings import Settings
from .errors import aws_errors
from .records import plain_item, typed_item

BUDGET_KEY = "scalper:email-budget"
"""Its sort keys are no hex numbers, so no file's record can collide with one."""
_NOTICE = {"object_key": BUDGET_KEY, "upload_id": "paused"}
"""The key of what is known about the last notice that e-mails are paused."""

WINDOW_SECONDS = 10
SUCCESSES_A_WINDOW = 2
EMAILS_A_WINDOW = 4
"""Failures may take all of them: good news leaves room for bad."""
NOTICE_SECONDS = 3600
"""From one notice to the next, at least."""
CLAIM_SECONDS = 120
"""After so long without a word, who claimed the notice has died: another tells."""

Kind = Literal["success", "failure", "notice"]
_PLACES: dict[Kind, tuple[str, int]] = {
    "success": ("emails", SUCCESSES_A_WINDOW),
    "failure": ("emails", EMAILS_A_WINDOW),
    "notice": ("notices", 1),
}
"""By kind, the counter in a window and how far it may be filled."""


class EmailBudget:
    """Asks the table; remembers for itself what is spent, so that a storm costs few calls."""

    def __init__(
        self, dynamodb: Any, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._dynamodb = dynamodb
        self._table = settings.table
        self._clock = clock
        self._spent: dict[str, tuple[int, int]] = {}
        """By counter: the window that was last seen too full, and how full."""
        self._no_notice_before = 0

    def ask(self, kind: Kind) -> bool:
        """Take a place for one e-mail, which must be published at once, and once."""
        for _ in range(2):
            window = self._window()
            if self._is_known_to_be_full(kind, window) or not self._take(kind, window):
                return False
            # The table may have taken its time, and a place is void when its window is over.
            if self._window() == window:
                return True
        return False

    def claim_notice(self, owner: str, *, unfinished: bool = False) -> bool:
        """May `owner`, a Lambda request id, tell now that e-mails are paused? One an hour may.

        Should it die before `notice_told`, its own retry may, and whoever asks two minutes later.
        With `unfinished`, only such a retry may.
        """
        now = int(self._clock())
        condition = "#owner = :me AND attribute_not_exists(told_at)"
        values: dict[str, Any] = {":me": owner}
        if not unfinished:
            if now < self._no_notice_before:
                return False
            condition = (
                f"attribute_not_exists(object_key) OR told_at < :an_hour_ago OR ({condition}) OR "
                "(attribute_not_exists(told_at) AND claimed_at < :stale)"
            )
            values |= {":an_hour_ago": now - NOTICE_SECONDS, ":stale": now - CLAIM_SECONDS}
        claim = {**_NOTICE, "owner": owner, "claimed_at": now, "expires_at": _expiry(now)}
        try:
            with aws_errors("DynamoDB PutItem"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=typed_item(claim),
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues=typed_item(values),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            claimed = plain_item(failed.item)
            self._no_notice_before = (
                claimed["told_at"] + NOTICE_SECONDS
                if "told_at" in claimed
                else now + WINDOW_SECONDS
            )
            return False
        except Fault as fault:
            if not fault.throttled:
                raise
            self._no_notice_before = now + WINDOW_SECONDS
            return False
        return True

    def notice_told(self) -> None:
        """The notice is out: nobody needs to tell for an hour."""
        now = int(self._clock())
        with aws_errors("DynamoDB UpdateItem"):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=typed_item(_NOTICE),
                UpdateExpression="SET told_at = :now, expires_at = :expiry",
                ExpressionAttributeValues=typed_item({":now": now, ":expiry": _expiry(now)}),
            )
        self._no_notice_before = now + NOTICE_SECONDS

    def _window(self) -> int:
        return int(self._clock() // WINDOW_SECONDS)

    def _is_known_to_be_full(self, kind: Kind, window: int) -> bool:
        counter, places = _PLACES[kind]
        seen_window, spent = self._spent.get(counter, (window, 0))
        return seen_window == window and spent >= places

    def _take(self, kind: Kind, window: int) -> bool:
        counter, places = _PLACES[kind]
        begins = window * WINDOW_SECONDS
        sort_key = f"{datetime.fromtimestamp(begins, UTC):%Y-%m-%dT%H:%M:%S}"
        values = {":one": 1, ":places": places, ":expiry": _expiry(begins)}
        try:
            with aws_errors("DynamoDB UpdateItem"):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=typed_item({"object_key": BUDGET_KEY, "upload_id": sort_key}),
                    UpdateExpression="ADD #counter :one SET expires_at = :expiry",
                    ConditionExpression="attribute_not_exists(#counter) OR #counter < :places",
                    ExpressionAttributeNames={"#counter": counter},
                    ExpressionAttributeValues=typed_item(values),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as full:
            self._spent[counter] = window, plain_item(full.item)[counter]
            return False
        except Fault as fault:
            if not fault.throttled:
                raise
            # So many ask at once that the counter itself is too busy: that is a storm.
            self._spent[counter] = window, EMAILS_A_WINDOW
            return False
        return True


def _expiry(moment: int) -> int:
    return moment + 2 * NOTICE_SECONDS
