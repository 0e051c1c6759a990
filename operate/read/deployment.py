"""A deployed pipeline: its names, clients to reach it, and what its functions were told."""

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config

from handler.model.errors import Fault
from handler.model.settings import Settings

from .errors import OperateError, told_plainly
from .outputs import Outputs

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="silent-scalper-operate",
    # As many as ask an index at once (waiting_page.py).
    max_pool_connections=32,
)

# A function may take 15 minutes; asked again meanwhile, it would run twice.
_PATIENT = _CONFIG.merge(Config(read_timeout=16 * 60, retries={"total_max_attempts": 1}))


class Clients:
    """One client a service, made when first asked for."""

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self._endpoint = endpoint
        # An emulator takes any credentials; a person's own never go there.
        key = "test" if endpoint else None
        with told_plainly("find credentials"):
            self._session = boto3.Session(
                region_name=region, aws_access_key_id=key, aws_secret_access_key=key
            )
        # A session must not make two clients at the same time.
        self._lock = threading.Lock()

    def _client(self, service: str, config: Config = _CONFIG) -> Any:
        if self._endpoint:
            config = config.merge(Config(proxies={}, s3={"addressing_style": "path"}))
        with told_plainly("find credentials"), self._lock:
            return cast(Any, self._session).client(
                service, endpoint_url=self._endpoint, config=config
            )

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self._client("dynamodb"))

    @cached_property
    def events(self) -> "EventBridgeClient":
        return cast("EventBridgeClient", self._client("events"))

    @cached_property
    def lambda_(self) -> "LambdaClient":
        return cast("LambdaClient", self._client("lambda"))

    @cached_property
    def patient_lambda(self) -> "LambdaClient":
        """Waits for what a function answers, and asks it only once."""
        return cast("LambdaClient", self._client("lambda", _PATIENT))

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return cast("CloudWatchLogsClient", self._client("logs"))

    @cached_property
    def s3(self) -> "S3Client":
        return cast("S3Client", self._client("s3"))

    @cached_property
    def sns(self) -> "SNSClient":
        return cast("SNSClient", self._client("sns"))

    @cached_property
    def sqs(self) -> "SQSClient":
        return cast("SQSClient", self._client("sqs"))

    @cached_property
    def sts(self) -> "STSClient":
        return cast("STSClient", self._client("sts"))


@dataclass(frozen=True)
class Deployment:
    """Everything else is found from the outputs: they are all that a stack has to export."""

    outputs: Outputs
    clients: Clients

    @classmethod
    def of(cls, outputs: Outputs) -> "Deployment":
        """Raise an `OperateError` unless the credentials are of the stack's own account."""
        topic = outputs.alerts_topic_arn.split(":")
        if len(topic) != 6 or topic[2] != "sns":
            raise OperateError(f"alerts_topic_arn is no topic's ARN: {outputs.alerts_topic_arn}")
        _, _, _, region, account, _ = topic
        deployment = cls(outputs, Clients(region, outputs.endpoint))
        if outputs.endpoint is None:
            with told_plainly("tell whose credentials these are"):
                own = deployment.clients.sts.get_caller_identity()["Account"]
            if own != account:
                raise OperateError(
                    f"The credentials are of the account {own}, the stack is in {account} "
                    f"({region}). Choose another AWS_PROFILE, or another stack."
                )
        return deployment

    @property
    def account(self) -> str:
        """The number of the account that the pipeline is in."""
        return self.outputs.alerts_topic_arn.split(":")[4]

    @cached_property
    def processor_arn(self) -> str:
        return str(self._processor["FunctionArn"])

    @property
    def log_groups(self) -> dict[str, str]:
        """Where the `processor` and the `rescuer` write."""
        functions = {"processor": self._processor, "rescuer": self._rescuer}
        return {
            # Lambda's own choice for a function that is given none.
            name: it.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{it['FunctionName']}")
            for name, it in functions.items()
        }

    @cached_property
    def settings(self) -> Settings:
        """What the deployed processor was told: its rules, its places."""
        name = self.outputs.processor_function
        environment = self._processor.get("Environment", {}).get("Variables", {})
        try:
            settings = Settings.from_environment(environment)
        except Fault as fault:
            raise OperateError(
                f"The function {name} is no processor of Silent Scalper that this version knows: "
                f"{fault.reason}"
            ) from None
        told = {
            "input_bucket": settings.input_bucket,
            "quarantine_bucket": settings.quarantine_bucket,
            "metadata_table": settings.table,
            "alerts_topic_arn": settings.topic_arn,
        }
        for output, value in told.items():
            if (named := getattr(self.outputs, output)) != value:
                raise OperateError(
                    f"The outputs do not belong together: {output} is {named}, but the function "
                    f"{name} works with {value}. They are old, or of another program; read them "
                    "again with `pulumi stack output --json`."
                )
        return settings

    @cached_property
    def kept_events_queue_arn(self) -> str:
        """Where Lambda puts what even the rescuer failed on; found through the rescuer."""
        name = self.outputs.rescuer_function
        with told_plainly(f"ask where {name} sends its failures"):
            config = self.clients.lambda_.get_function_event_invoke_config(FunctionName=name)
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if not destination or destination.split(":")[2:3] != ["sqs"]:
            raise OperateError(
                f"The rescuer {name} sends its failures to {destination or 'nowhere'}, not to a "
                "queue: events can be lost. Run `pulumi up --refresh`."
            )
        return destination

    @property
    def processor_configuration(self) -> dict[str, Any]:
        """As Lambda answers it."""
        return self._processor

    @property
    def environment_of_process(self) -> dict[str, str]:
        """What the user's code finds in its environment, and how it reaches an emulator from here.

        Without what the pipeline tells itself.
        """
        variables = dict(self._processor.get("Environment", {}).get("Variables", {}))
        region = self.outputs.alerts_topic_arn.split(":")[3]
        given = {name: it for name, it in variables.items() if not name.startswith("SCALPER_")}
        there = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if self.outputs.endpoint:
            # A person's own credentials never go there, and its calls never to AWS.
            there |= {
                "AWS_ENDPOINT_URL": self.outputs.endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_SESSION_TOKEN": "",
            }
        return {**given, **there}

    @cached_property
    def _processor(self) -> dict[str, Any]:
        return self._configuration(self.outputs.processor_function)

    @cached_property
    def _rescuer(self) -> dict[str, Any]:
        return self._configuration(self.outputs.rescuer_function)

    def _configuration(self, function: str) -> dict[str, Any]:
        with told_plainly(f"read how the function {function} is set up"):
            return dict(self.clients.lambda_.get_function_configuration(FunctionName=function))
