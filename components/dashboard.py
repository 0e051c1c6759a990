"""A CloudWatch dashboard: fates, durations, what waits, alarms, and what the bill is made of.

It draws what AWS and the handler write anyway, so it adds no metric. What CloudWatch has no metric
for is asked of the logs each time the dashboard is looked at. Source of the format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Input, Output
from pulumi_aws import cloudwatch, lambda_, sqs

from silent_scalper_arguments.settings import Settings

from .functions import RESCUER_MEMORY_MB, Function, Places
from .queries import FATES, QUERIES
from .scope import Scope
from .table import NEEDS_ATTENTION

COLUMNS = 24
"""How wide a dashboard is, in its own units."""
HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS

Widget = dict[str, Any]
Metric = list[Any]

FATES_BY_HOUR = f"""\
{FATES}
| stats sum(strcontains(status, "PROCESSED")) as processed, \
sum(strcontains(status, "QUARANTINED")) as quarantined, \
sum(strcontains(status, "HELD")) as held, sum(strcontains(status, "GONE")) as gone by bin(1h)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is drawn."""

    places: Places
    processor: Function
    rescuer: Function
    kept_events: sqs.Queue
    alarms: Sequence[cloudwatch.MetricAlarm]


def dashboard(scope: Scope, settings: Settings, parts: Parts) -> cloudwatch.Dashboard:
    """Named by us, because Pulumi makes no names for dashboards. An account has each name once."""
    rows: list[tuple[int, list[Widget]]] = [
        (3, [_text(scope.pipeline)]),
        (3, [_alarms(parts.alarms)]),
        (6, [_fates(parts), _reasons(parts)]),
        (6, [_waiting(parts), _durations(parts), _durations_by_type(parts)]),
        (6, [_trouble(parts), _told(parts)]),
        (6, [_compute(settings, parts), _requests(parts), _stored(parts)]),
    ]
    region = parts.places.topics.alerts.arn.apply(lambda arn: arn.split(":")[3])
    return cloudwatch.Dashboard(
        scope.child("dashboard"),
        dashboard_name=re.sub(
            r"[^A-Za-z0-9_-]", "-", f"{scope.name}-{pulumi.get_project()}-{pulumi.get_stack()}"
        ),
        dashboard_body=Output.json_dumps({"widgets": _laid_out(rows, region)}),
        opts=scope.options(),
    )


def _laid_out(rows: Sequence[tuple[int, list[Widget]]], region: Input[str]) -> list[Widget]:
    """Each row as high as it says, its widgets equally wide."""
    placed: list[Widget] = []
    y = 0
    for height, widgets in rows:
        width = COLUMNS // len(widgets)
        for at, widget in enumerate(widgets):
            if widget["type"] in ("metric", "log"):
                widget["properties"]["region"] = region
            placed.append({"x": at * width, "y": y, "width": width, "height": height, **widget})
        y += height
    return placed


def _text(pipeline: str) -> Widget:
    return {
        "type": "text",
        "properties": {
            "markdown": f"# {pipeline}\n"
            "Is all well, and what needs somebody: `scalper status`. The whole story of one file: "
            "`scalper show KEY`. What each alarm means and what to do: docs/operating.md. "
            "Tables and the first graph are asked of the logs whenever this is opened."
        },
    }


def _alarms(alarms: Sequence[cloudwatch.MetricAlarm]) -> Widget:
    return {
        "type": "alarm",
        "properties": {"title": "Alarms", "alarms": [alarm.arn for alarm in alarms]},
    }


def _fates(parts: Parts) -> Widget:
    return _asked_of_logs("Files by fate, an hour", FATES_BY_HOUR, parts, view="timeSeries")


def _reasons(parts: Parts) -> Widget:
    return _asked_of_logs("Fates and reasons", QUERIES["fates-and-reasons"], parts)


def _durations_by_type(parts: Parts) -> Widget:
    return _asked_of_logs("Time a file took, by type", QUERIES["processing-durations"], parts)


def _waiting(parts: Parts) -> Widget:
    processor = parts.processor.function
    return _graph(
        "Backlog",
        [
            _of_function(processor, "AsyncEventAge", "Maximum", label="oldest waiting (ms)"),
            _of_function(processor, "AsyncEventsReceived", label="events received"),
            _of_function(processor, "ConcurrentExecutions", "Maximum", label="running at once"),
            _of_function(processor, "Throttles", label="throttled"),
            [
                "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName",
                parts.kept_events.name, {"stat": "Maximum", "label": "kept events"},
            ],
        ],
    )  # fmt: skip


def _durations(parts: Parts) -> Widget:
    processor = parts.processor.function
    return _graph(
        "Duration of the processor (ms)",
        [
            _of_function(processor, "Duration", stat, label=stat)
            for stat in ("p50", "p95", "p99", "Maximum")
        ],
    )


def _trouble(parts: Parts) -> Widget:
    return _graph(
        "Failures",
        [
            _of_function(function, metric, label=f"{name}: {metric}")
            for name, function in _both(parts)
            for metric in ("Errors", "AsyncEventsDropped", "DestinationDeliveryFailures")
        ],
    )


def _told(parts: Parts) -> Widget:
    topics = {"alerts": parts.places.topics.alerts, "quiet": parts.places.topics.quiet}
    return _graph(
        "Alerts and quiet outcomes",
        [
            [
                "AWS/SNS",
                metric,
                "TopicName",
                topic.name,
                {"stat": "Sum", "label": f"{name}: {metric}"},
            ]
            for name, topic in topics.items()
            for metric in (
                "NumberOfMessagesPublished",
                "NumberOfNotificationsDelivered",
                "NumberOfNotificationsFailed",
            )
        ],
    )


def _compute(settings: Settings, parts: Parts) -> Widget:
    """Lambda bills memory times duration; the durations are drawn elsewhere."""
    memory = {"processor": settings.memory_mb, "rescuer": RESCUER_MEMORY_MB}
    durations, factors = list[Metric](), list[str]()
    for name, function in _both(parts):
        durations.append(_of_function(function, "Duration", id=name, visible=False))
        factors.append(f"FILL({name},0)*{memory[name]}")
    expression = f"({'+'.join(factors)})/1024/1000"
    return _graph(
        "Cost: Lambda",
        [
            *durations,
            [{"expression": expression, "label": "GB-seconds", "id": "gigabyte_seconds"}],
            *(
                _of_function(function, "Invocations", label=f"calls of the {name}")
                for name, function in _both(parts)
            ),
        ],
        period_seconds=HOUR_SECONDS,
    )


def _requests(parts: Parts) -> Widget:
    table, written = parts.places.table.name, "ConsumedWriteCapacityUnits"
    return _graph(
        "Cost: table and logs",
        [
            ["AWS/DynamoDB", written, "TableName", table, {"stat": "Sum", "label": "writes"}],
            [
                "AWS/DynamoDB", written, "TableName", table,
                "GlobalSecondaryIndexName", NEEDS_ATTENTION,
                {"stat": "Sum", "label": "writes of the index"},
            ],
            [
                "AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", table,
                {"stat": "Sum", "label": "reads"},
            ],
            *(
                [
                    "AWS/Logs", "IncomingBytes", "LogGroupName", one.logs.name,
                    {"stat": "Sum", "label": f"log bytes of the {name}", "yAxis": "right"},
                ]
                for name, one in (("processor", parts.processor), ("rescuer", parts.rescuer))
            ),
        ],
        period_seconds=HOUR_SECONDS,
    )  # fmt: skip


def _stored(parts: Parts) -> Widget:
    """S3 measures once a day."""
    buckets = (
        ("input", parts.places.input_bucket.name),
        ("quarantine", parts.places.quarantine_bucket.name),
    )
    kinds = (
        ("BucketSizeBytes", "StandardStorage", "bytes", "left"),
        ("NumberOfObjects", "AllStorageTypes", "objects", "right"),
    )
    return _graph(
        "Cost: stored files",
        [
            [
                "AWS/S3", metric, "BucketName", bucket, "StorageType", storage,
                {"stat": "Average", "label": f"{unit} in {name}", "yAxis": axis},
            ]
            for metric, storage, unit, axis in kinds
            for name, bucket in buckets
        ],
        period_seconds=DAY_SECONDS,
    )  # fmt: skip


def _both(parts: Parts) -> list[tuple[str, lambda_.Function]]:
    return [("processor", parts.processor.function), ("rescuer", parts.rescuer.function)]


def _of_function(
    function: lambda_.Function, metric: str, stat: str = "Sum", **options: object
) -> Metric:
    return ["AWS/Lambda", metric, "FunctionName", function.name, {"stat": stat, **options}]


def _graph(title: str, metrics: list[Metric], *, period_seconds: int = 300) -> Widget:
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "metrics": metrics,
            "period": period_seconds,
            "view": "timeSeries",
        },
    }


def _asked_of_logs(title: str, query: str, parts: Parts, *, view: str = "table") -> Widget:
    groups = [parts.processor.logs.name, parts.rescuer.logs.name]
    sources = [Output.concat("SOURCE '", group, "' | ") for group in groups]
    return {
        "type": "log",
        "properties": {"title": title, "query": Output.concat(*sources, query), "view": view},
    }
