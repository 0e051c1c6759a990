"""What each role must not do is tried with its credentials, and refused."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deployment import Deployment

from .conftest import Role

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}

Attempt = Callable[[Role, "Others"], object]


class Others:
    """Things of the same account that are not this pipeline's, and a file in each bucket."""

    bucket, table, function, queue = "others-bucket", "others-table", "probe-processor", "others"
    log_group, key = "others-logs", "file.csv"

    def __init__(self, guarded: Deployment) -> None:
        cloud = guarded.cloud
        cloud.s3.create_bucket(Bucket=self.bucket)
        cloud.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        buckets = (self.bucket, guarded.input_bucket, guarded.quarantine_bucket)
        self.versions = {
            bucket: cloud.s3.put_object(Bucket=bucket, Key=self.key, Body=b"")["VersionId"]
            for bucket in buckets
        }
        self.topic = cloud.sns.create_topic(Name="others")["TopicArn"]
        cloud.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "object_key", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "object_key", "KeyType": "HASH"}],
        )
        cloud.logs.create_log_group(logGroupName=self.log_group)
        self.queue_url = cloud.sqs.create_queue(QueueName=self.queue)["QueueUrl"]


ITEM = {"object_key": {"S": "k"}, "upload_id": {"S": "u"}}


def in_bucket(role: Role, others: Others, name: str, **more: Any) -> dict[str, Any]:
    bucket = others.bucket if name == "others" else role.outputs[f"{name}_bucket"]
    version = {"VersionId": others.versions[bucket]} if more.pop("version", False) else {}
    return {"Bucket": bucket, "Key": others.key, **version, **more}


def copied_from(role: Role, others: Others, name: str) -> dict[str, Any]:
    return {"CopySource": in_bucket(role, others, name, version=True)}


ATTEMPTS: dict[str, Attempt] = {
    # The wrong bucket.
    "read another bucket": lambda r, o: r.clients.s3.get_object(
        **in_bucket(r, o, "others", version=True)
    ),
    "list another bucket": lambda r, o: r.clients.s3.list_object_versions(Bucket=o.bucket),
    "write to another bucket": lambda r, o: r.clients.s3.put_object(
        **in_bucket(r, o, "others", Body=b"")
    ),
    "delete from another bucket": lambda r, o: r.clients.s3.delete_object(
        **in_bucket(r, o, "others", version=True)
    ),
    "copy from another bucket": lambda r, o: r.clients.s3.copy_object(
        **in_bucket(r, o, "quarantine"), **copied_from(r, o, "others")
    ),
    "copy to another bucket": lambda r, o: r.clients.s3.copy_object(
        **in_bucket(r, o, "others"), **copied_from(r, o, "input")
    ),
    # Without a version, or beside what files need.
    "read a copy without its version": lambda r, o: r.clients.s3.get_object(
        **in_bucket(r, o, "quarantine")
    ),
    "delete an upload without its version": lambda r, o: r.clients.s3.delete_object(
        **in_bucket(r, o, "input")
    ),
    "delete a copy without its version": lambda r, o: r.clients.s3.delete_object(
        **in_bucket(r, o, "quarantine")
    ),
    "make an upload public": lambda r, o: r.clients.s3.put_object_acl(
        **in_bucket(r, o, "input", ACL="public-read")
    ),
    "switch versioning off": lambda r, o: r.clients.s3.put_bucket_versioning(
        Bucket=r.outputs["input_bucket"], VersioningConfiguration={"Status": "Suspended"}
    ),
    "change the bucket's policy": lambda r, o: r.clients.s3.put_bucket_policy(
        Bucket=r.outputs["input_bucket"], Policy='{"Version": "2012-10-17", "Statement": []}'
    ),
    "change who is notified": lambda r, o: r.clients.s3.put_bucket_notification_configuration(
        Bucket=r.outputs["input_bucket"], NotificationConfiguration={}
    ),
    # Outside the table, or out of it.
    "write to another table": lambda r, o: r.clients.dynamodb.put_item(
        TableName=o.table, Item=ITEM
    ),
    "update another table": lambda r, o: r.clients.dynamodb.update_item(
        TableName=o.table, Key={"object_key": {"S": "k"}}
    ),
    "delete a record": lambda r, o: r.clients.dynamodb.delete_item(
        TableName=r.outputs["metadata_table"], Key=ITEM
    ),
    "scan the table": lambda r, o: r.clients.dynamodb.scan(TableName=r.outputs["metadata_table"]),
    "delete the table": lambda r, o: r.clients.dynamodb.delete_table(
        TableName=r.outputs["metadata_table"]
    ),
    # Publish elsewhere, or change who is told.
    "publish elsewhere": lambda r, o: r.clients.sns.publish(TopicArn=o.topic, Message="m"),
    "subscribe somebody": lambda r, o: r.clients.sns.subscribe(
        TopicArn=r.outputs["alerts_topic_arn"], Protocol="email", Endpoint="x@example.com"
    ),
    # Logs.
    "create a log group": lambda r, o: r.clients.logs.create_log_group(logGroupName="new"),
    "write to another log group": lambda r, o: r.clients.logs.create_log_stream(
        logGroupName=o.log_group, logStreamName="s"
    ),
    # Other functions, queues and rights.
    "call another function": lambda r, o: r.clients.lambda_.invoke(FunctionName=o.function),
    "change its own code": lambda r, o: r.clients.lambda_.update_function_configuration(
        FunctionName=r.function, Timeout=1
    ),
    "send to another queue": lambda r, o: r.clients.sqs.send_message(
        QueueUrl=o.queue_url, MessageBody="m"
    ),
    "take out kept events": lambda r, o: r.clients.sqs.receive_message(QueueUrl=r.kept_events_url),
    "give itself rights": lambda r, o: r.clients.iam.put_role_policy(
        RoleName=r.role_name, PolicyName="more", PolicyDocument="{}"
    ),
}


