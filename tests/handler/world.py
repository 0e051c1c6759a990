"""A deployed pipeline on moto, seen from outside: upload, run, look at what there is.

Everything that a test injects goes through botocore's own hooks, so the code under test talks to
the clients that it talks to in Lambda.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus, unquote, unquote_plus

import botocore.session
import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from moto.s3.models import s3_backends

from handler import pipeline, processor, rescuer
from handler.aws import backoff
from handler.aws.clients import Clients
from handler.aws.email_budget import BUDGET_KEY, EmailBudget
from handler.aws.records import plain_item, typed_item
from handler.model.errors import Fault
from handler.model.item import Item
from handler.pipeline import Pipeline
from handler.user_code import Process

REGION, ACCOUNT = "eu-north-1", "123456789012"
PIPELINE, STACK = "silent-scalper-test-intake", "test"
INPUT, QUARANTINE, TABLE = "intake-input", "intake-quarantine", "intake-files"
TOPIC, QUIET_TOPIC = "intake", "intake-quiet"
RETRIES = "intake-retries"
PROCESSOR_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:intake-processor"
KEPT_EVENTS_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:intake-kept-events"
EVENTS = Path(__file__).resolve().parent.parent / "events"

Event = dict[str, Any]


def saved_event(name: str) -> Event:
    """A real event or failure record from `tests/events`."""
    event: Event = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def fault_of(call: Callable[[], object]) -> Fault | None:
    """What `call` raised, if it was a fault; anything else goes on."""
    try:
        call()
    except Fault as fault:
        return fault
    return None


class Crash(BaseException):
    """The instance dies here: nothing in the handler may catch it."""


@dataclass(frozen=True)
class Context:
    """What Lambda passes beside the event."""

    aws_request_id: str
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass(frozen=True)
class Call:
    """One AWS call of the handler."""

    service: str
    operation: str
    request: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True)
class Alert:
    """A message as a subscribed queue gets it; `email` is what a person would get."""

    subject: str
    message: dict[str, Any]
    email: str | None
    attributes: dict[str, str]
    topic_arn: str

    @property
    def status(self) -> str:
        return str(self.message["status"])

    @property
    def is_emailed(self) -> bool:
        """Addresses are subscribed to ScalperAlerts alone."""
        return self.topic_arn.endswith(f":{TOPIC}")

    @property
    def text(self) -> str:
        """What a person gets of an alert that is e-mailed."""
        assert self.email is not None, f"{self.subject} is not e-mailed"
        return self.email


class AwsClients(Clients):
    """The handler's own clients, in a region and with hooks that a test can hang things on."""

    def __init__(self) -> None:
        super().__init__()
        self.services = ("s3", "s3_for_copies", "dynamodb", "sns", "scheduler")
        self._hooks: list[tuple[Any, str, Callable[..., Any]]] = []

    @cached_property
    def _session(self) -> botocore.session.Session:
        session = botocore.session.get_session()
        session.set_config_variable("region", REGION)
        session.set_credentials("test", "test")
        return session

    def _connect(self, client: Any) -> None:
        """moto answers before anything is sent."""

    @cached_property
    def sqs(self) -> Any:
        return self._session.create_client("sqs")

    def hook(self, name: str, action: Callable[..., Any]) -> None:
        """Register `action` for an event of botocore such as `before-call.s3.CopyObject`."""
        for service in self.services:
            events = getattr(self, service).meta.events
            events.register(name, action)
            self._hooks.append((events, name, action))

    def forget_hooks(self) -> None:
        for events, name, action in self._hooks:
            events.unregister(name, action)
        self._hooks.clear()


@dataclass(frozen=True)
class Uploaded:
    """An object in the input bucket and the event that S3 sends for it."""

    key: str
    version_id: str
    upload_id: str
    event: Event

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = self.event["Records"][0]
        return record


