"""The judge: is every uploaded file accounted for?

Reads both buckets, the table and the queue of kept events, and compares them by key and version
id. Nothing is changed. The buckets are read before the table: a file that is moved meanwhile then
has a record that is newer than the cutoff, and is not judged.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from handler.model.retry_event import ABANDONED_SECONDS
from handler.model.settings import Settings

from ..read import notified, sources
from ..read.day_book import DayBook
from ..read.deployment import Deployment
from ..read.files import OVERDUE_SECONDS
from ..read.kept_events import Look, undisturbed
from ..read.notified import Filter, PassedOver
from ..read.sources import KeptEvent, Record, Subscription, Version
from .findings import (
    KEPT,
    OLDER_THAN_THE_PIPELINE,
    QUESTIONS,
    STRAYS,
    UNACCOUNTED,
    WITHOUT_FATE,
    Finding,
    Kind,
)
from .ledger import Ledger, ledger

DEFAULT_GRACE_SECONDS = 15 * 60
"""As long as the alarm `files-late` waits."""
DAY_SECONDS = 24 * 60 * 60
NEVER = float("-inf")
DESCRIBED_STRAYS = 1_000
"""Each takes a call to S3; of more, it is not told which upload they are of."""

T = TypeVar("T")
Progress = Callable[[str, int], None]
"""Told what is being read, and how much of it has been."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a deployment says of itself, beside its files."""

    settings: Settings
    filters: list[Filter]
    table_created: float
    """Epoch seconds."""
    input_retention_days: int | None = None
    quarantine_retention_days: int | None = None
    subscriptions: list[Subscription] = field(default_factory=list)
    processor: str | None = None
    """The name of its function."""

    @classmethod
    def of(cls, deployment: Deployment) -> "Facts":
        settings = deployment.settings
        return cls(
            settings,
            notified.filters(deployment),
            sources.table_created(deployment),
            sources.retention_days(deployment, settings.input_bucket),
            sources.retention_days(deployment, settings.quarantine_bucket),
            list(sources.email_subscriptions(deployment)),
            deployment.processor_arn.split(":")[6],
        )

    @property
    def listed_prefix(self) -> str:
        """What is listed of the input bucket. Others may have most of one that is shared."""
        if self.settings.event_rule is None or len(self.filters) != 1:
            return ""
        return self.filters[0].prefix

    @property
    def reaches_nobody(self) -> bool:
        """People should be told by e-mail, and no address of theirs is confirmed."""
        expected = self.settings.email_on != "none" or bool(self.subscriptions)
        return expected and not any(it.state == "confirmed" for it in self.subscriptions)

    def passes_over(self, version: Version) -> PassedOver:
        """Whether the pipeline takes no notice of a file: by filter, pattern, or as a folder."""
        return notified.passed_over(version, self.settings.rules, self.filters)


@dataclass(frozen=True, slots=True)
class Streams:
    """What is compared; each is read once, in this order."""

    input: Iterable[Version]
    quarantine: Iterable[Version]
    records: Iterable[Record]
    kept: Iterable[KeptEvent]

    @classmethod
    def of(
        cls, deployment: Deployment, facts: Facts, kept: Look, book: DayBook | None = None
    ) -> "Streams":
        settings = deployment.settings
        return cls(
            sources.versions(deployment, settings.input_bucket, facts.listed_prefix),
            sources.versions(deployment, settings.quarantine_bucket),
            sources.records(deployment, also=book.add, aside=book.look_at)
            if book
            else sources.records(deployment),
            undisturbed(deployment, kept),
        )


