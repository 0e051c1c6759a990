"""The clients: what is left out for speed, and what must not be."""

from functools import cached_property
from typing import Any

import botocore
import pytest
from botocore.exceptions import ParamValidationError

from handler.aws import clients
from handler.aws.clients import Clients, require_botocore
from handler.model.errors import Fault

from .world import World


class Sent(Exception):
    """Raised in place of sending."""


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def sent(client: Any, call: str, **request: Any) -> Any:
    """The request as it would have gone out."""
    requests = []

    def keep(request: Any, **_: Any) -> None:
        requests.append(request)
        raise Sent

    client.meta.events.register_first("before-send", keep)
    with pytest.raises(Sent):
        getattr(client, call)(**request)
    return requests[0]


# Each as it is because of Lambda's time-outs, of S3's slow copies or of the e-mail budget.
PATIENCE = {
    # connect and read time-out in seconds, tries
    "dynamodb": (3, 10, 4),
    "sns": (2, 4, 1),
    "s3": (3, 120, 4),
    "s3_for_copies": (3, 120, 1),
    "scheduler": (3, 10, 4),
}


@pytest.mark.parametrize("client", PATIENCE)
def test_each_client_waits_and_tries_as_long_as_its_calls_need(client: str) -> None:
    """The simulation takes these from the code that it judges, and adapts."""
    config = getattr(Clients(), client).meta.config
    tries = config.retries["total_max_attempts"]
    assert PATIENCE[client] == (config.connect_timeout, config.read_timeout, tries)
    assert config.retries["mode"] == "standard"


def test_every_client_that_the_handler_has_is_listed_with_its_patience() -> None:
    made = {name for name, it in vars(Clients).items() if isinstance(it, cached_property)}
    assert made - {"_session"} == set(PATIENCE)


def test_a_publish_is_the_same_request_as_that_of_a_client_without_our_hook() -> None:
    publish = {
        "TopicArn": "arn:aws:sns:eu-north-1:123456789012:alerts",
        "Subject": "Processed: Übergabe & Bericht = 100 %.csv",
        "MessageStructure": "json",
        "Message": '{"default": "{\\"object_key\\": \\"in/ä+b c%20~*\\"}", "email": "two\\nlines"}',
        "MessageAttributes": {"status": {"DataType": "String", "StringValue": "PROCESSED"}},
    }
    ours, stock = Clients().sns, Clients().sns
    stock.meta.events.unregister("before-sign.sns.Publish", clients._encode_once)

    with_hook, without = sent(ours, "publish", **publish), sent(stock, "publish", **publish)

    assert with_hook.body == without.body
    assert len(with_hook.body) > 200
    assert with_hook.headers["Content-Type"] == without.headers["Content-Type"]
    assert with_hook.headers["Content-Length"] == without.headers["Content-Length"]


@pytest.mark.parametrize("client", ["s3", "s3_for_copies"])
def test_an_empty_key_never_reaches_s3_where_it_would_address_the_bucket(client: str) -> None:
    with pytest.raises(ParamValidationError):
        getattr(Clients(), client).delete_object(Bucket="input", Key="")


@pytest.mark.parametrize(
    ("client", "call", "request_"),
    [
        ("dynamodb", "put_item", {"TableName": "table", "Item": {}}),
        ("s3", "head_object", {"Bucket": "input", "Key": "a"}),
        ("s3_for_copies", "head_object", {"Bucket": "input", "Key": "a"}),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:eu-north-1:1:t", "Message": "m"}),
    ],
)
def test_aws_is_told_which_botocore_calls(client: str, call: str, request_: dict[str, Any]) -> None:
    request = sent(getattr(Clients(), client), call, **request_)
    assert b"Botocore/" in request.headers["User-Agent"]


@pytest.mark.parametrize(
    "version", ["1.40.61", "1.40.100", "1.41.0", "1.43.106", "2.0", "1.45.0.dev1"]
)
def test_a_botocore_whose_copies_have_conditions_serves(version: str) -> None:
    require_botocore(version)


@pytest.mark.parametrize("version", ["1.40.60", "1.39.99", "1.9.200", "0.100.0", ""])
def test_an_older_botocore_is_a_fault_of_the_deployment_that_says_what_to_do(version: str) -> None:
    with pytest.raises(Fault) as seen:
        require_botocore(version)
    assert seen.value.code == "CONFIGURATION"
    assert "the oldest that serves is 1.40.61" in seen.value.reason
    assert "process_layers" in seen.value.reason


def test_a_file_that_meets_an_older_botocore_is_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = world.upload()
    with monkeypatch.context() as patch:
        patch.setattr(botocore, "__version__", "1.34.42")
        with pytest.raises(Fault) as seen:
            world.run(upload)
    assert world.called() == []
    world.rescue(upload, error=str(seen.value))
    record = world.record(upload)
    assert (record["status"], record["reason_code"]) == ("HELD", "CONFIGURATION")
    assert "botocore 1.34.42 is too old" in record["reason"]


def test_the_conditions_are_what_the_oldest_botocore_is_chosen_for() -> None:
    model = Clients().s3.meta.service_model.operation_model("CopyObject")
    assert {"IfMatch", "IfNoneMatch"} <= set(model.input_shape.members)
