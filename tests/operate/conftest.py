"""A deployed pipeline on moto, whose files get their fates from the handler's own code."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa
from moto import mock_aws
from pytest_socket import disable_socket, enable_socket

from components.table import LISTED, NEEDS_ATTENTION
from handler.aws import clients as handler_clients
from handler.aws.records import plain_item
from handler.doors.s3_notification import parse
from handler.model.delivery import Delivery
from handler.model.retry_event import Retry
from handler.pipeline import Pipeline
from operate import __main__ as command
from operate.act import kept_release
from operate.audit.findings import Finding
from operate.audit.reconcile import reconcile
from operate.commands import options, trying
from operate.read import kept_events
from operate.read.deployment import Clients, Deployment
from operate.read.outputs import Outputs

REGION: Final = "eu-north-1"
ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
QUIET_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:quiet"


@dataclass
class Uploaded:
    """An upload and the record that S3 sends of it."""

    key: str
    version_id: str
    record: dict[str, Any]
    pipeline: Pipeline

    @property
    def delivery(self) -> Delivery:
        return Delivery(parse(self.record, "input"), "owner", time.monotonic())


class HandlerClients(handler_clients.Clients):
    def _connect(self, client: Any) -> None:
        """moto answers before anything is sent."""


class World:
    """What is deployed, and hands to meddle with it."""

    def __init__(self, clients: Clients, handler_clients: HandlerClients) -> None:
        self.clients, self._handler_clients = clients, handler_clients
        self.s3, self.sqs = self.clients.s3, self.clients.sqs
        self.dynamodb, self.lambda_ = self.clients.dynamodb, self.clients.lambda_
        self._sequencer = 0
        self.invoked: list[tuple[str, str, Any]] = []
        """Function, type of invocation, event: what the operator asked Lambda to do."""
        self.answer: dict[str, Any] = {}
        """What Lambda answers to it."""
        self.rules: dict[str, Any] = {}
        self._retried: dict[str, Delivery] = {}
        self._deploy()

    @property
    def outputs(self) -> Outputs:
        return Outputs("input", "quarantine", "records", TOPIC, "processor", "rescuer")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SCALPER_PIPELINE": "project-stack-intake",
            "SCALPER_STACK": "dev",
            "SCALPER_INPUT_BUCKET": "input",
            "SCALPER_QUARANTINE_BUCKET": "quarantine",
            "SCALPER_TABLE": "records",
            "SCALPER_TOPIC_ARN": TOPIC,
            "SCALPER_QUIET_TOPIC_ARN": QUIET_TOPIC,
            "SCALPER_EMAIL_ON": "all",
            "SCALPER_RULES": json.dumps(self.rules),
        }

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.outputs, self.clients)

    def findings(self, grace_seconds: float = 0) -> list[Finding]:
        with reconcile(self.deployment, grace_seconds=grace_seconds) as reconciliation:
            return list(reconciliation.findings())

    def kinds(self, grace_seconds: float = 0) -> list[str]:
        return [str(finding.kind) for finding in self.findings(grace_seconds)]

    def counts(self, grace_seconds: float = 0) -> Mapping[str, int]:
        with reconcile(self.deployment, grace_seconds=grace_seconds) as reconciliation:
            return {name: count for name, count in reconciliation.counts().items() if count}

    def upload(self, key: str, content: bytes = b"content") -> Uploaded:
        """An object that nobody has dealt with yet."""
        answer = self.s3.put_object(Bucket="input", Key=key, Body=content)
        self._sequencer += 1
        version_id = answer.get("VersionId", "null")
        record = {
            "eventSource": "aws:s3",
            "eventTime": datetime.now(UTC).isoformat(),
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "input"},
                "object": {
                    "key": quote_plus(key),
                    "size": len(content),
                    "eTag": answer["ETag"].strip('"'),
                    "sequencer": f"{self._sequencer:016X}",
                    **({"versionId": version_id} if version_id != "null" else {}),
                },
            },
        }
        return self.uploaded(record)

    def uploaded(self, record: dict[str, Any]) -> Uploaded:
        """What an event is about."""
        upload = parse(record, "input")
        return Uploaded(upload.key, upload.version_id or "null", record, self._pipeline())

    def accept(self, key: str, content: bytes = b"content") -> Uploaded:
        upload = self.upload(key, content)
        upload.pipeline.fates.accept(upload.delivery)
        return upload

    def reject(self, key: str, reason_code: str = "WRONG_TYPE") -> Uploaded:
        upload = self.upload(key)
        upload.pipeline.fates.reject(upload.delivery, reason_code, "No.")
        return upload

    def hold(self, key: str, reason_code: str = "AWS_ERROR") -> Uploaded:
        upload = self.upload(key)
        upload.pipeline.fates.hold(upload.delivery, reason_code, "No.")
        return upload

    def rejected_again(self, key: str) -> Uploaded:
        """Set aside, and of a retry that is at work: claimed, and not concluded."""
        upload = self.reject(key, "PROCESS_FAILED")
        delivery = upload.pipeline.reattempts.claim(
            Retry.next_of(plain_item(self.item(upload))).event, "retry", rescuing=False
        )
        assert delivery is not None
        self._retried[upload.version_id] = delivery
        return upload

    def accept_again(self, key: str, *, newer: bytes | None = None) -> Uploaded:
        """Set aside, and accepted by a retry; below what was uploaded since, if anything was."""
        upload = self.rejected_again(key)
        if newer is not None:
            self.accept(key, newer)
        upload.pipeline.fates.accept(self._retried[upload.version_id])
        return upload

    def mark_gone(self, key: str) -> Uploaded:
        upload = self.upload(key)
        self.remove("input", key, upload.version_id)
        upload.pipeline.fates.mark_gone(upload.delivery)
        return upload

    def remove(self, bucket: str, key: str, version_id: str) -> None:
        self.s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)

    def item(self, upload: Uploaded) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName="records", Key=self._key(upload))["Item"]

    def change(self, upload: Uploaded, **values: dict[str, str] | None) -> None:
        """Set attributes of a record, in DynamoDB's typed JSON; None removes one."""
        item = {**self.item(upload), **values}
        kept = {name: value for name, value in item.items() if value is not None}
        self.dynamodb.put_item(TableName="records", Item=kept)

    def forget(self, upload: Uploaded) -> None:
        self.dynamodb.delete_item(TableName="records", Key=self._key(upload))

    def keep_event(self, body: Any) -> None:
        url = self.sqs.get_queue_url(QueueName="kept-events")["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))

    def invoke(self, params: Any, model: Any, **_: Any) -> Any:
        """Stands in for Lambda: takes note, and answers at once."""
        if model.name != "Invoke":
            return None
        name = params["url_path"].split("/")[-2]
        kind = params["headers"].get("X-Amz-Invocation-Type", "RequestResponse")
        self.invoked.append((name, kind, json.loads(params["body"])))
        status = 202 if kind == "Event" else 200
        payload = json.dumps(self.answer.get("payload")).encode()
        answer = {"StatusCode": status, "Payload": io.BytesIO(payload)}
        if "error" in self.answer:
            answer["FunctionError"] = self.answer["error"]
        return AWSResponse("", status, HTTPHeaders(), None), answer

    def tell_rules(self, **rules: Any) -> None:
        self.rules = rules
        self.tell()

    def tell(self, **variables: str) -> None:
        """Change the processor's environment."""
        self.lambda_.update_function_configuration(
            FunctionName="processor", Environment={"Variables": {**self.environment, **variables}}
        )

    def notify(self, *filters: tuple[str, str], function: str = "processor") -> None:
        """Tell the function of what matches; without filters, nobody of anything."""
        arn = self.lambda_.get_function_configuration(FunctionName=function)["FunctionArn"]
        configurations: list[Any] = []
        for prefix, suffix in filters:
            named = [
                {"Name": name, "Value": value}
                for name, value in (("prefix", prefix), ("suffix", suffix))
                if value
            ]
            configuration: dict[str, Any] = {
                "LambdaFunctionArn": arn,
                "Events": ["s3:ObjectCreated:*"],
            }
            if named:
                configuration["Filter"] = {"Key": {"FilterRules": named}}
            configurations.append(configuration)
        self.s3.put_bucket_notification_configuration(
            Bucket="input",
            NotificationConfiguration={"LambdaFunctionConfigurations": configurations},
        )

    def _pipeline(self) -> Pipeline:
        return Pipeline(self.environment, self._handler_clients)

    def _key(self, upload: Uploaded) -> dict[str, Any]:
        return {
            "object_key": {"S": upload.key},
            "upload_id": {"S": upload.delivery.upload.upload_id},
        }

    def _deploy(self) -> None:
        for bucket in ("input", "quarantine"):
            self.s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            self.s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        self.dynamodb.create_table(
            TableName="records",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("object_key", "upload_id", "attention_shard", "attention_at")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": NEEDS_ATTENTION,
                    "KeySchema": [
                        {"AttributeName": "attention_shard", "KeyType": "HASH"},
                        {"AttributeName": "attention_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": LISTED,
                    },
                }
            ],
            KeySchema=[
                {"AttributeName": "object_key", "KeyType": "HASH"},
                {"AttributeName": "upload_id", "KeyType": "RANGE"},
            ],
        )
        self.clients.sns.create_topic(Name="alerts")
        self.clients.sns.create_topic(Name="quiet")
        self.clients.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="ops@example.com")
        queue = self.sqs.create_queue(QueueName="kept-events")["QueueUrl"]
        queue_arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        self._make_functions(queue_arn)
        self.notify(("", ""))

    def _make_functions(self, queue_arn: str) -> None:
        role = _iam().create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("main.py", "")
        for name in ("processor", "rescuer"):
            self.lambda_.create_function(
                FunctionName=name,
                Role=role,
                Runtime="python3.12",
                Handler=f"handler.{name}.handler",
                Code={"ZipFile": archive.getvalue()},
                Environment={"Variables": self.environment},
            )
        self.lambda_.put_function_event_invoke_config(
            FunctionName="rescuer", DestinationConfig={"OnFailure": {"Destination": queue_arn}}
        )