class Reconciliation:
    """The accounts, ready to be asked."""

    def __init__(
        self,
        accounts: Ledger,
        facts: Facts,
        *,
        started: float,
        grace_seconds: float,
        kept: Look,
        upload_id_of: Callable[[str, str], str | None],
    ) -> None:
        self._ledger = accounts
        self.facts = facts
        self._kept = kept
        self._upload_id_of = upload_id_of
        first_processed = accounts.number("SELECT min(processed) FROM record")
        self.since = min(facts.table_created // 1, first_processed or facts.table_created)
        """Since when there is a pipeline: a restored table is younger than its records."""
        self._moments: dict[str, Any] = {
            "cutoff": started - grace_seconds,
            "overdue_since": started - max(grace_seconds, OVERDUE_SECONDS),
            "abandoned_since": started - max(grace_seconds, ABANDONED_SECONDS),
            "since": self.since,
            "records_kept_since": _days_before(started, facts.settings.record_retention_days),
            "input_kept_since": _days_before(started, facts.input_retention_days),
            "quarantine_kept_since": _days_before(started, facts.quarantine_retention_days),
            "quarantine_bucket": facts.settings.quarantine_bucket,
            "processor_session": f":{facts.processor}",
            "two_days_ago": started - 2 * DAY_SECONDS,
        }

    def findings(self) -> Iterator[Finding]:
        """Everything that does not add up; nothing when all is accounted for."""
        yield from self._about_the_deployment()
        for kind, question in QUESTIONS.items():
            for key, version_id, upload_id, detail in self._ask(question):
                yield Finding(kind, key, version_id, upload_id, detail)
        yield from self._strays()

    def without_fate(self) -> Iterator[Version]:
        """The uploads that should have a record and have none, the oldest first."""
        return self._versions(WITHOUT_FATE)

    def older_than_the_pipeline(self) -> Iterator[Version]:
        """What was in the bucket before it, the oldest first. What had been replaced is history."""
        return self._versions(f"{OLDER_THAN_THE_PIPELINE} AND i.is_latest")

    def counts(self) -> dict[str, int]:
        """How many files there are of each fate, and how many have none for which reason."""
        of_status = "SELECT count(*) FROM record WHERE status = '{}'"
        without = f"SELECT count(*) {UNACCOUNTED} AND NOT i.passed_over"
        questions = {
            "processed": of_status.format("PROCESSED"),
            "quarantined": of_status.format("QUARANTINED"),
            "held": of_status.format("HELD"),
            "gone": of_status.format("GONE"),
            "in_flight": f"{without} AND NOT {KEPT} AND i.modified > :cutoff",
            "event_kept": f"{without} AND {KEPT}",
            "passed_over": f"SELECT count(*) {UNACCOUNTED} AND i.passed_over = 1",
            "outside_prefix_or_suffix": f"SELECT count(*) {UNACCOUNTED} AND i.passed_over = 2",
            "before_the_pipeline": f"SELECT count(*) {OLDER_THAN_THE_PIPELINE}",
            "record_expired": f"{without} AND NOT {KEPT} AND i.modified <= :cutoff"
            " AND i.modified >= :since AND i.modified < :records_kept_since",
        }
        counts = {name: next(self._ask(question))[0] for name, question in questions.items()}
        return {
            **counts,
            "kept_messages": self._kept.messages,
            "kept_messages_unreadable": self._kept.unreadable,
        }

    def _versions(self, source: str) -> Iterator[Version]:
        columns = "i.key, i.version_id, i.size, i.etag, i.modified, i.is_latest"
        for row in self._ask(f"SELECT {columns} {source} ORDER BY i.modified, i.key"):
            yield Version(*row)

    def _ask(self, question: str) -> Iterator[tuple[Any, ...]]:
        used = {name: value for name, value in self._moments.items() if f":{name}" in question}
        return self._ledger.ask(question, **used)

    def _about_the_deployment(self) -> Iterator[Finding]:
        settings = self.facts.settings
        if not self.facts.filters:
            yield Finding(Kind.NOT_NOTIFIED, settings.input_bucket)
        if settings.email_on != "none" and not self.facts.subscriptions:
            yield Finding(Kind.NOBODY_SUBSCRIBED, settings.topic_arn)
        kinds = {
            "unconfirmed": Kind.SUBSCRIPTION_UNCONFIRMED,
            "suspended": Kind.SUBSCRIPTION_SUSPENDED,
        }
        for subscription in self.facts.subscriptions:
            if subscription.state in kinds:
                yield Finding(kinds[subscription.state], subscription.address)

    def _strays(self) -> Iterator[Finding]:
        for at, (key, version_id) in enumerate(self._ask(STRAYS)):
            upload_id = self._upload_id_of(key, version_id) if at < DESCRIBED_STRAYS else None
            status = self._status_of(key, upload_id)
            if status == "PROCESSED":
                yield Finding(Kind.PROCESSED_BUT_QUARANTINED, key, version_id, upload_id)
            else:
                detail = f"says it is of an upload that is {status}" if status else ""
                yield Finding(Kind.STRAY_COPY, key, version_id, upload_id, detail)

    def _status_of(self, key: str, upload_id: str | None) -> str | None:
        question = "SELECT status FROM record WHERE key = :key AND upload_id = :upload_id"
        found = self._ledger.ask(question, key=key, upload_id=upload_id)
        return next((status for (status,) in found), None)


@contextmanager
def reconcile(
    deployment: Deployment,
    *,
    grace_seconds: float = DEFAULT_GRACE_SECONDS,
    progress: Progress = lambda what, count: None,
    book: DayBook | None = None,
) -> Iterator[Reconciliation]:
    """Read a deployment; what touched it less than `grace_seconds` ago is not judged.

    In the same pass a `book` counts the days' figures. Raises an `OperateError` when something
    cannot be read: then nobody can tell.
    """
    started, kept = time.time(), Look()
    facts = Facts.of(deployment)
    with compared(
        facts,
        Streams.of(deployment, facts, kept, book),
        started=started,
        grace_seconds=grace_seconds,
        kept=kept,
        progress=progress,
        upload_id_of=lambda key, version_id: sources.upload_id_of(
            deployment, facts.settings.quarantine_bucket, key, version_id
        ),
    ) as reconciliation:
        yield reconciliation


@contextmanager
def compared(
    facts: Facts,
    streams: Streams,
    *,
    started: float,
    grace_seconds: float,
    kept: Look,
    upload_id_of: Callable[[str, str], str | None],
    progress: Progress = lambda what, count: None,
) -> Iterator[Reconciliation]:
    """Read the streams into a ledger that lives as long as the block."""
    with ledger() as accounts:
        accounts.add_versions(
            "input", _counted(streams.input, "input bucket", progress), facts.passes_over
        )
        accounts.add_versions(
            "quarantine",
            _counted(streams.quarantine, "quarantine bucket", progress),
            lambda version: PassedOver.NOT,
        )
        accounts.add_records(_counted(streams.records, "table", progress))
        accounts.add_kept(_counted(streams.kept, "kept events", progress))
        progress("comparing", 0)
        accounts.complete()
        yield Reconciliation(
            accounts,
            facts,
            started=started,
            grace_seconds=grace_seconds,
            kept=kept,
            upload_id_of=upload_id_of,
        )


def _counted(stream: Iterable[T], what: str, progress: Progress) -> Iterator[T]:
    count = 0
    for count, item in enumerate(stream, 1):
        if count % 1000 == 0:
            progress(what, count)
        yield item
    progress(what, count)


def _days_before(moment: float, days: int | None) -> float:
    return NEVER if days is None else moment - days * DAY_SECONDS
