"""The dashboard and the saved queries name nothing that nobody writes.

What this does not prove: that CloudWatch draws them. It proves that their metrics and fields exist.
"""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from components.dashboard import COLUMNS, FATES_BY_HOUR
from components.queries import QUERIES
from handler import log
from handler.model.delivery import Delivery, Outcome
from handler.model.errors import Code, Fault
from handler.model.event import Upload
from handler.model.item import Status
from tests.component.recorder import Deployment

DOCUMENTED = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {
        "AsyncEventAge", "AsyncEventsDropped", "AsyncEventsReceived", "ConcurrentExecutions",
        "DestinationDeliveryFailures", "Duration", "Errors", "Invocations", "Throttles",
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    # https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    "AWS/SNS": {
        "NumberOfMessagesPublished", "NumberOfNotificationsDelivered",
        "NumberOfNotificationsFailed",
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
    "AWS/Logs": {"IncomingBytes"},
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
    "AWS/S3": {"BucketSizeBytes", "NumberOfObjects"},
    log.METRIC_NAMESPACE: set(log.METRICS.values()),
}  # fmt: skip
DIMENSIONS = {
    "AWS/Lambda": [{"FunctionName"}],
    "AWS/DynamoDB": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "AWS/SNS": [{"TopicName"}],
    "AWS/SQS": [{"QueueName"}],
    "AWS/Logs": [{"LogGroupName"}],
    "AWS/S3": [{"BucketName", "StorageType"}],
    log.METRIC_NAMESPACE: [{log.METRIC_DIMENSION}],
}
"""The sets of dimensions under which each service writes; a metric has data under no other."""

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
WORDS = {"and", "asc", "as", "by", "desc", "fields", "filter", "in", "limit", "not", "sort",
         "stats"}  # fmt: skip
FUNCTIONS = {"bin", "count", "ispresent", "latest", "max", "min", "pct", "strcontains", "sum"}
DISCOVERED = {"@timestamp", "@message", "@logStream", "@log"}
"""Fields that every log event has."""

EVERY_QUERY = {**QUERIES, "files-by-fate": FATES_BY_HOUR}


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The members of every kind of line that the handler logs of a file."""
    upload = Upload(
        bucket="in",
        key="a.csv",
        version_id="v",
        etag="e",
        size_bytes=1,
        upload_id="0" * 32,
        uploaded_at=datetime.now(UTC),
        record={},
    )
    delivery = Delivery(upload, "owner", time.monotonic())
    for status in Status:
        log.outcome("p", delivery, Outcome(status, reason_code="X", recorded=True))
    log.outcome("p", delivery, Outcome(Status.PROCESSED, recorded=False, reason_code=None))
    log.fault(upload, Fault(Code.AWS_ERROR, "No."))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {name for line in lines for name in line}


def fields_of(query: str) -> set[str]:
    """The fields a query reads: its names that are no words, functions, or names it gave itself."""
    bare = re.sub(r'"[^"]*"', '""', query)
    named = set(re.findall(r"\bas (\w+)", bare))
    called = set(re.findall(r"(\w+)\(", bare))
    assert called <= FUNCTIONS, "a function that Logs Insights may not know"
    names = set(re.findall(r"(?<![\w@])@?[A-Za-z_]\w*", bare))
    return names - WORDS - FUNCTIONS - named - {"h"}


@pytest.mark.parametrize("name", EVERY_QUERY)
def test_a_query_reads_fields_that_the_handler_writes(name: str, written: set[str]) -> None:
    fields = fields_of(EVERY_QUERY[name])
    assert fields
    assert fields <= written | DISCOVERED


@pytest.mark.parametrize("name", EVERY_QUERY)
def test_a_query_counts_the_words_that_the_handler_writes(name: str) -> None:
    statuses = set(re.findall(r'"([A-Z_]{2,})"', EVERY_QUERY[name]))
    assert statuses in (set(map(str, Status)), {"FAULT"}, set())


def test_a_wrong_field_would_be_found(written: set[str]) -> None:
    assert fields_of('filter filetype = "csv" | stats max(size) as largest') == {"filetype", "size"}
    assert "filetype" not in written


def test_queries_are_saved_for_both_functions_in_a_folder_of_the_pipeline(
    deployed: Deployment,
) -> None:
    saved = {query.inputs["name"]: query.inputs for query in deployed.of("QueryDefinition")}
    assert set(saved) == {f"silent-scalper-test-intake/{name}" for name in QUERIES}
    for inputs in saved.values():
        assert inputs["logGroupNames"] == [
            deployed.named(f"{function}-logs").outputs["name"]
            for function in ("processor", "rescuer")
        ]


def widgets(deployment: Deployment) -> list[dict[str, Any]]:
    body = json.loads(deployment.named("dashboard").inputs["dashboardBody"])
    found: list[dict[str, Any]] = body["widgets"]
    return found


def test_there_is_a_dashboard_only_where_it_is_asked_for(
    deployed: Deployment, full: Deployment
) -> None:
    assert not deployed.of("Dashboard"), "beyond three it costs $3 a month"
    (dashboard,) = full.of("Dashboard")
    assert dashboard.inputs["dashboardName"] == "intake-silent-scalper-test"


def test_every_metric_drawn_is_one_that_is_written(full: Deployment) -> None:
    drawn = [m for w in widgets(full) if w["type"] == "metric" for m in w["properties"]["metrics"]]
    assert len(drawn) > 20
    mine = {
        value
        for child in full.children
        for key, value in child.outputs.items()
        if key in ("name", "bucket")
    }
    for metric in drawn:
        if "expression" in metric[0]:
            continue
        namespace, name, *dimensions, _options = metric
        assert name in DOCUMENTED[namespace]
        pairs = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        assert set(pairs) in DIMENSIONS[namespace]
        first = next(iter(pairs.values()))
        assert first in mine, "the metric of something else"


def test_an_expression_uses_metrics_of_its_own_graph(full: Deployment) -> None:
    for widget in widgets(full):
        metrics = widget["properties"].get("metrics", [])
        ids = {m[-1]["id"] for m in metrics if "id" in m[-1]}
        for (expression,) in (m for m in metrics if "expression" in m[0]):
            assert set(re.findall(r"FILL\((\w+),", expression["expression"])) <= ids
            assert "*1024" in expression["expression"], "the processor's memory in this stack"


def test_every_alarm_is_shown(full: Deployment) -> None:
    (shown,) = (w["properties"]["alarms"] for w in widgets(full) if w["type"] == "alarm")
    assert sorted(shown) == sorted(alarm.outputs["arn"] for alarm in full.of("MetricAlarm"))


def test_widgets_fill_the_dashboard_without_overlapping(full: Deployment) -> None:
    taken: set[tuple[int, int]] = set()
    for w in widgets(full):
        cells = {
            (x, y)
            for x in range(w["x"], w["x"] + w["width"])
            for y in range(w["y"], w["y"] + w["height"])
        }
        assert not cells & taken
        taken |= cells
    heights = {y for _, y in taken}
    assert taken == {(x, y) for x in range(COLUMNS) for y in heights}


def test_a_log_widget_names_its_groups_and_its_region(full: Deployment) -> None:
    asked = [w["properties"] for w in widgets(full) if w["type"] == "log"]
    assert len(asked) == 3
    for properties in asked:
        for function in ("processor", "rescuer"):
            name = full.named(f"{function}-logs").outputs["name"]
            assert f"SOURCE '{name}' | " in properties["query"]
        assert properties["region"] == "eu-north-1"
