"""From a pipeline and a month's files to the units that AWS bills.

What is counted here is what `handler/` does: tests/cost/test_handler.py holds it to the calls that
the handler makes. What nobody can know before (times, e-mails in a storm) is an upper bound or an
argument of the `Workload`.
"""

from decimal import Decimal

from handler.aws.copies import MOST_PARTS, ONE_CALL_BYTES, PART_BYTES
from handler.aws.email_budget import PLACES, REST_MS, SUCCESSES_A_DAY

from .daily_check import daily_check
from .day_figures import day_figures
from .month import GB, Month, Section, Use, gb_seconds
from .pipeline import Pipeline
from .prices import Item
from .workload import HOURS_A_MONTH, MINUTES_A_MONTH, Workload

WRITE_UNIT_BYTES = 1024
PUBLISH_BYTES = 64 * 1024
ASK_UNITS = 2
"""The item of the e-mail budget has a key of more than a kilobyte."""
EMAILS_A_MINUTE = len(PLACES["failure"]) * 60_000 // REST_MS
DAYS_A_MONTH = Decimal(HOURS_A_MONTH) / 24
LOG_OVERHEAD_BYTES = 26
"""What CloudWatch adds to each stored line."""
LOG_COMPRESSION = Decimal("0.15")
"""What is left of stored logs, as AWS's own pricing examples have it."""

SET_ASIDE_MS = 200
"""Five calls of S3, one after another."""

