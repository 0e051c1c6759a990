"""boto3 clients for the emulator, deaf to the caller's own AWS configuration."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

ACCESS_KEY = "test"
SECRET_KEY = "test"


class Cloud:
    """One client a service, made when first asked for, safe to share by threads."""

    def __init__(self, endpoint: str, region: str, certificate: Path | None = None) -> None:
        self.endpoint = endpoint
        self.region = region
        self._verify = str(certificate) if certificate else None
        self._session = boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=region,
            botocore_session=_isolated_session(),
        )
        self._clients: dict[str, Any] = {}
        # A boto3 session must not make two clients at the same time.
        self._lock = threading.Lock()

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def dynamodb(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self._client("dynamodb"))

    @property
    def events(self) -> "EventBridgeClient":
        return cast("EventBridgeClient", self._client("events"))

    @property
    def iam(self) -> "IAMClient":
        return cast("IAMClient", self._client("iam"))

    @property
    def lambda_(self) -> "LambdaClient":
        return cast("LambdaClient", self._client("lambda"))

    @property
    def logs(self) -> "CloudWatchLogsClient":
        return cast("CloudWatchLogsClient", self._client("logs"))

    @property
    def s3(self) -> "S3Client":
        return cast("S3Client", self._client("s3"))

    @property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        return cast("EventBridgeSchedulerClient", self._client("scheduler"))

    @property
    def secretsmanager(self) -> Any:
        return self._client("secretsmanager")

    @property
    def sns(self) -> "SNSClient":
        return cast("SNSClient", self._client("sns"))

    @property
    def sqs(self) -> "SQSClient":
        return cast("SQSClient", self._client("sqs"))

    @property
    def ssm(self) -> Any:
        return self._client("ssm")

    @property
    def sts(self) -> "STSClient":
        return cast("STSClient", self._client("sts"))

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = cast(Any, self._session).client(
                    service,
                    endpoint_url=self.endpoint,
                    config=_config(),
                    verify=self._verify,
                )
            return self._clients[service]


def _isolated_session() -> botocore.session.Session:
    """Ignores AWS_PROFILE and the files in ~/.aws, which may name what is not here."""
    nothing = (None, None, os.devnull, None)
    return botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nothing,
            "credentials_file": nothing,
        }
    )


def _config() -> Config:
    return Config(
        proxies={},  # a proxy cannot reach the loopback of this machine
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 2, "mode": "standard"},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=32,
    )
