"""DynamoDB's condition and update expressions, as far as anybody here may come to use them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Typed = dict[str, Any]
"""One value in DynamoDB's typed JSON: {"S": "text"}, {"N": "1"}."""

_TOKEN = re.compile(r"\s*(<>|<=|>=|[<>=(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Expression:
    """Reads one expression against one item."""

    def __init__(self, text: str, names: Mapping[str, str], values: Mapping[str, Typed]) -> None:
        self._tokens = list(_tokens(text))
        self._names = names
        self._values = values
        self._at = 0

    def holds(self, item: Mapping[str, Typed]) -> bool:
        """Whether `item` (empty when there is none) meets this condition."""
        result = self._any_of(item)
        assert self._next() == "", "the whole condition was read"
        return result

    def applied_to(self, item: Mapping[str, Typed]) -> dict[str, Typed]:
        """The item after this update; every right side sees the item as it was."""
        changed = dict(item)
        verb = ""
        while token := self._next():
            if token.upper() in ("SET", "ADD", "REMOVE"):
                verb = token.upper()
                continue
            if token == ",":
                continue
            name = self._name(token)
            if verb == "REMOVE":
                changed.pop(name, None)
            elif verb == "ADD":
                added = self._number(self._operand(item))
                changed[name] = _n(self._number(item.get(name) or _n(Decimal(0))) + added)
            else:
                self._expect("=")
                changed[name] = self._sum(item)
        return changed

    def _any_of(self, item: Mapping[str, Typed]) -> bool:
        result = self._all_of(item)
        while self._peek().upper() == "OR":
            self._next()
            result = self._all_of(item) or result
        return result

    def _all_of(self, item: Mapping[str, Typed]) -> bool:
        result = self._one(item)
        while self._peek().upper() == "AND":
            self._next()
            result = self._one(item) and result
        return result

    def _one(self, item: Mapping[str, Typed]) -> bool:
        token = self._peek()
        if token == "(":
            self._next()
            result = self._any_of(item)
            self._expect(")")
            return result
        if token in ("attribute_exists", "attribute_not_exists"):
            self._next()
            self._expect("(")
            exists = self._name(self._next()) in item
            self._expect(")")
            return exists if token == "attribute_exists" else not exists
        left = self._operand(item)
        sign = self._next()
        return _compare(left, sign, self._operand(item))

    def _sum(self, item: Mapping[str, Typed]) -> Typed:
        total = self._operand(item)
        while self._peek() in ("+", "-"):
            sign = self._next()
            more = self._number(self._operand(item))
            total = _n(self._number(total) + (more if sign == "+" else -more))
        if total is None:
            raise ValueError("an update reads an attribute that the item has not")
        return dict(total)

    def _operand(self, item: Mapping[str, Typed]) -> Any:
        token = self._next()
        if token == "if_not_exists":
            self._expect("(")
            existing = item.get(self._name(self._next()))
            self._expect(",")
            other = self._operand(item)
            self._expect(")")
            return other if existing is None else existing
        return self._values[token] if token.startswith(":") else item.get(self._name(token))

    def _name(self, token: str) -> str:
        return self._names[token] if token.startswith("#") else token

    @staticmethod
    def _number(value: Any) -> Decimal:
        return Decimal(value["N"])

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            raise ValueError(f"expected {wanted!r} in an expression, found {token!r}")


def _compare(left: Typed | None, sign: str, right: Typed | None) -> bool:
    if sign == "=":
        return left is not None and bool(_plain(left) == _plain(right))
    if sign == "<>":
        return not _compare(left, "=", right)
    if left is None or right is None or left.keys() != right.keys():
        return False
    return bool(_COMPARE[sign](_plain(left)[1], _plain(right)[1]))


def _plain(value: Typed | None) -> Any:
    if value is None:
        return None
    ((kind, content),) = value.items()
    return kind, Decimal(content) if kind == "N" else content


def _n(number: Decimal) -> Typed:
    return {"N": str(number)}


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(f"cannot read the expression from here: {text[at:]}")
        yield match[1]
        at = match.end()
