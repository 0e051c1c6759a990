"""Saved CloudWatch Logs Insights queries, over the one JSON line that the handler logs a file.

Keeping a query is free; running one is billed by the log bytes it reads. Lambda's JSON log format
leaves a line that is JSON already as it is, so its members are fields by their own names. Source:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from collections.abc import Sequence

from pulumi_aws import cloudwatch

from .scope import Scope

FATES = 'filter status in ["PROCESSED", "QUARANTINED", "HELD", "GONE"] and not ispresent(stood)'
"""Lines of fates that were recorded; a line with `stood` repeats one that stood before."""

QUERIES = {
    "file-types": f"""\
{FATES}
| stats count(*) as files, sum(size) as bytes by type
| sort files desc""",
    "file-sizes": f"""\
{FATES}
| stats min(size) as smallest, pct(size, 50) as median, pct(size, 95) as p95, \
max(size) as largest by type
| sort largest desc""",
    "processing-durations": f"""\
{FATES}
| stats count(*) as files, pct(ms, 50) as median_ms, pct(ms, 95) as p95_ms, \
pct(ms, 99) as p99_ms, max(ms) as slowest_ms by type
| sort slowest_ms desc""",
    "slowest-files": f"""\
{FATES}
| fields @timestamp, ms, key, type, size, status
| sort ms desc
| limit 50""",
    "fates-and-reasons": f"""\
{FATES}
| stats count(*) as files by status, code
| sort files desc""",
    "faults": """\
filter status = "FAULT"
| stats count(*) as times, latest(reason) as last_reason, latest(key) as last_key by code
| sort times desc""",
    "one-file": """\
filter key = "PUT THE KEY HERE"
| fields @timestamp, status, code, reason, ms, size, upload_id, @logStream
| sort @timestamp asc""",
}
"""By the name a person picks them by."""


def save_queries(scope: Scope, logs: Sequence[cloudwatch.LogGroup]) -> None:
    """In a folder of the pipeline's own. The name is a label: AWS tells queries apart by an id."""
    for name, query in QUERIES.items():
        cloudwatch.QueryDefinition(
            scope.child(f"query-{name}"),
            name=f"{scope.pipeline}/{name}",
            log_group_names=[group.name for group in logs],
            query_string=query,
            opts=scope.options(),
        )
