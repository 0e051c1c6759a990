"""Is everything well? Only what is cheap to ask: nothing is read whole but what waits.

To know that no file was overlooked, both buckets and the table must be read: `reconcile` does.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from handler.model.errors import Code
from handler.model.item import Status

from . import notified, sources
from .deployment import Deployment
from .errors import told_plainly
from .files import Selection, Waiting, waiting
from .input_bucket import Lack, lacks_of
from .kept_events import counted, queue_of
from .sources import Subscription
from .stopped import Paused, concurrency, paused
from .words import number

RECENT_MINUTES = 15
"""How far back the figures of Lambda go: as long as the alarm `files-late` waits."""

Progress = Callable[[str, int], None]

_UNNOTIFIED = frozenset({"eventbridge-off", "input-missing", "input-forbidden"})


@dataclass
class Group:
    """The files that wait for one reason."""

    status: Status
    reason_code: str
    files: int = 0
    oldest: Waiting | None = None
    next_retry: str | None = None
    """When the first of them is tried again by itself."""
    by: dict[str, int] = field(default_factory=dict)
    """How many wait for `nobody`, as they are tried again; for an `operator`; for a `sender`."""

    def add(self, file: Waiting, now: datetime) -> None:
        self.files += 1
        if self.oldest is None or file.since < self.oldest.since:
            self.oldest = file
        who = file.needs(now)
        self.by[who] = self.by.get(who, 0) + 1
        if file.retry_at and (self.next_retry is None or file.retry_at < self.next_retry):
            self.next_retry = file.retry_at


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that tells the pipeline's topic."""

    name: str
    state: str
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`."""
    since: str
    description: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What Lambda counted for the processor of late; None where it counted nothing."""

    received: int | None
    throttled: int | None
    oldest_seconds: float | None
    """How long the event waited that waited longest."""


@dataclass(frozen=True, slots=True)
class Health:
    """All that `scalper status` knows."""

    pipeline: str
    asked_at: datetime
    groups: list[Group]
    records: int
    """How many the table has, by DynamoDB's own count, which is up to six hours old."""
    kept_events: int
    flow: Flow
    alarms: list[Alarm]
    subscriptions: list[Subscription]
    expects_email: bool
    concurrency: int | None
    """What is reserved for the processor; 0 stops it."""
    paused: Paused | None
    notified: bool
    lacks: list[Lack] = field(default_factory=list)
    """What is missing on an input bucket that is not the pipeline's own."""
    counts: dict[str, int] | None = None
    """Files by fate, when the whole table was read."""

    @property
    def oldest(self) -> Waiting | None:
        """The file that has waited longest for an operator or for its next retry."""
        found = [it.oldest for it in self.groups if it.oldest and it.by.keys() - {"sender"}]
        return min(found, key=lambda file: file.since, default=None)

    def as_dict(self) -> dict[str, Any]:
        """For machines, and for the page."""
        troubles = list(self.troubles())
        return {
            "pipeline": self.pipeline,
            "asked_at": self.asked_at.isoformat(),
            "well": not troubles,
            "troubles": [asdict(trouble) for trouble in troubles],
            "waiting": [
                {
                    "status": group.status,
                    "reason_code": group.reason_code,
                    "files": group.files,
                    "oldest": group.oldest
                    and {"key": group.oldest.key, "since": group.oldest.since},
                    "next_retry": group.next_retry,
                    "for": group.by,
                }
                for group in self.groups
            ],
            "records": self.records,
            "counts": self.counts,
            "kept_events": self.kept_events,
            "lambda_last_15_minutes": asdict(self.flow),
            "alarms": [asdict(alarm) for alarm in self.alarms],
            "subscriptions": [asdict(subscription) for subscription in self.subscriptions],
            "concurrency": self.concurrency,
            "paused": self.paused and asdict(self.paused),
            "notified": self.notified,
        }

    def troubles(self) -> Iterator["Trouble"]:
        """What needs somebody; nothing when all is well."""
        if self.concurrency == 0:
            since = f" since {self.paused.at}" if self.paused else ""
            yield Trouble("paused", f"The processor is stopped{since}.", "scalper resume")
        for lack in self.lacks:
            yield Trouble(lack.kind, lack.what, *([lack.command] if lack.command else []))
        # Once the bucket says more, what the rule lacks is the rest of it.
        if not self.notified and not any(it.kind in _UNNOTIFIED for it in self.lacks):
            yield Trouble(
                "not-notified",
                "The input bucket does not tell the processor of uploads.",
                "pulumi up --refresh",
                "scalper reconcile --repair",
            )
        if self.kept_events:
            yield Trouble(
                "kept-events",
                f"{number(self.kept_events, 'event')} could not even be recorded.",
                "scalper release --kept-events",
            )
        for group in self.groups:
            if files := group.by.get("operator"):
                yield _waiting_for_somebody(group, files)
            elif group.reason_code == Code.CONFIGURATION and group.by.get("nobody"):
                yield Trouble(
                    "configuration",
                    f"{number(group.files, 'file')} HELD, CONFIGURATION: the deployment or its "
                    "code is at fault, and a retry by itself does not mend that.",
                    "scalper list --reason CONFIGURATION",
                )
        for alarm in self.alarms:
            if alarm.state == "ALARM":
                yield Trouble(alarm.name, f"Alarm {alarm.name}: {alarm.description}")
        if self.expects_email and not self.subscriptions:
            yield Trouble(
                "nobody-subscribed", "Nobody is subscribed to the alerts.", "pulumi up --refresh"
            )
        for it in self.subscriptions:
            if it.state != "confirmed":
                yield Trouble(
                    f"subscription-{it.state}",
                    f"{it.address} is told nothing: the subscription is {it.state}. Its reader "
                    "has to confirm the message from AWS.",
                )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that needs somebody, and what to type."""

    kind: str
    what: str
    type_next: tuple[str, ...]

    def __init__(self, kind: str, what: str, *type_next: str) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "what", what)
        object.__setattr__(self, "type_next", type_next)


def _waiting_for_somebody(group: Group, files: int) -> Trouble:
    waiting = f"{number(files, 'file')} {group.status}, {group.reason_code}"
    look = f"scalper list --reason {group.reason_code}"
    release = f"scalper release --reason {group.reason_code}"
    if group.reason_code == Code.LOOP_STOPPED:
        # Released before the code is mended, each of them would begin its loop anew.
        return Trouble(
            group.reason_code,
            f"{waiting}: process writes to the input bucket, and so causes its own next event. "
            "Let it write elsewhere before they are tried again.",
            look,
            "pulumi up",
            release,
        )
    return Trouble(
        group.reason_code, f"{waiting}, and nothing tries again by itself.", look, release
    )


def look(
    deployment: Deployment, *, count: bool = False, progress: Progress = lambda what, count: None
) -> Health:
    """Ask; with `count` the whole table is read. Raises an `OperateError` if nobody can tell."""
    now = datetime.now(UTC)
    groups = groups_of(deployment, now, progress)
    progress("alarms, queue, subscriptions", 0)
    counts = _counts(deployment, progress) if count else None
    return health_of(deployment, groups, now, counts=counts)


def health_of(
    deployment: Deployment,
    groups: list[Group],
    now: datetime,
    *,
    counts: dict[str, int] | None = None,
    at_once: int = 1,
) -> Health:
    """All else that there is to know, when it is known what waits; so many questions at once."""
    settings, lacks = deployment.settings, lacks_of(deployment)
    with ThreadPoolExecutor(at_once) as pool:
        records = pool.submit(_records, deployment)
        kept = pool.submit(_kept_events, deployment)
        counted = pool.submit(flow, deployment)
        watched = pool.submit(lambda: list(alarms(deployment)))
        told = pool.submit(lambda: list(sources.email_subscriptions(deployment)))
        reserved = pool.submit(concurrency, deployment)
        stopped = pool.submit(paused, deployment)
        told_of_uploads = pool.submit(_is_notified, deployment, lacks)
    return Health(
        pipeline=settings.pipeline,
        asked_at=now,
        groups=groups,
        records=records.result(),
        kept_events=kept.result(),
        flow=counted.result(),
        alarms=watched.result(),
        subscriptions=told.result(),
        expects_email=settings.email_on != "none",
        concurrency=reserved.result(),
        paused=stopped.result(),
        notified=told_of_uploads.result(),
        lacks=lacks,
        counts=counts,
    )


def _is_notified(deployment: Deployment, lacks: list[Lack]) -> bool:
    # One that may not be looked at is not asked again.
    if any(it.kind in _UNNOTIFIED for it in lacks):
        return False
    return bool(notified.filters(deployment))


def groups_of(
    deployment: Deployment, now: datetime, progress: Progress = lambda what, count: None
) -> list[Group]:
    """Everything that waits, by status and reason."""
    groups: dict[tuple[Status, str], Group] = {}
    for at, file in enumerate(waiting(deployment, Selection()), 1):
        kind = (file.status, file.reason_code)
        groups.setdefault(kind, Group(*kind)).add(file, now)
        if at % 1000 == 0:
            progress("files that wait", at)
    return sorted(groups.values(), key=lambda it: (it.status, -it.files, it.reason_code))


def alarms(deployment: Deployment) -> Iterator[Alarm]:
    """Every alarm that tells the topic."""
    pages = deployment.clients.cloudwatch.get_paginator("describe_alarms").paginate(
        ActionPrefix=deployment.outputs.alerts_topic_arn, AlarmTypes=["MetricAlarm"]
    )
    with told_plainly("read the alarms"):
        for page in pages:
            for it in page.get("MetricAlarms", []):
                # The prefix is also one of topics whose names go on after ours.
                if deployment.outputs.alerts_topic_arn in it["AlarmActions"]:
                    since = it["StateUpdatedTimestamp"].astimezone(UTC).isoformat()
                    description = it.get("AlarmDescription", "")
                    yield Alarm(it["AlarmName"], it["StateValue"], since, description)


def _records(deployment: Deployment) -> int:
    table = deployment.outputs.metadata_table
    with told_plainly(f"look at the table {table}"):
        return deployment.clients.dynamodb.describe_table(TableName=table)["Table"]["ItemCount"]


def _kept_events(deployment: Deployment) -> int:
    with queue_of(deployment) as url:
        return sum(counted(deployment, url))


def flow(deployment: Deployment) -> Flow:
    """Ask CloudWatch what Lambda counted."""
    now = datetime.now(UTC)
    asked = {
        "received": ("AsyncEventsReceived", "Sum"),
        "throttled": ("Throttles", "Sum"),
        "oldest": ("AsyncEventAge", "Maximum"),
    }
    dimensions: Any = [{"Name": "FunctionName", "Value": deployment.outputs.processor_function}]
    queries: Any = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": dimensions,
                },
                "Period": 60,
                "Stat": statistic,
            },
        }
        for name, (metric, statistic) in asked.items()
    ]
    with told_plainly("read the processor's metrics"):
        answer = deployment.clients.cloudwatch.get_metric_data(
            MetricDataQueries=queries,
            StartTime=now - timedelta(minutes=RECENT_MINUTES),
            EndTime=now,
        )
    values = {it["Id"]: it["Values"] for it in answer["MetricDataResults"] if it["Values"]}
    received, throttled = (
        int(sum(values[name])) if name in values else None for name in ("received", "throttled")
    )
    oldest = max(values["oldest"]) / 1000 if "oldest" in values else None
    return Flow(received, throttled, oldest)


def _counts(deployment: Deployment, progress: Progress) -> dict[str, int]:
    counts = {str(status): 0 for status in Status}
    for at, status in enumerate(sources.statuses(deployment), 1):
        counts[status] = counts.get(status, 0) + 1
        if at % 1000 == 0:
            progress("table", at)
    return counts
