"""`Pulumi.local.yaml` points the real provider at an emulator, whole and nowhere else."""

import json
import re
from collections.abc import Callable
from typing import Any

import pulumi_aws
import pytest
import yaml

from local.commands import DEFAULT_PORT
from local.emulator import LOOPBACK, SERVICES
from tests.engine.workspace import Engine, Stack
from tests.packaging.installed import ROOT

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))[
    "config"
]
FOR_PROVIDER = {
    key.removeprefix("aws:"): value for key, value in CONFIG.items() if key.startswith("aws:")
}


def test_it_sets_only_what_the_pinned_provider_knows() -> None:
    known = pulumi_aws.Provider._internal_init.__annotations__
    assert {snake(name) for name in FOR_PROVIDER} <= known.keys()
    (endpoints,) = FOR_PROVIDER["endpoints"]
    services = pulumi_aws.ProviderEndpointArgs.__init__.__annotations__
    assert {name.replace("lambda", "lambda_") for name in endpoints} <= services.keys()


def test_every_service_of_the_emulator_is_asked_there_and_nowhere_else() -> None:
    (endpoints,) = FOR_PROVIDER["endpoints"]
    assert set(SERVICES.split(",")) <= endpoints.keys()
    assert set(endpoints.values()) == {f"http://{LOOPBACK}:{DEFAULT_PORT}"}
    # The pipeline asks for the account's number, which comes from the emulator's STS.
    assert "skipRequestingAccountId" not in FOR_PROVIDER


@pytest.mark.heavy
def test_the_provider_is_given_all_of_it(engine: Engine, new_stack: Callable[..., Stack]) -> None:
    assert new_stack("local").preview().changes
    given = engine.stand_in.configured[-1]
    assert json.loads(given["aws:config:endpoints"]) == FOR_PROVIDER["endpoints"]
    assert given["aws:config:s3UsePathStyle"] == "true"


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
