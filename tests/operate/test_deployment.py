"""Which deployment is asked, and what an operator is told when it cannot be."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

from operate.audit.reconcile import reconcile
from operate.read.deployment import Deployment
from operate.read.errors import OperateError, told_plainly
from operate.read.outputs import Outputs, read_outputs

from .conftest import ACCOUNT, REGION, World

NAMES = {
    "input_bucket": "input",
    "quarantine_bucket": "quarantine",
    "metadata_table": "records",
    "alerts_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts",
    "processor_function": "processor",
    "rescuer_function": "rescuer",
}


def saved(folder: Path, values: Any) -> Path:
    path = folder / "outputs.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


def test_outputs_come_from_a_file(tmp_path: Path) -> None:
    outputs = read_outputs(saved(tmp_path, {**NAMES, "of another kind": 1}), None)
    assert outputs == Outputs(**NAMES)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "cannot be read as JSON"),
        ([], "holds no stack outputs"),
        ({"url": "https://example.com"}, "not of a Silent Scalper stack: it has no input_bucket"),
        ({**NAMES, "metadata_table": None}, "it has no metadata_table"),
        ({**NAMES, "endpoint": "http://example.com:4566"}, "only an emulator on this machine"),
    ],
)
def test_a_file_that_is_of_no_pipeline_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(OperateError, match=told):
        read_outputs(saved(tmp_path, content), None)


def test_a_missing_file_says_how_the_local_one_comes_to_be(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"There is no file .* Start .* `make local`"):
        read_outputs(tmp_path / "outputs.json", None)


def test_a_deployment_must_be_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperateError, match="Which deployment"):
        read_outputs(None, None)
    with pytest.raises(OperateError, match="not both"):
        read_outputs(tmp_path, "dev")


def pulumi_that(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    command = folder / "pulumi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_stack_is_asked_of_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = "stack output --json --non-interactive --stack dev"
    pulumi_that(tmp_path, monkeypatch, f"[ \"$*\" = '{expected}' ] && echo '{json.dumps(NAMES)}'")
    assert read_outputs(None, "dev") == Outputs(**NAMES)


def test_a_stack_that_pulumi_does_not_know_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi_that(tmp_path, monkeypatch, "echo \"error: no stack named 'x' found\" >&2; exit 255")
    with pytest.raises(OperateError, match="no stack named 'x' found"):
        read_outputs(None, "x")


def test_without_the_pulumi_command_it_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperateError, match=r"not on the PATH.*--outputs"):
        read_outputs(None, "dev")


def test_the_region_is_the_stacks_own_whatever_the_shell_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert Deployment.of(world.outputs).clients.dynamodb.meta.region_name == REGION


def test_credentials_of_another_account_are_refused(world: World) -> None:
    other = Outputs(**{**NAMES, "alerts_topic_arn": f"arn:aws:sns:{REGION}:999999999999:alerts"})
    with pytest.raises(OperateError, match=f"account {ACCOUNT}, the stack is in 999999999999"):
        Deployment.of(other)


@pytest.mark.parametrize("name", ["input_bucket", "quarantine_bucket", "metadata_table"])
def test_outputs_that_do_not_belong_together_are_refused(world: World, name: str) -> None:
    mixed = Deployment(Outputs(**{**NAMES, name: "of-another-stack"}), world.clients)
    with (
        pytest.raises(OperateError, match=f"do not belong together: {name}"),
        reconcile(mixed),
    ):
        pass


def test_a_function_that_is_not_ours_is_refused(world: World) -> None:
    world.lambda_.update_function_configuration(
        FunctionName="processor", Environment={"Variables": {"STAGE": "production"}}
    )
    with (
        pytest.raises(OperateError, match="no processor of Silent Scalper"),
        reconcile(world.deployment),
    ):
        pass


def test_a_destroyed_stack_is_told(world: World) -> None:
    world.lambda_.delete_function(FunctionName="processor")
    with (
        pytest.raises(OperateError, match="function processor is set up: it is not there"),
        reconcile(world.deployment),
    ):
        pass


def test_a_rescuer_that_keeps_no_events_is_told(world: World) -> None:
    world.lambda_.delete_function_event_invoke_config(FunctionName="rescuer")
    with pytest.raises(OperateError), reconcile(world.deployment):
        pass


def answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "Scan")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answer("ExpiredToken"), "does not take the credentials .* log in again"),
        (answer("UnrecognizedClientException"), "does not take the credentials"),
        (answer("AccessDeniedException"), r"not allowed \(Scan\)\. because"),
        (answer("ResourceNotFoundException"), "it is not there .* destroyed"),
        (answer("InternalError"), "Scan answered InternalError: because"),
        (NoCredentialsError(), "There are no credentials"),
        (ProfileNotFound(profile="ops"), "ops.*AWS_PROFILE"),
        (TokenRetrievalError(provider="sso", error_msg="x"), "have expired; log in again"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "still running"),
    ],
)
def test_what_aws_refuses_is_told_with_a_way_out(error: Exception, told: str) -> None:
    with (
        pytest.raises(OperateError, match=f"(?s)^Cannot read the table x.*{told}"),
        told_plainly("read the table x"),
    ):
        raise error
