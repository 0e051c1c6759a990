"""The handler that people copy: three clients, HeadObject, PutItem, Publish.

After AWS's own S3 trigger tutorial, with the two calls that every next step of it adds.
Source: https://docs.aws.amazon.com/lambda/latest/dg/with-s3-example.html
"""

import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import boto3

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")


def handler(event: dict[str, Any], context: Any) -> None:
    for record in event["Records"]:
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
        print(f"Processed s3://{bucket}/{key} ({head['ContentLength']} bytes)")
