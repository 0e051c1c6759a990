"""Watches everything that takes effect, and remembers who did it.

What can be judged on the spot is judged here; `invariants` judges what is left at the end.
"""

from collections.abc import Callable, Container, Iterator

from handler.aws.copies import REASON_CODE, RESTORED_BY, UPLOAD_ID
from handler.aws.records import plain_item

from . import changes
from .aws_lambda import Lambda
from .buckets import Bucket, Version
from .dynamodb import DynamoDB, Item
from .fact import Fact, PlainItem
from .invocation import Invocation
from .sns import SNS, Published
from .story import Story

_OURS = (UPLOAD_ID, REASON_CODE, RESTORED_BY)


class Watch:
    """Hooks into the model; `wrong` says what should never have happened."""

    def __init__(
        self,
        story: Story,
        functions: Lambda,
        buckets: tuple[Bucket, Bucket],
        table: DynamoDB,
        topic: SNS,
        *,
        scheduled: Container[str],
    ) -> None:
        self.wrong: list[str] = []
        self.facts: list[Fact] = []
        self._facts: dict[tuple[str, str], Fact] = {}
        self.emails: list[Published] = []
        self.notices: list[tuple[Published, Invocation]] = []
        self._ghosts: dict[tuple[str, str], Version] = {}
        self.on_restored: Callable[[Version], None] = lambda version: None
        """Called with a version that a retry has just brought back."""
        self._scheduled = scheduled
        """The ids of the invocations that schedules have brought about."""
        self._story = story
        self._functions = functions
        self._input, self._quarantine = buckets
        self._input.on_put = self._put_into_input
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

    def expect_ghost(self, key: str, upload_id: str, version: Version) -> None:
        """S3 tells of a `version` that a retry restored as if it were an upload."""
        self._ghosts[key, upload_id] = version

    def is_ghost(self, key: str, upload_id: str) -> bool:
        """Whether it is of a restored version that has been deleted since.

        What is no longer there cannot say who made it, so it is dealt with like any upload that
        somebody deleted.
        """
        version = self._ghosts.get((key, upload_id))
        return version is not None and self._input.find(key, version.version_id) is None

    def copies_in_quarantine(self, fact: Fact) -> list[Version]:
        """By what their metadata say; the bucket holds nothing else."""
        versions = self._quarantine.versions_of(fact.event.key)
        return [version for version in versions if self._original_of(version) is fact]

    def _original_of(self, copy: Version) -> Fact | None:
        return self.fact_of(copy.key, copy.metadata.get(UPLOAD_ID))

    def complain(self, what: str) -> None:
        self.wrong.append(what)
        self._story.tell("WRONG", what)

    def _put_into_input(self, version: Version) -> None:
        """By a user, or by a retry that has been claimed and brings back what was set aside."""
        invocation = self._functions.current
        if invocation is None:
            return
        fact, owner = self._original_of(version), version.metadata.get(RESTORED_BY)
        if fact is None or owner is None or version.body is None:
            self.complain(f"the handler put {version.key} into the input bucket")
            return
        fact.restored.append((version, invocation))
        if owner != invocation.owner or owner not in fact.claims:
            self.complain(f"{fact} was restored in the name of {owner}, who has not claimed it")
        for newer in self._hidden_by(version, fact):
            self.complain(f"the restored {fact} hides {newer}")
        if why := _difference(version, fact.version):
            self.complain(f"the restored {fact} differs from what was uploaded: {why}")
        self.on_restored(version)

    def _hidden_by(self, version: Version, fact: Fact) -> Iterator[Fact]:
        """The newest upload of the key, which S3 could have told from what was there before."""
        order = list(self._input.versions_of(version.key))
        below = order[order.index(version) + 1 :]
        other = self.fact_of(version.key, below[0].version_id) if below else None
        if other is None or other.version.last_modified <= fact.version.last_modified:
            return
        if other.version.etag not in {older.etag for older in below[1:]}:
            yield other

    def _removed_from_input(self, version: Version) -> None:
        fact = self.fact_of(version.key, version.version_id)
        invocation = self._functions.current
        if fact is None:
            self._restored_removed(version, invocation)
            return
        fact.removed_by = invocation.name if invocation else "a user"
        if invocation is None:
            return
        if not fact.was_set_aside:
            self.complain(f"{fact} was deleted while its record said {fact.status}")
            return
        record = fact.record
        assert record is not None
        named = record.get("location_version_id")
        if record["status"] != "QUARANTINED" or named in fact.copies_removed_by_user:
            return
        copy = self._quarantine.find(version.key, record["location_version_id"])
        if copy is None or copy.body != version.body:
            self.complain(f"{fact} was deleted before the copy that its record names was there")

    def _restored_removed(self, version: Version, invocation: Invocation | None) -> None:
        fact = self._original_of(version)
        if fact is None:
            return
        if invocation is None:
            fact.removed_by_user.append(version)
        elif fact.record and fact.record["version_id"] == version.version_id:
            self.complain(f"the restored {fact}, which its record names, was removed")

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
        if fact is None:
            return
        record = fact.record or {}
        if self._functions.current is None:
            fact.copies_removed_by_user.add(copy.version_id)
        elif record.get("location_version_id") == copy.version_id and not fact.discarded:
            self.complain(f"the copy that the record of {fact} names was removed")

    def _written(self, old: Item | None, new: Item) -> None:
        invocation = self._functions.current
        item = plain_item(new)
        if "status" not in item or old == new:
            return
        if self.is_ghost(item["object_key"], item["upload_id"]):
            return
        fact = self.fact_of(item["object_key"], item["upload_id"])
        if fact is None:
            self.complain(f"a record was written for no upload: {item}")
            return
        before = plain_item(old) if old else None
        for what in changes.wrongs(before, item) if before else ():
            self.complain(f"{fact}: {what}")
        if invocation is None:
            fact.discarded = item
            return
        if item.get("tries_in_hand", 0) > (before or {}).get("tries_in_hand", 0):
            fact.counted_in_hand.append(invocation)
            if not self._has_loaded():
                self.complain(f"{fact} was counted as in hand before process was loaded")
        if before and changes.is_claim(before, item):
            self._claimed(fact, before, item, invocation)
        elif before and changes.is_being_retried(before) and changes.is_new_fate(before, item):
            self._count_retry(fact, before, item)
        if item["status"] == "GONE" and not self._is_gone(fact):
            self.complain(f"{fact} was called GONE while it was there")
        fact.written.append((item, invocation))

    def _has_loaded(self) -> bool:
        return "process" in vars(self._functions.sandbox())

    def _claimed(
        self, fact: Fact, before: PlainItem, item: PlainItem, invocation: Invocation
    ) -> None:
        owner = item["retry_owner"]
        if owner != invocation.owner:
            self.complain(f"{invocation.owner} claimed {fact} in the name of {owner}")
        if owner in fact.claims:
            self.complain(f"{owner} claimed {fact} once more")
        if before.get("parked") and owner in self._scheduled:
            self.complain(f"{fact} was said to be parked, and was retried by itself")
        fact.claims.append(owner)

    def _count_retry(self, fact: Fact, before: PlainItem, item: PlainItem) -> None:
        where = ""
        if item["status"] == "PROCESSED" and before["status"] == "QUARANTINED":
            where = ", restored" if "restored_from" in item else ", left in quarantine"
        comes = ", parked" if "parked" in item else ", to be retried" if "retry_at" in item else ""
        what = f"{before['status']} became {item['status']}{where}{comes}"
        self._functions.coverage.retries[what] += 1

    def _is_gone(self, fact: Fact) -> bool:
        """From where it was last: the input bucket, or quarantine once it was set aside."""
        record = fact.record
        if record is None or record["status"] != "QUARANTINED":
            return fact.removed_by is not None
        return self._quarantine.find(fact.event.key, record["location_version_id"]) is None

    def _decided(self, old: Item | None, wanted: Item) -> None:
        invocation = self._functions.current
        if "status" not in wanted or invocation is None:
            return
        existing = "nothing"
        if old:
            whose = "its own" if old["owner"] == wanted["owner"] else "another's"
            existing = f"{whose} {old['status']['S']}"
        cell = (invocation.function, wanted["status"]["S"], existing)
        self._functions.coverage.cells[cell] += 1

    def _published(self, message: Published) -> None:
        invocation = self._functions.current
        assert invocation is not None, "only the handler publishes"
        if message.is_emailed:
            self.emails.append(message)
        if message.machines["status"] == "FAILURES_NOT_EMAILED":
            self.notices.append((message, invocation))
            return
        if self.is_ghost(message.machines["object_key"], message.machines["upload_id"]):
            return
        fact = self.fact_of(message.machines["object_key"], message.machines["upload_id"])
        if fact is None:
            self.complain(f"an alert was published for no upload: {message.subject}")
            return
        fact.alerts.append((message, invocation))
        recorded = [
            item for item, _ in fact.written if item["status"] == message.machines["status"]
        ]
        if not recorded and not fact.discarded:
            self.complain(f"{fact} was told as {message.machines['status']} before it was recorded")


def _difference(copy: Version, original: Version) -> str:
    theirs, its = (
        {n: v for n, v in version.metadata.items() if n not in _OURS}
        for version in (copy, original)
    )
    pairs: dict[str, tuple[object, object]] = {
        "content": (copy.body, original.body),
        "metadata": (theirs, its),
        "tags": (copy.tags, original.tags),
        "headers": (copy.headers, original.headers),
    }
    return ", ".join(name for name, (is_now, was) in pairs.items() if is_now != was)
