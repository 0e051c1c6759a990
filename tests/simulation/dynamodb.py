"""A table as DynamoDB promises it: writes are atomic, and a condition sees all writes before."""

from collections.abc import Callable
from typing import Any

from .expressions import Expression, Typed
from .refusals import refusal

Item = dict[str, Typed]
Key = tuple[str, str]
ITEM_BYTES = 400 * 1024

CONDITION_FAILED = "ConditionalCheckFailedException"


class DynamoDB:
    """One table with a hash and a range key, both texts."""

    def __init__(self, hash_key: str = "object_key", range_key: str = "upload_id") -> None:
        self._keys = (hash_key, range_key)
        self.items: dict[Key, Item] = {}
        self.on_write: Callable[[Item | None, Item], None] = lambda old, new: None
        """Called with the item before and after each write that took effect."""
        self.on_put: Callable[[Item | None, Item], None] = lambda old, wanted: None
        """Called with what stands and what a put wants, whether its condition holds or not."""

    def put_item(self, request: dict[str, Any]) -> dict[str, Any]:
        item: Item = dict(request["Item"])
        self.on_put(self.items.get(self._key(item)), item)
        old = self._checked("put_item", request, item)
        self._write(old, item)
        return {}

    def update_item(self, request: dict[str, Any]) -> dict[str, Any]:
        old = self._checked("update_item", request, request["Key"])
        update = self._expression(request, "UpdateExpression")
        new = update.applied_to(old or dict(request["Key"]))
        self._write(old, new)
        return {"Attributes": dict(new)} if request.get("ReturnValues") == "ALL_NEW" else {}

    def _checked(self, operation: str, request: dict[str, Any], item: Item) -> Item | None:
        for name in self._keys:
            if not item[name].get("S"):
                raise refusal(operation, "ValidationException", 400, f"{name} is empty")
        if len(str(item)) > ITEM_BYTES:
            raise refusal(operation, "ValidationException", 400, "Item size has exceeded the limit")
        old = self.items.get(self._key(item))
        if "ConditionExpression" not in request:
            return old
        if self._expression(request, "ConditionExpression").holds(old or {}):
            return old
        wants_old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        raise refusal(
            operation,
            CONDITION_FAILED,
            400,
            "The conditional request failed",
            **({"Item": dict(old)} if wants_old and old else {}),
        )

    def _write(self, old: Item | None, new: Item) -> None:
        self.items[self._key(new)] = new
        self.on_write(old, new)

    def _key(self, item: Item) -> Key:
        first, second = (item[name]["S"] for name in self._keys)
        return first, second

    @staticmethod
    def _expression(request: dict[str, Any], which: str) -> Expression:
        return Expression(
            request[which],
            request.get("ExpressionAttributeNames", {}),
            request.get("ExpressionAttributeValues", {}),
        )