@cache
def _iam() -> Any:
    return boto3.client("iam", region_name=REGION)


@pytest.fixture(scope="session")
def clients() -> Iterator[tuple[Clients, HandlerClients]]:
    """The operator's and the handler's. Making them costs more than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        # moto's SNS makes an RSA key for every account: half the time of a test.
        patch.setattr(rsa, "generate_private_key", cache(rsa.generate_private_key))
        patch.setattr(kept_events, "WAIT_SECONDS", 0)
        patch.setattr(kept_release, "WAIT_SECONDS", 0)
        patch.setattr(kept_events, "OTHERS_SECONDS", 0)
        yield Clients(REGION), HandlerClients()


Scalper = Callable[..., Result]


@pytest.fixture
def scalper(world: World, monkeypatch: pytest.MonkeyPatch) -> Scalper:
    """The command, as it is typed, asking that world. What it raises is the test's to see."""
    for module in (options, trying):
        monkeypatch.setattr(module, "read_outputs", lambda path, stack: world.outputs)
    monkeypatch.setattr(Deployment, "of", lambda outputs: world.deployment)

    def invoke(*arguments: str, answer: str | None = None) -> Result:
        result = CliRunner().invoke(command.scalper, list(arguments), input=answer)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def world(clients: tuple[Clients, HandlerClients]) -> Iterator[World]:
    disable_socket(allow_unix_socket=True)
    with mock_aws():
        deployed = World(*clients)
        emitters = [it.meta.events for it in (deployed.lambda_, deployed.clients.patient_lambda)]
        for emitter in emitters:
            emitter.register("before-call.lambda.Invoke", deployed.invoke)
        yield deployed
        for emitter in emitters:
            emitter.unregister("before-call.lambda.Invoke", deployed.invoke)
    enable_socket()