KEY_WINDOW_MINUTES = 5
"""How long SNS, and about DynamoDB, use a data key again. Source:
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
KEY_REQUESTS_A_WINDOW = 10
"""SNS: two for each of two roles; as many for the table; two for the bucket keys."""
KEY_REQUESTS_A_FILE = 4
"""When files are so rare that nothing is used again: topic, table, both buckets."""


def usage(pipeline: Pipeline, workload: Workload) -> list[Use]:
    """Every item that is billed, in the order of the bill."""
    month = Month(pipeline, workload)
    return [
        *_lambda(month),
        *_table_and_topic(month),
        *_requests_of_s3(month),
        *_logs_and_metrics(month),
        *_kept(month),
        *_standing(month),
        *daily_check(month),
        *day_figures(month),
        Use(Section.FILES, Item.S3_WRITES, "S3: uploads", Decimal(workload.files)),
        month.stored(
            Section.FILES,
            Item.S3_STORAGE,
            "S3: accepted files",
            month.accepted * workload.size_bytes,
            pipeline.input_days,
        ),
    ]


def _lambda(month: Month) -> list[Use]:
    pipeline, workload = month.pipeline, month.workload
    starting = workload.cold_share * workload.cold_ms
    processor_ms = month.tries * (workload.warm_ms + workload.process_ms + starting)
    processor_ms += month.refused * SET_ASIDE_MS
    rescuer_ms = month.rescues * (workload.warm_ms + SET_ASIDE_MS + starting)

    compute = gb_seconds(processor_ms, pipeline.processor.memory_mb)
    compute += gb_seconds(rescuer_ms, pipeline.rescuer.memory_mb)
    storage = gb_seconds(processor_ms, pipeline.processor.billed_storage_mb)
    storage += gb_seconds(rescuer_ms, pipeline.rescuer.billed_storage_mb)
    invocations = month.tries + month.rescues
    retries = month.failing * pipeline.scheduled_retries
    return [
        Use(Section.WORK, Item.LAMBDA_REQUESTS, "Lambda: invocations", invocations),
        Use(Section.WORK, pipeline.processor.compute, "Lambda: time × memory", compute),
        Use(Section.WORK, Item.LAMBDA_STORAGE, "Lambda: /tmp, beyond", storage),
        Use(Section.WORK, Item.SCHEDULES, "Scheduler: retries", retries),
    ]


def _table_and_topic(month: Month) -> list[Use]:
    fine, bad, set_asides = month.fine, month.bad, month.set_asides
    bad_units = _units(bad.record, WRITE_UNIT_BYTES) + _units(bad.listed, WRITE_UNIT_BYTES)
    writes = month.accepted * _units(fine.record, WRITE_UNIT_BYTES) + set_asides * bad_units
    publishes = month.accepted * _units(fine.alert, PUBLISH_BYTES)
    publishes += set_asides * _units(bad.alert, PUBLISH_BYTES)
    accepted = month.accepted if month.pipeline.settings.email_on == "all" else Decimal(0)
    told_good = min(accepted, SUCCESSES_A_DAY * DAYS_A_MONTH)
    told_bad = set_asides if month.pipeline.settings.email_on != "none" else Decimal(0)
    emails = min(told_good + told_bad, Decimal(EMAILS_A_MINUTE * month.workload.busy_minutes))
    # Each new instance asks once until it knows that the day's successes are spent.
    asks = min(accepted, told_good + accepted * month.workload.cold_share) + told_bad
    if month.workload.emails is not None:
        emails = min(emails, Decimal(month.workload.emails))
    # A write that finds its condition false is billed too: the rescuer asks one of them, and so
    # does a file that finds no place among the e-mails.
    writes += month.rescues + ASK_UNITS * asks
    return [
        Use(Section.WORK, Item.TABLE_WRITES, "DynamoDB: writes", writes),
        Use(Section.WORK, Item.PUBLISHES, "SNS: publishes", publishes),
        Use(Section.WORK, Item.EMAILS, "SNS: e-mails, at most", emails * month.pipeline.addresses),
    ]


def _requests_of_s3(month: Month) -> list[Use]:
    opened = month.tries if month.pipeline.settings.process_entry else Decimal(0)
    reads, writes = _copying(month.workload.size_bytes)
    return [
        Use(
            Section.WORK,
            Item.S3_READS,
            "S3: reads and checks",
            opened + month.set_asides * (2 + reads),
        ),
        Use(Section.WORK, Item.S3_WRITES, "S3: into quarantine", month.set_asides * (1 + writes)),
    ]


def _logs_and_metrics(month: Month) -> list[Use]:
    # FilesQuarantined; a metric is billed for the hours in which it has values.
    hours = min(month.set_asides, Decimal(HOURS_A_MONTH))
    return [
        Use(Section.WORK, Item.LOGS_WRITTEN, "CloudWatch: logs written", month.log_bytes / GB),
        Use(Section.WORK, Item.METRICS, "CloudWatch: own metrics", hours / HOURS_A_MONTH),
    ]


def _kept(month: Month) -> list[Use]:
    pipeline = month.pipeline
    records = month.record_bytes + month.index_bytes
    logs = (month.log_bytes + month.log_lines * LOG_OVERHEAD_BYTES) * LOG_COMPRESSION
    quarantined = month.failed * month.workload.size_bytes
    record_days = pipeline.settings.record_retention_days

    def kept(item: Item, what: str, arriving: Decimal, days: int | None) -> Use:
        return month.stored(Section.KEPT, item, what, arriving, days)

    return [
        kept(Item.TABLE_STORAGE, "DynamoDB: records", records, record_days),
        kept(Item.TABLE_RECOVERY, "DynamoDB: recovery", records * pipeline.recovery, record_days),
        kept(Item.LOGS_KEPT, "CloudWatch: logs kept", logs, pipeline.log_days),
        kept(Item.S3_STORAGE, "S3: quarantine", quarantined, pipeline.quarantine_days),
    ]


def _standing(month: Month) -> list[Use]:
    pipeline = month.pipeline
    windows = MINUTES_A_MONTH // KEY_WINDOW_MINUTES
    requests = min(KEY_REQUESTS_A_FILE * month.workload.files, KEY_REQUESTS_A_WINDOW * windows)
    requests *= bool(pipeline.keys)

    def standing(item: Item, what: str, count: int) -> Use:
        return Use(Section.STANDING, item, what, Decimal(count), Decimal(count))

    return [
        Use(Section.WORK, Item.KEY_REQUESTS, "KMS: requests, about", Decimal(requests)),
        standing(Item.ALARMS, "CloudWatch: alarms", pipeline.alarm_metrics),
        standing(Item.DASHBOARDS, "CloudWatch: dashboards", pipeline.dashboards),
        standing(Item.KEYS, "KMS: key", pipeline.keys),
    ]


def _units(size: int, unit: int) -> int:
    return -(-size // unit)


def _copying(size_bytes: int) -> tuple[int, int]:
    """Reads and writes of S3: one CopyObject; or the tags, and parts between a start and an end."""
    if size_bytes <= ONE_CALL_BYTES:
        return 0, 1
    return 1, _units(size_bytes, max(PART_BYTES, _units(size_bytes, MOST_PARTS))) + 2
