"""What a browser asks, read strictly: it may be anybody's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from handler.model.errors import REASON_CODE
from handler.model.event import KEY_BYTES
from handler.model.item import Status
from handler.model.retry_event import UPLOAD_ID

from ..read.files import WAITING, Selection

MOST_FILES = 200
"""That one request may act on; the page goes on with the next."""

PATTERN_CHARACTERS = 200


class Refused(Exception):
    """A question that is not answered; the message says why, in a sentence for a person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks."""

    name: str
    may_act: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A file as somebody saw it."""

    key: str
    upload_id: str
    since: str | None
    """Since when it waited as it was seen; None where that does not matter."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question."""

    visitor: Visitor
    query: Mapping[str, Sequence[str]]
    body: Any = None

    def one(self, name: str) -> str | None:
        """A value of the query; None where there is none."""
        values = self.query.get(name, ())
        if len(values) > 1:
            raise Refused(400, f"{name} is named more than once.")
        return values[0] if values and values[0] else None

    def required(self, name: str) -> str:
        if (value := self.one(name)) is None:
            raise Refused(400, f"{name} is missing.")
        return value

    def key(self) -> str:
        """The key of a file."""
        return _key(self.required("key"))

    def upload_id(self) -> str | None:
        value = self.one("upload")
        return None if value is None else _upload_id(value)

    def selection(self) -> Selection:
        """Which of the files that wait are meant."""
        words = self.query.get("status", ())
        if not set(words) <= set(map(str, WAITING)):
            raise Refused(400, f"status is one of {', '.join(WAITING)}.")
        reasons = tuple(self.query.get("reason", ()))
        if len(reasons) > 50 or not all(map(REASON_CODE.fullmatch, reasons)):
            raise Refused(400, "reason is a reason code such as PROCESS_FAILED.")
        prefix = self.one("prefix") or ""
        return Selection(
            tuple(map(Status, words)) or WAITING,
            reasons,
            self._moment("since"),
            self._moment("until"),
            _key(prefix) if prefix else "",
            sender=self._pattern("sender"),
        )

    def _pattern(self, name: str) -> str | None:
        text = self.one(name)
        if text is not None and len(text) > PATTERN_CHARACTERS:
            raise Refused(400, f"{name} has at most {PATTERN_CHARACTERS} characters.")
        return text

    def _moment(self, name: str) -> datetime | None:
        if (text := self.one(name)) is None:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Refused(400, f"{name} is a time such as 2026-03-01T14:30Z.") from None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

    def files(self) -> list[Named]:
        """The files that a request acts on: a list of what was seen, never a filter."""
        given = self._field("files", list)
        if not 1 <= len(given) <= MOST_FILES:
            raise Refused(400, f"files is a list of 1 to {MOST_FILES} files.")
        return [_named(file) for file in given]

    def dry_run(self) -> bool:
        return bool(self._field("dry_run", bool))

    def named(self) -> Named:
        """The one file that a request is about."""
        return _named(self.body)

    def _field(self, name: str, kind: type) -> Any:
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if type(value) is not kind:
            raise Refused(400, f"The request has no {name}.")
        return value


def _named(file: Any) -> Named:
    if not isinstance(file, dict):
        raise Refused(400, "A file is named by its key and its upload.")
    key, upload_id, since = (file.get(name) for name in ("key", "upload_id", "since"))
    if not isinstance(key, str) or not isinstance(upload_id, str):
        raise Refused(400, "A file is named by its key and its upload.")
    if not isinstance(since, str | None):
        raise Refused(400, "since is a text.")
    return Named(_key(key), _upload_id(upload_id), since)


def _key(text: str) -> str:
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        length = 0
    if not 1 <= length <= KEY_BYTES:
        raise Refused(400, f"A key has 1 to {KEY_BYTES} bytes.")
    return text


def _upload_id(text: str) -> str:
    if not UPLOAD_ID.fullmatch(text):
        raise Refused(400, "An upload id has 32 hex digits.")
    return text
