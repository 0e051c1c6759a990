"""From a pipeline and a month's files to the units that AWS bills.

What is counted here is what `handler/` does: tests/cost/test_handler.py holds it to the calls that
the handler makes. What nobody can know before (times, e-mails in a storm) is an upper bound or an
argument of the `Workload`.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from handler.email_budget import EMAILS_A_WINDOW, SUCCESSES_A_WINDOW, WINDOW_SECONDS
from handler.quarantine import MOST_PARTS, ONE_CALL_BYTES, PART_BYTES

from .footprint import accepted, fault_line, set_aside
from .pipeline import Function, Pipeline
from .prices import Item
from .workload import DAYS_A_MONTH, HOURS_A_MONTH, MINUTES_A_MONTH, Workload

GB = Decimal(1024**3)
WRITE_UNIT_BYTES = 1024
PUBLISH_BYTES = 64 * 1024
ITEM_OVERHEAD_BYTES = 100
"""What DynamoDB adds to each stored item, and to each in an index. Source:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
LOG_OVERHEAD_BYTES = 26
"""What CloudWatch adds to each stored line."""
LOG_COMPRESSION = Decimal("0.15")
"""What is left of stored logs, as AWS's own pricing examples have it."""

TRIES = 3
"""Lambda's first and its two retries."""
SET_ASIDE_MS = 200
"""Five calls of S3, one after another."""
TRACEBACK_BYTES = 1500
"""Lambda's own line about a try that raised."""
FREE_TEMPORARY_STORAGE_MB = 512

READ_UNIT_BYTES = 4096
LISTED_AT_ONCE = 1000
CHECKS_A_MONTH = DAYS_A_MONTH
CHECK_MS = 3000
"""What the daily check takes to start and to ask after everything but files."""
CHECK_MS_A_FILE = Decimal("0.25")
"""To list, read and compare one; measured at 0.15 ms, on another processor than Lambda's."""

KEY_WINDOW_MINUTES = 5
"""How long SNS, and about DynamoDB, use a data key again. Source:
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
KEY_REQUESTS_A_WINDOW = 10
"""SNS: two for each of two roles; as many for the table; two for the bucket keys."""
KEY_REQUESTS_A_FILE = 4
"""When files are so rare that nothing is used again: topic, table, both buckets."""


class Section(StrEnum):
    """Why something is billed."""

    WORK = "work"
    """What is done for each file."""
    KEPT = "kept"
    """What the pipeline keeps of it."""
    STANDING = "standing"
    """What is there while nothing happens."""
    FILES = "files"
    """The uploads and the accepted files themselves: any bucket costs this."""


@dataclass(frozen=True, slots=True)
class Use:
    """So many units of one item in a month."""

    section: Section
    item: Item
    what: str
    """For the bill: the service, and what of it."""
    quantity: Decimal
    idle: Decimal = Decimal(0)
    """Units in a month after it in which nothing arrives, before anything expires."""

    @property
    def is_any(self) -> bool:
        return bool(self.quantity or self.idle)


def usage(pipeline: Pipeline, workload: Workload) -> list[Use]:
    """Every item that is billed, in the order of the bill."""
    counts = _Counts.of(pipeline, workload)
    return [
        *_lambda(pipeline, workload, counts),
        *_table_and_topic(pipeline, workload, counts),
        *_requests_of_s3(pipeline, workload, counts),
        *_logs_and_metrics(pipeline, workload, counts),
        *_kept(pipeline, workload, counts),
        *_standing(pipeline, workload),
        *_daily_check(pipeline, workload, counts),
        Use(Section.FILES, Item.S3_WRITES, "S3: uploads", Decimal(workload.files)),
        _stored(
            Section.FILES,
            Item.S3_STORAGE,
            "S3: accepted files",
            counts.accepted * workload.size_bytes,
            days=pipeline.input_days,
            month=workload.month,
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many files go which way; shares of a file are as good as files."""

    accepted: Decimal
    refused: Decimal
    """Set aside at the first try."""
    failing: Decimal
    """Set aside by the rescuer, after all tries."""
    rounds: int
    """How often those go the whole way: once, and once for each scheduled retry."""

    @classmethod
    def of(cls, pipeline: Pipeline, workload: Workload) -> "_Counts":
        failed = workload.files * workload.failures
        failing = failed * workload.retried
        rounds = 1 + pipeline.scheduled_retries
        return cls(workload.files - failed, failed - failing, failing, rounds)

    @property
    def failed(self) -> Decimal:
        return self.refused + self.failing

    @property
    def rescues(self) -> Decimal:
        return self.failing * self.rounds

    @property
    def tries(self) -> Decimal:
        """Invocations of the processor."""
        return self.accepted + self.refused + TRIES * self.rescues


