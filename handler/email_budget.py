"""How many e-mails may be sent, counted for all instances together.

SNS suspends an e-mail address that is offered more than 10 messages a second and deletes it days
later, so a spike of files would cost the team its alert channel. Source:
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from .errors import ConditionFailed, Fault, aws_errors
from .records import typed_item
from .settings import Settings

BUDGET_KEY = "scalper:email-budget"
"""Its sort keys are times, never a hex number, so no file's record can collide with one."""

PER_SECOND = 2
PER_MINUTE = 10
"""For successes and failures each, so that good news never crowds out bad news.

A window of one second overlaps two counted ones: at most 2 × (2 + 2) e-mails and two notices.
"""

Kind = Literal["success", "failure"]


@dataclass(frozen=True, slots=True)
class Grant:
    """May this message go out as e-mail, and is a notice of the pause due before it?"""

    granted: bool
    tell_of_pause: bool = False


class EmailBudget:
    """Asks the table; remembers for itself what is spent, so that a storm costs few calls."""

    def __init__(
        self, dynamodb: Any, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._dynamodb = dynamodb
        self._table = settings.table
        self._clock = clock
        self._spent_until: dict[str, float] = {}
        self._told_hour = ""

    def ask(self, kind: Kind, owner: str) -> Grant:
        """Take one e-mail of `kind` from the budget. `owner` is the Lambda request id."""
        now = self._clock()
        if now < self._spent_until.get(kind, 0):
            return Grant(granted=False)
        moment = datetime.fromtimestamp(now, UTC)
        second = f"s{moment:%S}"
        try:
            with aws_errors("DynamoDB UpdateItem"):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=typed_item(
                        {
                            "object_key": BUDGET_KEY,
                            "upload_id": f"{moment:%Y-%m-%dT%H:%M}#{kind}",
                        }
                    ),
                    UpdateExpression="ADD spent :one, #second :one SET expires_at = :expiry",
                    ConditionExpression=(
                        "(attribute_not_exists(spent) OR spent < :minute) AND "
                        "(attribute_not_exists(#second) OR #second < :second)"
                    ),
                    ExpressionAttributeNames={"#second": second},
                    ExpressionAttributeValues=typed_item(
                        {
                            ":one": 1,
                            ":minute": PER_MINUTE,
                            ":second": PER_SECOND,
                            ":expiry": int(now) + 3600,
                        }
                    ),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as spent:
            minute_spent = int(spent.item["spent"]["N"]) >= PER_MINUTE
            self._spent_until[kind] = (now // 60 + 1) * 60 if minute_spent else now // 1 + 1
            return Grant(granted=False, tell_of_pause=self._first_to_tell(moment, owner))
        except Fault as fault:
            if not fault.throttled:
                raise
            # So many ask at once that the counter itself is too busy: that is a storm.
            self._spent_until[kind] = now // 1 + 1
            return Grant(granted=False)
        return Grant(granted=True)

    def _first_to_tell(self, moment: datetime, owner: str) -> bool:
        """True for one invocation an hour, and for its retries, should it die before telling."""
        hour = f"{moment:%Y-%m-%dT%H}"
        if self._told_hour == hour:
            return False
        key = {"object_key": BUDGET_KEY, "upload_id": f"{hour}#paused"}
        expiry = int(moment.timestamp()) + 2 * 3600
        try:
            with aws_errors("DynamoDB PutItem"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=typed_item({**key, "owner": owner, "expires_at": expiry}),
                    ConditionExpression="attribute_not_exists(object_key) OR #owner = :me",
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues=typed_item({":me": owner}),
                )
        except ConditionFailed:
            self._told_hour = hour
            return False
        return True
