"""A deployment on an emulator that evaluates IAM policies, and the two roles to act as."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest
from botocore.config import Config

from handler.aws.clients import Clients
from handler.pipeline import Pipeline
from local.alerts import Listener
from local.cloud import Cloud
from local.deployment import Deployment, deployed

PROBE = "import os\ndef handler(event, context): return dict(os.environ)\n"


class RoleClients(Clients):
    """The handler's own clients with a role's credentials; and one for any other service."""

    def __init__(self, environment: dict[str, str], endpoint: str, certificate: str) -> None:
        self._made = botocore.session.get_session()
        self._made.set_credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment["AWS_SESSION_TOKEN"],
        )
        self._made.set_config_variable("region", environment["AWS_REGION"])
        self._where: dict[str, Any] = {"endpoint_url": endpoint, "verify": certificate}

    def of(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={})
        return self._made.create_client(service, config=config, **self._where)

    @cached_property
    def dynamodb(self) -> Any:
        return self.of("dynamodb")

    @cached_property
    def sns(self) -> Any:
        return self.of("sns")

    @cached_property
    def s3(self) -> Any:
        return self.of("s3")

    @property
    def s3_for_copies(self) -> Any:
        return self.s3

    @cached_property
    def scheduler(self) -> Any:
        return self.of("scheduler")

    @cached_property
    def logs(self) -> Any:
        return self.of("logs")

    @cached_property
    def lambda_(self) -> Any:
        return self.of("lambda")

    @cached_property
    def sqs(self) -> Any:
        return self.of("sqs")

    @cached_property
    def iam(self) -> Any:
        return self.of("iam")


@dataclass
class Role:
    """One of the two functions' roles, as the deployment made it."""

    name: str
    """`processor` or `rescuer`."""
    function: str
    cloud: Cloud
    outputs: dict[str, str]
    clients: RoleClients
    environment: dict[str, str]
    log_group: str
    kept_events_url: str

    def pipeline(self) -> Pipeline:
        """New for each question: what an instance remembers would hide a refusal."""
        return Pipeline(self.environment, self.clients)

    @cached_property
    def role_name(self) -> str:
        arn = self.cloud.lambda_.get_function_configuration(FunctionName=self.function)["Role"]
        return arn.rpartition("/")[2]

    @property
    def statements(self) -> list[dict[str, Any]]:
        """What the component registered, in all policies of the role."""
        return [one for policy in self._policies().values() for one in policy["Statement"]]

    @contextmanager
    def without(self, sid: str, action: str) -> Iterator[None]:
        """Take one action from one statement, for as long as the block lasts."""
        (name, shipped), *others = [
            (name, policy)
            for name, policy in self._policies().items()
            for one in policy["Statement"]
            if one["Sid"] == sid and action in one["Action"]
        ] or pytest.fail(f"{sid} does not allow {action}")
        assert not others, f"{sid} is there twice"
        statements = []
        for statement in shipped["Statement"]:
            left = [it for it in statement["Action"] if (statement["Sid"], it) != (sid, action)]
            if left:
                statements.append({**statement, "Action": left})
        if statements:
            self._put(name, {**shipped, "Statement": statements})
        else:
            self.cloud.iam.delete_role_policy(RoleName=self.role_name, PolicyName=name)
        try:
            yield
        finally:
            self._put(name, shipped)

    def _policies(self) -> dict[str, dict[str, Any]]:
        iam = self.cloud.iam
        return {
            name: cast(
                dict[str, Any],
                iam.get_role_policy(RoleName=self.role_name, PolicyName=name)["PolicyDocument"],
            )
            for name in iam.list_role_policies(RoleName=self.role_name)["PolicyNames"]
        }

    def _put(self, name: str, policy: dict[str, Any]) -> None:
        self.cloud.iam.put_role_policy(
            RoleName=self.role_name, PolicyName=name, PolicyDocument=json.dumps(policy)
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The buckets insist on TLS, for which the emulator makes a certificate with openssl."""
    if not shutil.which("openssl"):
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.skip(reason="the emulator's TLS needs openssl"))


@pytest.fixture(scope="session")
def guarded() -> Iterator[Deployment]:
    with deployed(retry_seconds=0.2, enforces_access=True) as running:
        yield running


@pytest.fixture(scope="session")
def listener(guarded: Deployment) -> Listener:
    return Listener(guarded.cloud, guarded.topic_arns, "least-privilege")


@pytest.fixture(scope="session")
def both_roles(guarded: Deployment) -> dict[str, Role]:
    return {name: _role(guarded, name) for name in ("processor", "rescuer")}


@pytest.fixture(scope="module")
def roles(guarded: Deployment, both_roles: dict[str, Role]) -> Iterator[dict[str, Role]]:
    """Meanwhile uploads reach no function: they are dealt with in the test, as a role."""
    s3, bucket = guarded.cloud.s3, guarded.input_bucket
    told: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    told.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield both_roles
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)


def _role(guarded: Deployment, name: str) -> Role:
    cloud, function = guarded.cloud, guarded.outputs[f"{name}_function"]
    config = cloud.lambda_.get_function_configuration(FunctionName=function)
    rescuer = guarded.outputs["rescuer_function"]
    destination = cloud.lambda_.get_function_event_invoke_config(FunctionName=rescuer)[
        "DestinationConfig"
    ]["OnFailure"]["Destination"]
    queue = destination.rpartition(":")[2]
    return Role(
        name,
        function,
        cloud,
        guarded.outputs,
        RoleClients(
            _environment_of(cloud, f"probe-{name}", config["Role"]),
            guarded.emulator.endpoint,
            str(guarded.emulator.certificate),
        ),
        config["Environment"]["Variables"],
        config["LoggingConfig"]["LogGroup"],
        cloud.sqs.get_queue_url(QueueName=queue)["QueueUrl"],
    )


def _environment_of(cloud: Cloud, name: str, role_arn: str) -> dict[str, str]:
    """Only Lambda may take the role, so a function tells what it was given."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("probe.py", PROBE)
    cloud.lambda_.create_function(
        FunctionName=name,
        Role=role_arn,
        Runtime="python3.12",
        Handler="probe.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    cloud.lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    answer = cloud.lambda_.invoke(FunctionName=name)
    return cast(dict[str, str], json.loads(answer["Payload"].read()))