def _lambda(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    starting = workload.cold_share * workload.cold_ms
    processor_ms = counts.tries * (workload.warm_ms + workload.process_ms + starting)
    processor_ms += counts.refused * SET_ASIDE_MS
    rescuer_ms = counts.rescues * (workload.warm_ms + SET_ASIDE_MS + starting)

    def gb_seconds(milliseconds: Decimal, megabytes: int) -> Decimal:
        return milliseconds / 1000 * megabytes / 1024

    def beyond_free(function: Function) -> int:
        return max(0, function.temporary_storage_mb - FREE_TEMPORARY_STORAGE_MB)

    compute = gb_seconds(processor_ms, pipeline.processor.memory_mb)
    compute += gb_seconds(rescuer_ms, pipeline.rescuer.memory_mb)
    storage = gb_seconds(processor_ms, beyond_free(pipeline.processor))
    storage += gb_seconds(rescuer_ms, beyond_free(pipeline.rescuer))
    uses = [
        Use(
            Section.WORK, Item.LAMBDA_REQUESTS, "Lambda: invocations", counts.tries + counts.rescues
        ),
        Use(Section.WORK, Item.LAMBDA_COMPUTE, "Lambda: time × memory", compute),
    ]
    if storage:
        uses.append(Use(Section.WORK, Item.LAMBDA_STORAGE, "Lambda: /tmp beyond 512 MB", storage))
    if counts.rounds > 1:
        retries = counts.failing * pipeline.scheduled_retries
        uses.append(Use(Section.WORK, Item.SCHEDULES, "Scheduler: retries", retries))
    return uses


def _table_and_topic(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    fine, bad = accepted(pipeline, workload), set_aside(pipeline, workload)
    settled_bad = counts.refused + counts.rescues
    told_good = pipeline.settings.email_on == "all"
    told_bad = pipeline.settings.email_on != "none"
    email_asked = counts.accepted * told_good + settled_bad * told_bad
    windows = Decimal(60 // WINDOW_SECONDS * workload.busy_minutes)
    good = min(counts.accepted, SUCCESSES_A_WINDOW * windows) * told_good
    emails = min(good + settled_bad * told_bad, EMAILS_A_WINDOW * windows)
    writes = counts.accepted * _units(fine.record, WRITE_UNIT_BYTES)
    writes += settled_bad * (
        _units(bad.record, WRITE_UNIT_BYTES) + _units(bad.listed, WRITE_UNIT_BYTES)
    )
    # A write that finds its condition false is billed too: the rescuer asks one of them.
    writes += counts.rescues + email_asked
    publishes = counts.accepted * _units(fine.alert, PUBLISH_BYTES)
    publishes += settled_bad * _units(bad.alert, PUBLISH_BYTES)
    return [
        Use(Section.WORK, Item.TABLE_WRITES, "DynamoDB: writes", writes),
        Use(Section.WORK, Item.PUBLISHES, "SNS: publishes", publishes),
        Use(Section.WORK, Item.EMAILS, "SNS: e-mails, at most", emails * pipeline.addresses),
    ]


def _requests_of_s3(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    settled_bad = counts.refused + counts.rescues
    opened = counts.tries if pipeline.settings.process_entry else Decimal(0)
    return [
        Use(
            Section.WORK,
            Item.S3_READS,
            "S3: reads and checks",
            opened + 2 * settled_bad + _tag_reads(workload.size_bytes) * settled_bad,
        ),
        Use(
            Section.WORK,
            Item.S3_WRITES,
            "S3: into quarantine",
            settled_bad * (1 + _copy_requests(workload.size_bytes)),
        ),
    ]


def _logs_and_metrics(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    written, _ = _log_bytes(pipeline, workload, counts)
    # FilesQuarantined; a metric is billed for the hours in which it has values.
    hours = min(counts.refused + counts.rescues, Decimal(HOURS_A_MONTH))
    return [
        Use(Section.WORK, Item.LOGS_WRITTEN, "CloudWatch: logs written", written / GB),
        Use(Section.WORK, Item.METRICS, "CloudWatch: own metrics", hours / HOURS_A_MONTH),
    ]


def _kept(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    fine, bad = accepted(pipeline, workload), set_aside(pipeline, workload)
    records = counts.accepted * (fine.record + ITEM_OVERHEAD_BYTES)
    records += counts.failed * (bad.record + bad.listed + 2 * ITEM_OVERHEAD_BYTES)
    written, lines = _log_bytes(pipeline, workload, counts)
    logs = (written + lines * LOG_OVERHEAD_BYTES) * LOG_COMPRESSION
    quarantined = counts.failed * workload.size_bytes
    record_days = pipeline.settings.record_retention_days

    def kept(item: Item, what: str, bytes_a_month: Decimal, days: int | None) -> Use:
        return _stored(Section.KEPT, item, what, bytes_a_month, days=days, month=workload.month)

    uses = [
        kept(Item.TABLE_STORAGE, "DynamoDB: records", records, record_days),
        kept(Item.LOGS_KEPT, "CloudWatch: logs kept", logs, pipeline.log_days),
        kept(Item.S3_STORAGE, "S3: quarantine", quarantined, pipeline.quarantine_days),
    ]
    if pipeline.recovery:
        uses.append(kept(Item.TABLE_RECOVERY, "DynamoDB: recovery", records, record_days))
    return uses


def _standing(pipeline: Pipeline, workload: Workload) -> list[Use]:
    def standing(item: Item, what: str, count: int) -> Use:
        return Use(Section.STANDING, item, what, Decimal(count), Decimal(count))

    uses = [standing(Item.ALARMS, "CloudWatch: alarms", pipeline.alarm_metrics)]
    if pipeline.dashboards:
        uses.append(standing(Item.DASHBOARDS, "CloudWatch: dashboards", pipeline.dashboards))
    if pipeline.keys:
        windows = MINUTES_A_MONTH // KEY_WINDOW_MINUTES
        requests = min(KEY_REQUESTS_A_FILE * workload.files, KEY_REQUESTS_A_WINDOW * windows)
        uses += [
            standing(Item.KEYS, "KMS: key", pipeline.keys),
            Use(Section.WORK, Item.KEY_REQUESTS, "KMS: requests, about", Decimal(requests)),
        ]
    return uses


def _daily_check(pipeline: Pipeline, workload: Workload, counts: _Counts) -> list[Use]:
    """Both buckets and the table are read whole every day, also while nothing arrives."""
    checker = pipeline.checker
    if checker is None:
        return []
    record_days = pipeline.settings.record_retention_days
    bad = set_aside(pipeline, workload).record + ITEM_OVERHEAD_BYTES
    records = counts.accepted * (accepted(pipeline, workload).record + ITEM_OVERHEAD_BYTES)
    records += counts.failed * bad

    def uses(in_table: Decimal, in_input: Decimal, in_quarantine: Decimal) -> dict[str, Decimal]:
        """A month's units, with so many months' files in each place."""
        listed = counts.accepted * in_input + counts.failed * in_quarantine
        milliseconds = CHECK_MS + CHECK_MS_A_FILE * max(listed, workload.files * in_table)
        gb_seconds = milliseconds / 1000 / 1024
        beyond = max(0, checker.temporary_storage_mb - FREE_TEMPORARY_STORAGE_MB)
        return {
            Item.LAMBDA_REQUESTS: CHECKS_A_MONTH * Decimal(1),
            Item.LAMBDA_COMPUTE: CHECKS_A_MONTH * gb_seconds * checker.memory_mb,
            Item.LAMBDA_STORAGE: CHECKS_A_MONTH * gb_seconds * beyond,
            Item.SCHEDULES: CHECKS_A_MONTH * Decimal(1),
            Item.TABLE_READS: CHECKS_A_MONTH * (1 + records * in_table / READ_UNIT_BYTES),
            # One page at least of each bucket.
            Item.S3_WRITES: CHECKS_A_MONTH * (2 + listed / LISTED_AT_ONCE),
        }

    days = (record_days, pipeline.input_days, pipeline.quarantine_days)
    month = uses(*(months_stored(it, workload.month) for it in days))
    idle = uses(*(_most_months(it, workload.month) for it in days))
    words = {
        Item.LAMBDA_REQUESTS: "invocations",
        Item.LAMBDA_COMPUTE: "time",
        Item.LAMBDA_STORAGE: "/tmp",
        Item.SCHEDULES: "schedule",
        Item.TABLE_READS: "reads",
        Item.S3_WRITES: "lists",
    }
    return [
        Use(Section.STANDING, item, f"Daily check: {what}", month[item], idle[item])
        for item, what in words.items()
    ]


def _log_bytes(pipeline: Pipeline, workload: Workload, counts: _Counts) -> tuple[Decimal, Decimal]:
    """Bytes and lines."""
    fine, bad = accepted(pipeline, workload), set_aside(pipeline, workload)
    failed_tries = TRIES * counts.rescues
    written = counts.accepted * fine.log + (counts.refused + counts.rescues) * bad.log
    written += failed_tries * (fault_line(pipeline, workload) + TRACEBACK_BYTES)
    lines = counts.accepted + counts.refused + counts.rescues + 2 * failed_tries
    return written, lines


def _stored(
    section: Section, item: Item, what: str, bytes_a_month: Decimal, *, days: int | None, month: int
) -> Use:
    """GB-months in that month since the deployment, when as much has arrived in each, evenly."""
    gigabytes = bytes_a_month / GB
    return Use(
        section,
        item,
        what,
        gigabytes * months_stored(days, month),
        gigabytes * _most_months(days, month),
    )


def months_stored(days: int | None, month: int) -> Decimal:
    """How many months' files are stored on average during that month, each for so many days.

    The stock grows evenly until the first file expires: the area under min(t, kept), t in months.
    """
    kept = _most_months(days, month)
    growing_until = max(kept, Decimal(month - 1))
    growth = (growing_until**2 - (month - 1) ** 2) / 2
    return growth + kept * (month - growing_until)


def _most_months(days: int | None, month: int) -> Decimal:
    """How many months' files are stored at the end of that month."""
    if days is None:
        return Decimal(month)
    return min(Decimal(days) / DAYS_A_MONTH, Decimal(month))


def _units(size: int, unit: int) -> int:
    return -(-size // unit)


def _copy_requests(size_bytes: int) -> int:
    """One CopyObject, or the parts between a beginning and an end."""
    if size_bytes <= ONE_CALL_BYTES:
        return 1
    return _units(size_bytes, max(PART_BYTES, _units(size_bytes, MOST_PARTS))) + 2


def _tag_reads(size_bytes: int) -> int:
    """Copies in parts leave tags behind, so they are read first."""
    return int(size_bytes > ONE_CALL_BYTES)
