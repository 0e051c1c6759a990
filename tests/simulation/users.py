"""The users: they upload files, delete them, and copy them about."""

from functools import partial

from handler.doors.s3_notification import parse

from .buckets import Bucket, Version
from .coverage import Coverage
from .fact import Fact
from .histories import Act, History, Upload, UserAct
from .notifications import Notifications, how_made
from .stage import INPUT
from .story import Story
from .timeline import Timeline
from .watch import Watch

ELSEWHERE = "in/elsewhere.csv"
_TOLD_SECONDS = 0.5
"""How long after a copy of a user's S3 tells of it."""


class Users:
    """Do what the history says."""

    def __init__(
        self,
        history: History,
        timeline: Timeline,
        story: Story,
        coverage: Coverage,
        *,
        buckets: tuple[Bucket, Bucket],
        watch: Watch,
        notifications: Notifications,
    ) -> None:
        self._history = history
        self._timeline = timeline
        self._story = story
        self._coverage = coverage
        self._input, self._quarantine = buckets
        self._watch = watch
        self._notifications = notifications
        self._untold: list[Fact] = []
        self._uploads_left = len(history.uploads)

    def begin(self) -> None:
        for upload in sorted(self._history.uploads, key=lambda upload: upload.at):
            self._timeline.after(upload.at, partial(self._upload, upload))
        for act in self._history.user_acts:
            self._timeline.after(act.at, partial(self._do, act))

    def upload(self, plan: Upload) -> Fact:
        """A user uploads a file; nobody is told yet."""
        number = plan.same_as or len(self._watch.facts) + 1
        version = self._input.put(
            plan.key,
            bytes((number * 31 + at) % 251 for at in range(plan.size)),
            lock=plan.lock,
            metadata={"sent-by": f"partner {number}"},
            tags={"number": str(number)},
            headers={"ContentType": "text/csv"},
        )
        return self._arrived(plan, version, "Put")

    def delete_for_good(self, fact: Fact) -> None:
        """A user deletes this version, if it is still there."""
        if fact.removed_by is None:
            self._remove(self._input, fact.version)

    def _arrived(self, plan: Upload, version: Version, how: str) -> Fact:
        record = self._notifications.record_of(version, how)
        number = len(self._watch.facts) + 1
        fact = Fact(number, plan, parse(record, INPUT), version)
        self._watch.add(fact)
        self._story.tell("User", f"uploads {fact} as {version.version_id}, {plan.size} bytes")
        return fact

    def _upload(self, plan: Upload) -> None:
        fact = self.upload(plan)
        self._untold.append(fact)
        self._uploads_left -= 1
        if not self._uploads_left or not plan.told_with_next:
            together, self._untold = self._untold, []
            for one in together:
                one.shares_an_event = len(together) > 1
            records = [one.event.record for one in together]
            self._notifications.tell_later(plan.told_after[0], records, plan.doubled_after)
        for duplicate in plan.told_after[1:]:
            self._coverage.world["duplicate event of S3"] += 1
            self._notifications.tell_later(duplicate, [fact.event.record])

    def _do(self, act: UserAct) -> None:
        if act.upload >= len(self._watch.facts):
            return
        fact = self._watch.facts[act.upload]
        self._story.tell("User", f"{act.act}: {fact}")
        self._coverage.world[f"a user {act.act}"] += 1
        match act.act:
            case Act.DELETE:
                self._input.put(fact.event.key, None)
            case Act.DELETE_VERSION:
                self.delete_for_good(fact)
            case Act.DELETE_RESTORED:
                for version, _ in fact.restored:
                    if self._input.find(version.key, version.version_id):
                        self._remove(self._input, version)
            case Act.DELETE_COPY:
                for copy in self._watch.copies_in_quarantine(fact):
                    self._remove(self._quarantine, copy)
            case Act.COPY_ONTO_ITSELF:
                self._copy(fact.event.key, fact.event.key)
            case Act.COPY_ELSEWHERE:
                self._copy(fact.event.key, ELSEWHERE)

    @staticmethod
    def _remove(bucket: Bucket, version: Version) -> None:
        if not bucket.keeps:
            bucket.remove(version)

    def _copy(self, key: str, target: str) -> None:
        shown = self._input.current(key)
        if shown is None or shown.body is None or shown.lock is not None:
            return
        version = self._input.put(
            target,
            shown.body,
            metadata=dict(shown.metadata),
            tags=dict(shown.tags),
            headers=dict(shown.headers),
        )
        plan = Upload(target, size=len(shown.body), told_after=(_TOLD_SECONDS,))
        fact = self._arrived(plan, version, how_made(version))
        self._notifications.tell_later(_TOLD_SECONDS, [fact.event.record])
