"""The recipe for secrets in docs/reuse.md, as it is printed there, deployed and run here."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deployment import ROOT, deployed
from local.errors import UnsupportedError
from local.resources import resource_for
from tests.code.made import folder

from .conftest import Pipeline

DOCUMENT = (ROOT / "docs" / "reuse.md").read_text()
OUTPUTS = """
import pulumi
for name in type(intake).__annotations__:
    pulumi.export(name, getattr(intake, name))
pulumi.export("login", login.arn)
"""


def printed(language: str) -> str:
    section = DOCUMENT.partition("### A secret for your `process`\n")[2].partition("\n### ")[0]
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)
    return str(code)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    root = folder(
        tmp_path_factory.mktemp("secrets"),
        {
            # A checkout has the component by another name.
            "__main__.py": printed("python").replace("silent_scalper", "components") + OUTPUTS,
            "process/main.py": printed("py"),
            "Pulumi.dev.yaml": "config: {}\n",
        },
    )
    shutil.copy(ROOT / "Pulumi.yaml", root / "Pulumi.yaml")
    with deployed(root=root) as deployment:
        yield Pipeline(deployment, tmp_path_factory.mktemp("files"))


def test_a_secret_is_read_by_the_code_and_is_in_no_configuration(running: Pipeline) -> None:
    cloud = running.cloud
    cloud.ssm.put_parameter(
        Name="/intake/price-token", Type="SecureString", Value="canary-4711", Overwrite=True
    )
    login = json.dumps({"user": "ada"})
    cloud.secretsmanager.put_secret_value(
        SecretId=running.deployment.outputs["login"], SecretString=login
    )
    upload = running.drop("orders.csv")
    assert running.item_of(running.fate_of(upload))["result"] == {"token": 11, "user": 3}
    configuration = cloud.lambda_.get_function_configuration(
        FunctionName=running.deployment.outputs["processor_function"]
    )
    variables = configuration["Environment"]["Variables"]
    assert variables["PRICE_TOKEN"] == "/intake/price-token"
    assert variables["ORDERS_LOGIN"] == running.deployment.outputs["login"]
    assert "canary-4711" not in json.dumps(configuration, default=str)


def test_a_type_that_cannot_be_made_here_is_named_with_what_to_do(running: Pipeline) -> None:
    with pytest.raises(UnsupportedError) as told:
        resource_for("aws:ec2/vpcEndpoint:VpcEndpoint", running.cloud)
    sentence = str(told.value)
    for part in ("aws:ec2/vpcEndpoint:VpcEndpoint", "get_stack()", "TYPES", "ec2 is to be one"):
        assert part in sentence
    for path in ("local/resources/base.py", "local/resources/secrets.py", "local/emulator.py"):
        assert Path(ROOT, path).is_file()