class World:
    """The account, the pipeline in it, and what a test does and asks."""

    def __init__(self, aws: AwsClients, own: AwsClients, patch: pytest.MonkeyPatch) -> None:
        self.aws, self._own, self._patch = aws, own, patch
        self.pauses: list[int] = []
        """After how many tries the handler waited before another one."""
        patch.setattr(backoff, "pause", self.pauses.append)
        self.calls: list[Call] = []
        self._alerts: list[Alert] = []
        self._emails: dict[str, str] = {}
        self._sequencers = itertools.count(0x0055AED6DCD90281)
        for bucket in (INPUT, QUARANTINE):
            self._own.s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            self._own.s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        self._make_table()
        self.topic_arns = [
            self._own.sns.create_topic(Name=name)["TopicArn"] for name in (TOPIC, QUIET_TOPIC)
        ]
        self._listen()
        self.environment = {
            "SCALPER_PIPELINE": PIPELINE,
            "SCALPER_STACK": STACK,
            "SCALPER_INPUT_BUCKET": INPUT,
            "SCALPER_QUARANTINE_BUCKET": QUARANTINE,
            "SCALPER_TABLE": TABLE,
            "SCALPER_TOPIC_ARN": self.topic_arns[0],
            "SCALPER_QUIET_TOPIC_ARN": self.topic_arns[1],
            "SCALPER_EMAIL_ON": "none",
            "SCALPER_RULES": "{}",
        }
        self._own.scheduler.create_schedule_group(Name=RETRIES)
        self.aws.hook("provide-client-params", self._count)
        for call in ("CopyObject", "CompleteMultipartUpload"):
            self.aws.hook(f"before-call.s3.{call}", self._refuse_on_condition)
        self.deploy()

    def _make_table(self) -> None:
        names = ("object_key", "upload_id", "attention_shard", "attention_at")
        self._own.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=_keys("object_key", "upload_id"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "needs_attention",
                    "KeySchema": _keys("attention_shard", "attention_at"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )

    def _listen(self) -> None:
        self._sqs = self._own.sqs
        self._queue = self._sqs.create_queue(QueueName="listener")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        for topic_arn in self.topic_arns:
            self._own.sns.subscribe(
                TopicArn=topic_arn, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
            )

    # What a test does.

    def deploy(
        self,
        *,
        process: Process | None = None,
        rules: dict[str, Any] | None = None,
        email_on: str | None = None,
        entry: str | None = None,
        retention_days: int | None = None,
        retries: str | None = None,
    ) -> Pipeline:
        """Deploy anew, with `process` as the user's code: a new instance that remembers nothing."""
        if rules is not None:
            self.environment["SCALPER_RULES"] = json.dumps(rules)
        if email_on:
            self.environment["SCALPER_EMAIL_ON"] = email_on
        if retention_days:
            self.environment["SCALPER_RECORD_RETENTION_DAYS"] = str(retention_days)
        if retries is not None:
            self.environment |= {
                "SCALPER_RETRY_DELAYS_MINUTES": retries,
                "SCALPER_RETRY_GROUP": RETRIES,
                "SCALPER_RETRY_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/retries",
                "SCALPER_PROCESSOR_ARN": PROCESSOR_ARN,
                "SCALPER_KEPT_EVENTS_ARN": KEPT_EVENTS_ARN,
            }
        self.environment["SCALPER_PROCESS_ENTRY"] = entry or ("main.process" if process else "")
        pipeline = self.pipeline = Pipeline(self.environment, self.aws)
        if process:
            pipeline.__dict__["process"] = process
        self._patch.setattr(processor, "deployed", lambda: self.pipeline)
        self._patch.setattr(rescuer, "deployed", lambda: self.pipeline)
        return pipeline

    def upload(
        self, key: str = "in/orders.csv", body: bytes = b"a,b\n1,2\n", **put: Any
    ) -> Uploaded:
        """Put an object and return it with its event, as S3 would send it."""
        answer = self._own.s3.put_object(Bucket=INPUT, Key=key, Body=body, **put)
        event = self.told_of(key, answer, len(body))
        sequencer = event["Records"][0]["s3"]["object"]["sequencer"]
        return Uploaded(key, answer["VersionId"], sequencer.ljust(32, "0"), event)

    def told_of(self, key: str, answer: Any, size: int) -> Event:
        """The event of S3 for an object that it answered so about."""
        sequencer = f"{next(self._sequencers):018X}"
        record = saved_event("s3_put")["Records"][0]
        record["eventTime"] = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        record["s3"]["bucket"] = {"name": INPUT, "arn": f"arn:aws:s3:::{INPUT}"}
        record["s3"]["object"] = {
            "key": quote_plus(key, safe="/"),
            "size": size,
            "eTag": answer["ETag"].strip('"'),
            "versionId": answer["VersionId"],
            "sequencer": sequencer,
        }
        return {"Records": [record]}

    def run(
        self, event: Uploaded | Any, request_id: str = "request-1", remaining_ms: int = 60_000
    ) -> None:
        """Invoke the processor once."""
        event = event.event if isinstance(event, Uploaded) else event
        processor.handler(event, Context(request_id, remaining_ms))

    def rescue(
        self,
        event: Uploaded | Event,
        cause: str = "failed_process",
        request_id: str | None = "request-1",
        error: str | None = None,
    ) -> None:
        """Invoke the rescuer with the failure record `tests/events/<cause>.json` for `event`."""
        failure = saved_event(cause)
        if error is not None:
            failure["responsePayload"]["errorMessage"] = error
        failure["requestPayload"] = event.event if isinstance(event, Uploaded) else event
        if request_id:
            failure["requestContext"]["requestId"] = request_id
        self.invoke_rescuer(failure)

    def invoke_rescuer(self, event: Any) -> None:
        """Invoke the rescuer with whatever somebody makes up."""
        rescuer.handler(event, Context("the-rescuers-own-request"))

    def retry(self, upload: Uploaded, retries: int = 0, request_id: str = "retry-1") -> None:
        """Invoke the processor as a schedule or an operator does."""
        processor.handler(retry_event(upload, retries), Context(request_id))

    def rescue_retry(
        self,
        upload: Uploaded,
        retries: int = 0,
        cause: str = "failed_process",
        request_id: str = "retry-1",
    ) -> None:
        """Invoke the rescuer for a retry that the processor gave up on."""
        self.rescue(retry_event(upload, retries), cause, request_id)

    def restored(self, key: str, version_id: str) -> Event:
        """The event that S3 sends for a version which a retry made."""
        answer = self._own.s3.head_object(Bucket=INPUT, Key=key, VersionId=version_id)
        event = self.told_of(key, answer, answer["ContentLength"])
        event["Records"][0]["eventName"] = "ObjectCreated:Copy"
        return event

    def age(self, upload: Uploaded, seconds: int = 60) -> None:
        """Make a version in the input bucket older: S3's times are whole seconds."""
        for version in s3_backends[ACCOUNT]["aws"].buckets[INPUT].keys.getlist(upload.key):
            if version.version_id == upload.version_id:
                version.last_modified -= timedelta(seconds=seconds)

    def delete_input(self, upload: Uploaded) -> None:
        """Somebody deletes the upload."""
        self._own.s3.delete_object(Bucket=INPUT, Key=upload.key, VersionId=upload.version_id)

    def delete_copy(self, key: str, version_id: str) -> None:
        """Somebody deletes a copy in quarantine."""
        self._own.s3.delete_object(Bucket=QUARANTINE, Key=key, VersionId=version_id)

    def put_copy(self, key: str, body: bytes, **put: Any) -> str:
        """Put something into quarantine that the handler did not."""
        answer = self._own.s3.put_object(Bucket=QUARANTINE, Key=key, Body=body, **put)
        return str(answer["VersionId"])

    def duplicate_copy(self, key: str, version_id: str) -> str:
        """A second copy just like the one, as a lost answer to CopyObject leaves it."""
        source = {"Bucket": QUARANTINE, "Key": key, "VersionId": version_id}
        answer = self._own.s3.copy_object(Bucket=QUARANTINE, Key=key, CopySource=source)
        return str(answer["VersionId"])

    def copy_in_input(self, key: str, version_id: str) -> str:
        """A user copies an object onto itself, with its metadata."""
        source = {"Bucket": INPUT, "Key": key, "VersionId": version_id}
        answer = self._own.s3.copy_object(Bucket=INPUT, Key=key, CopySource=source)
        return str(answer["VersionId"])

    def age_copies(self, days: int) -> None:
        """Make everything in quarantine older."""
        for _, versions in s3_backends[ACCOUNT]["aws"].buckets[QUARANTINE].keys.iterlists():
            for version in versions:
                version.last_modified -= timedelta(days=days)

    def removing_the_record_before_its_second_write(self, upload: Uploaded) -> None:
        """Somebody deletes the record between the handler's first and second PutItem."""
        key = typed_item({"object_key": upload.key, "upload_id": upload.upload_id})
        writes = itertools.count(1)

        def remove(**_: Any) -> None:
            if next(writes) == 2:
                self._own.dynamodb.delete_item(TableName=TABLE, Key=key)

        self.aws.hook("before-call.dynamodb.PutItem", remove)

    def set_clock(self, clock: Callable[[], float]) -> None:
        """A new instance whose e-mail budget goes by `clock`."""
        self._patch.setattr(pipeline, "EmailBudget", partial(EmailBudget, seconds=clock))
        self.deploy()

    def change(self, upload: Uploaded, **values: Any) -> None:
        """Somebody else writes to the record of an upload."""
        item = self.record(upload) | values
        self._own.dynamodb.put_item(TableName=TABLE, Item=typed_item(item))

    def clear_budget(self) -> None:
        """As if the last e-mail were long ago."""
        for item in self.items():
            if item["object_key"] == BUDGET_KEY:
                key = {name: item[name] for name in ("object_key", "upload_id")}
                self._own.dynamodb.delete_item(TableName=TABLE, Key=typed_item(key))
        self.deploy()

    # What goes wrong.

    @contextmanager
    def failing(
        self, call: str, *, after: bool = False, times: int = 1, error: BaseException | None = None
    ) -> Iterator[None]:
        """Let the next `times` calls of `call` (as `s3.CopyObject`) fail; `after` they took effect.

        Without `error`, the answer never comes.
        """
        left = itertools.count(times, -1)

        def fail(**_: Any) -> None:
            if next(left) > 0:
                raise error or EndpointConnectionError(endpoint_url="https://aws")

        with self.hooked(f"{'after' if after else 'before'}-call.{call}", fail):
            yield

    @contextmanager
    def losing_answers(self, call: str, *, times: int = 1) -> Iterator[None]:
        """The next `times` calls of `call` take effect, and the connection breaks.

        Unlike `failing`, this is below botocore's own retries.
        """
        left = itertools.count(times, -1)

        def lose(event_name: str, **_: Any) -> None:
            if event_name == f"before-send.{call}" and next(left) > 0:
                raise ConnectionClosedError(endpoint_url="https://aws")

        # moto answers at the same event, and was registered before.
        with self.hooked("before-send", lose):
            yield

    @contextmanager
    def crashing_at(self, index: int, *, after: bool) -> Iterator[None]:
        """Kill the instance around its AWS call number `index`, before or after it took effect."""
        seen = itertools.count()

        def crash(**_: Any) -> None:
            if next(seen) == index:
                raise Crash

        with self.hooked("after-call" if after else "before-call", crash):
            yield

    @contextmanager
    def hooked(self, hook: str, action: Callable[..., Any]) -> Iterator[None]:
        clients = [getattr(self.aws, service).meta.events for service in self.aws.services]
        for events in clients:
            events.register(hook, action)
        try:
            yield
        finally:
            for events in clients:
                events.unregister(hook, action)

    # What a test asks.

    def item(self, upload: Uploaded) -> Item | None:
        """The record of an upload as it stands."""
        key = {"object_key": upload.key, "upload_id": upload.upload_id}
        answer = self._own.dynamodb.get_item(
            TableName=TABLE, Key=typed_item(key), ConsistentRead=True
        )
        return plain_item(answer["Item"]) if "Item" in answer else None

    def record(self, upload: Uploaded) -> Item:
        """The record of an upload that must have one."""
        item = self.item(upload)
        assert item is not None, f"{upload.key} has no fate"
        return item

    def status(self, upload: Uploaded) -> str | None:
        item = self.item(upload)
        return item["status"] if item else None

    def items(self) -> list[Item]:
        """Every item of the table, counters of the e-mail budget too."""
        return [plain_item(i) for i in self._own.dynamodb.scan(TableName=TABLE)["Items"]]

    def versions(self, bucket: str, key: str | None = None) -> list[str]:
        """The version ids in a bucket, of `key` or of all, newest first."""
        answer = self._own.s3.list_object_versions(Bucket=bucket)
        assert "DeleteMarkers" not in answer, "nothing here is deleted without its version"
        return [v["VersionId"] for v in answer.get("Versions", []) if key in (None, v["Key"])]

    def quarantined(self, key: str = "in/orders.csv", version_id: str | None = None) -> Any:
        """What GetObject answers for the copy in quarantine."""
        version = {"VersionId": version_id} if version_id else {}
        return self._own.s3.get_object(Bucket=QUARANTINE, Key=key, **version)

    def tags(self, key: str = "in/orders.csv") -> dict[str, str]:
        """The tags of the newest copy in quarantine."""
        tags = self._own.s3.get_object_tagging(Bucket=QUARANTINE, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def unfinished_uploads(self) -> list[str]:
        """Multipart uploads in quarantine that nobody completed or aborted."""
        answer = self._own.s3.list_multipart_uploads(Bucket=QUARANTINE)
        return [upload["UploadId"] for upload in answer.get("Uploads", [])]

    def is_in_input(self, upload: Uploaded) -> bool:
        return upload.version_id in self.versions(INPUT, upload.key)

    def alerts(self) -> list[Alert]:
        """Everything published so far, in order."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                self._alerts.append(
                    Alert(
                        subject=body["Subject"],
                        message=json.loads(body["Message"]),
                        email=self._emails.get(body["Message"]),
                        attributes={
                            name: attribute["Value"]
                            for name, attribute in body["MessageAttributes"].items()
                        },
                        topic_arn=body["TopicArn"],
                    )
                )
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return list(self._alerts)

    def told(self) -> list[str]:
        """The statuses of all alerts so far."""
        return [alert.status for alert in self.alerts()]

    def called(self) -> list[str]:
        """Every AWS call of the handler since the last `forget_calls`, as `service.Operation`."""
        return [str(call) for call in self.calls]

    def forget_calls(self) -> None:
        self.calls.clear()

    def schedules(self) -> list[dict[str, Any]]:
        """What EventBridge Scheduler is about to do, in the order of its names."""
        names = self._own.scheduler.list_schedules(GroupName=RETRIES)["Schedules"]
        return [
            self._own.scheduler.get_schedule(GroupName=RETRIES, Name=one["Name"]) for one in names
        ]

    def _refuse_on_condition(self, params: dict[str, Any], **_: Any) -> Any:
        """As S3 does; moto writes whatever is there.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        headers = params["headers"]
        key = unquote(params["url_path"].removeprefix("/"))
        there = self._own.s3.list_object_versions(Bucket=INPUT, Prefix=key)
        latest = [
            one["ETag"]
            for one in there.get("Versions", [])
            if one["IsLatest"] and one["Key"] == key
        ]
        if "If-None-Match" in headers and latest:
            return _refusal(412, "PreconditionFailed")
        if "If-Match" in headers and not latest:
            return _refusal(404, "NoSuchKey")
        if "If-Match" in headers and headers["If-Match"] not in latest:
            return _refusal(412, "PreconditionFailed")
        return None

    def _count(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        self.calls.append(Call(service, model.name, dict(params)))
        if model.name == "Publish" and "MessageStructure" in params:
            texts = json.loads(params["Message"])
            self._emails[texts["default"]] = texts["email"]


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def through_eventbridge(event: Uploaded | Event) -> Event:
    """The event of an upload as EventBridge brings it."""
    record = (event.event if isinstance(event, Uploaded) else event)["Records"][0]
    names = {"versionId": "version-id", "eTag": "etag"}
    details = {names.get(name, name): it for name, it in record["s3"]["object"].items()}
    reasons = {"ObjectCreated:Copy": "CopyObject"}
    routed = saved_event("eventbridge_object_created")
    routed["time"] = f"{record['eventTime'][:19]}Z"
    routed["detail"]["bucket"] = {"name": record["s3"]["bucket"]["name"]}
    routed["detail"]["object"] = details | {"key": unquote_plus(details["key"])}
    routed["detail"]["reason"] = reasons.get(record["eventName"], "PutObject")
    return routed


def retry_event(upload: Uploaded, retries: int) -> Event:
    """What a schedule or an operator sends."""
    return {"Retry": {"object_key": upload.key, "upload_id": upload.upload_id, "retries": retries}}


def _refusal(status: int, code: str) -> tuple[SimpleNamespace, dict[str, Any]]:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return SimpleNamespace(status_code=status), response
