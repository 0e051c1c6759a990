"""Watches everything that takes effect, and remembers who did it.

What can be judged on the spot is judged here; `invariants` judges what is left at the end.
"""

from dataclasses import dataclass, field
from typing import Any

from handler.copies import REASON_CODE, UPLOAD_ID
from handler.event import Upload as S3Upload
from handler.records import plain_item

from .aws_lambda import Lambda
from .buckets import Bucket, Version
from .dynamodb import DynamoDB, Item
from .histories import Answer, Upload
from .invocation import Invocation
from .sns import SNS, Published
from .story import Story

PlainItem = dict[str, Any]


@dataclass(eq=False)
class Fact:
    """An upload that took place, and all that became of it."""

    number: int
    plan: Upload
    event: S3Upload
    """What the handler's own `parse` makes of its notification."""
    version: Version
    removed_by: str | None = None
    """Who removed this version from the input bucket for good."""
    written: list[tuple[PlainItem, Invocation]] = field(default_factory=list)
    """Every state of its record, in order."""
    alerts: list[tuple[Published, Invocation]] = field(default_factory=list)
    answers: list[tuple[Answer, Invocation]] = field(default_factory=list)
    copies: list[tuple[Version, Invocation]] = field(default_factory=list)
    """Every copy in quarantine that was ever made of it."""
    shares_an_event: bool = False
    """Told together with another upload, at least once."""
    loose_ends: list[str] = field(default_factory=list)
    """Why an alarm may stand for its fate: its event was kept, or could not be delivered."""

    @property
    def record(self) -> PlainItem | None:
        return self.written[-1][0] if self.written else None

    @property
    def status(self) -> str | None:
        return self.record["status"] if self.record else None

    def __str__(self) -> str:
        return f"upload {self.number} ({self.event.key}, {self.event.upload_id.rstrip('0')})"


class Watch:
    """Hooks into the model; `wrong` says what should never have happened."""

    def __init__(
        self,
        story: Story,
        functions: Lambda,
        buckets: tuple[Bucket, Bucket],
        table: DynamoDB,
        topic: SNS,
    ) -> None:
        self.wrong: list[str] = []
        self.facts: list[Fact] = []
        self._facts: dict[tuple[str, str], Fact] = {}
        self.emails: list[Published] = []
        self.notices: list[tuple[Published, Invocation]] = []
        self._story = story
        self._functions = functions
        self._input, self._quarantine = buckets
        self._input.on_put = self._handler_must_not_put
        self._input.on_remove = self._removed_from_input
        self._quarantine.on_put = self._copied
        self._quarantine.on_remove = self._removed_from_quarantine
        table.on_write = self._written
        table.on_put = self._decided
        topic.on_publish = self._published

    def add(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._facts[fact.event.key, fact.event.upload_id] = fact
        self._facts[fact.event.key, fact.version.version_id] = fact

    def fact_of(self, key: str, either_id: str | None) -> Fact | None:
        """By the upload's id or its version's."""
        return self._facts.get((key, either_id or ""))

    def copies_in_quarantine(self, fact: Fact) -> list[Version]:
        """By what their metadata say; the bucket holds nothing else."""
        versions = self._quarantine.versions_of(fact.event.key)
        return [version for version in versions if self._original_of(version) is fact]

    def _original_of(self, copy: Version) -> Fact | None:
        return self.fact_of(copy.key, copy.metadata.get(UPLOAD_ID))

    def complain(self, what: str) -> None:
        self.wrong.append(what)
        self._story.tell("WRONG", what)

    def _handler_must_not_put(self, version: Version) -> None:
        if self._functions.current:
            self.complain(f"the handler put {version.key} into the input bucket")

    def _removed_from_input(self, version: Version) -> None:
        fact = self.fact_of(version.key, version.version_id)
        if fact is None:
            return
        invocation = self._functions.current
        fact.removed_by = invocation.name if invocation else "a user"
        if invocation is None:
            return
        record = fact.record
        if record is None or record["status"] != "QUARANTINED":
            self.complain(f"{fact} was deleted while its record said {fact.status}")
            return
        copy = self._quarantine.find(version.key, record["location_version_id"])
        if copy is None or copy.body != version.body:
            self.complain(f"{fact} was deleted before the copy that its record names was there")

    def _copied(self, copy: Version) -> None:
        fact = self._original_of(copy)
        invocation = self._functions.current
        if fact is None or invocation is None:
            self.complain(f"{copy.version_id} in quarantine is nobody's copy")
            return
        fact.copies.append((copy, invocation))
        if why := _difference(copy, fact.version):
            self.complain(f"the copy of {fact} differs from it: {why}")

    def _removed_from_quarantine(self, copy: Version) -> None:
        fact = self._original_of(copy)
        record = fact.record if fact else None
        if record and record.get("location_version_id") == copy.version_id:
            self.complain(f"the copy that the record of {fact} names was removed")

    def _written(self, old: Item | None, new: Item) -> None:
        invocation = self._functions.current
        item = plain_item(new)
        if "status" not in item or invocation is None or old == new:
            return
        fact = self.fact_of(item["object_key"], item["upload_id"])
        if fact is None:
            self.complain(f"a record was written for no upload: {item}")
            return
        if old and _settled(plain_item(old)) not in (None, _settled(item)):
            before = plain_item(old)
            self.complain(
                f"{item['status']} of {item['owner']} replaced {before['status']} of "
                f"{before['owner']} as the fate of {fact}"
            )
        if item["status"] == "GONE" and fact.removed_by is None:
            self.complain(f"{fact} was called GONE while it was there")
        fact.written.append((item, invocation))

    def _decided(self, old: Item | None, wanted: Item) -> None:
        invocation = self._functions.current
        if "status" not in wanted or invocation is None:
            return
        standing = "nothing"
        if old:
            whose = "its own" if old["owner"] == wanted["owner"] else "another's"
            standing = f"{whose} {old['status']['S']}"
        cell = (invocation.function, wanted["status"]["S"], standing)
        self._functions.coverage.cells[cell] += 1

    def _published(self, message: Published) -> None:
        invocation = self._functions.current
        assert invocation is not None, "only the handler publishes"
        if message.is_emailed:
            self.emails.append(message)
        if message.machines["status"] == "EMAILS_PAUSED":
            self.notices.append((message, invocation))
            return
        fact = self.fact_of(message.machines["object_key"], message.machines["upload_id"])
        if fact is None:
            self.complain(f"an alert was published for no upload: {message.subject}")
            return
        fact.alerts.append((message, invocation))
        recorded = [
            item for item, _ in fact.written if item["status"] == message.machines["status"]
        ]
        if not recorded:
            self.complain(f"{fact} was told as {message.machines['status']} before it was recorded")


def _settled(item: PlainItem) -> object:
    """What must never change in a record, once it is no longer HELD."""
    if item["status"] == "HELD":
        return None
    return {name: value for name, value in item.items() if name != "location_version_id"}


def _difference(copy: Version, original: Version) -> str:
    own = {n: v for n, v in copy.metadata.items() if n not in (UPLOAD_ID, REASON_CODE)}
    pairs: dict[str, tuple[object, object]] = {
        "content": (copy.body, original.body),
        "metadata": (own, original.metadata),
        "tags": (copy.tags, original.tags),
        "headers": (copy.headers, original.headers),
    }
    return ", ".join(name for name, (is_now, was) in pairs.items() if is_now != was)
