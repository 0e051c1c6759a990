"""The tutorial's handler with Powertools for AWS Lambda: logger, metrics, idempotency.

Written as Powertools' documentation advises: one client for the table and for idempotency, each
record of the event idempotent by itself, metrics flushed once an invocation.
Source: https://docs.powertools.aws.dev/lambda/python/latest/utilities/idempotency/
"""

import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

logger = Logger()
metrics = Metrics()

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")

persistence = DynamoDBPersistenceLayer(
    table_name=os.environ["IDEMPOTENCY_TABLE"], boto3_client=dynamodb
)
config = IdempotencyConfig(event_key_jmespath="s3.object.[key, sequencer]")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> None:
    config.register_lambda_context(context)
    for record in event["Records"]:
        process(record=record)


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="record", persistence_store=persistence, config=config
)
def process(record: dict[str, Any]) -> None:
    bucket = record["s3"]["bucket"]["name"]
    key = unquote_plus(record["s3"]["object"]["key"])
    head = s3.head_object(Bucket=bucket, Key=key)
    dynamodb.put_item(
        TableName=os.environ["TABLE"],
        Item={
            "object_key": {"S": key},
            "bucket": {"S": bucket},
            "size_bytes": {"N": str(head["ContentLength"])},
            "content_type": {"S": head["ContentType"]},
            "etag": {"S": head["ETag"]},
            "processed_at": {"S": datetime.now(UTC).isoformat()},
        },
    )
    sns.publish(
        TopicArn=os.environ["TOPIC_ARN"],
        Subject="File processed",
        Message=json.dumps({"bucket": bucket, "key": key, "size": head["ContentLength"]}),
    )
    metrics.add_metric(name="FilesProcessed", unit=MetricUnit.Count, value=1)
    logger.info("processed", extra={"bucket": bucket, "key": key, "size": head["ContentLength"]})