THE_RESCUER_ALONE: dict[str, Attempt] = {
    "write to the input bucket": lambda r, o: r.clients.s3.put_object(
        **in_bucket(r, o, "input", Body=b"")
    ),
    "read an upload without its version": lambda r, o: r.clients.s3.get_object(
        **in_bucket(r, o, "input")
    ),
}
"""The processor brings files back from quarantine, on the condition of what is there."""


@pytest.fixture(scope="module")
def others(guarded: Deployment, roles: dict[str, Role]) -> Others:
    return Others(guarded)


@pytest.mark.parametrize("role", ["processor", "rescuer"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_it_may_not(roles: dict[str, Role], others: Others, role: str, attempt: str) -> None:
    refused(lambda: ATTEMPTS[attempt](roles[role], others))


@pytest.mark.parametrize("attempt", THE_RESCUER_ALONE)
def test_the_rescuer_may_not(roles: dict[str, Role], others: Others, attempt: str) -> None:
    refused(lambda: THE_RESCUER_ALONE[attempt](roles["rescuer"], others))


def test_the_processor_may_not_schedule(roles: dict[str, Role], others: Others) -> None:
    scheduler = roles["processor"].clients.scheduler
    refused(
        lambda: scheduler.create_schedule(
            Name="mine",
            ScheduleExpression="at(2099-01-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": others.topic, "RoleArn": others.topic},
        )
    )


def test_the_processor_may_not_keep_events(roles: dict[str, Role], others: Others) -> None:
    role = roles["processor"]
    refused(lambda: role.clients.sqs.send_message(QueueUrl=role.kept_events_url, MessageBody="m"))


def test_the_rescuer_may_not_call_itself(roles: dict[str, Role], others: Others) -> None:
    role = roles["rescuer"]
    refused(lambda: role.clients.lambda_.invoke(FunctionName=role.function))


def refused(attempt: Callable[[], object]) -> None:
    with pytest.raises(ClientError) as answer:
        attempt()
    assert answer.value.response["Error"]["Code"] in REFUSALS, answer.value
