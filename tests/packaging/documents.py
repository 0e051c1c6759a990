"""Programs in a document, each run on Pulumi's mocks as it is printed there."""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

import components
from tests.packaging.installed import ROOT

ACCOUNT, REGION = "123456789012", "eu-north-1"
COMPONENT = "silent-scalper:index:SilentScalperPipeline"

Inputs = dict[str, Any]


class Cloud(mocks.Mocks):
    """Answers with what a resource needs, and remembers all of them."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], Inputs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, Inputs]:
        kind = args.typ.rpartition(":")[2]
        self.made[kind, args.name] = args.inputs
        if kind == "StackReference":
            outputs = {"input_bucket_arn": "arn:aws-mock:s3:::theirs"}
            return args.name, {**args.inputs, "outputs": outputs}
        service = args.typ.split(":")[1].partition("/")[0]
        arn = f"arn:aws-mock:{service}:{REGION}:{ACCOUNT}:{kind}/{args.name}"
        if kind == "Key":
            arn = f"arn:aws-mock:kms:{REGION}:{ACCOUNT}:key/{args.name}"
        own = {"arn": arn, "name": args.name, "bucket": args.name, "url": args.name, "keyId": "k"}
        return args.name, {**args.inputs, **own}

    def call(self, args: mocks.MockCallArgs) -> tuple[Inputs, list[tuple[str, str]]]:
        names = ("id", "arn", "userId", "dnsSuffix", "reverseDnsPrefix", "description", "endpoint")
        known = {"accountId": ACCOUNT, "region": REGION, "name": REGION, "partition": "aws-mock"}
        return {**dict.fromkeys(names, ""), **known}, []

    def of(self, kind: str, name: str) -> Inputs:
        return self.made[kind, name]

    def statements(self, kind: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.of(kind, name)["policy"])["Statement"]
        return found


class Document:
    """One of docs/, with a program under each `###` heading, or `##` where it has no `###`."""

    def __init__(self, name: str, heading: str = "###") -> None:
        self.name, self.heading = name, heading
        self.text = (ROOT / "docs" / name).read_text()

    @property
    def programs(self) -> dict[str, str]:
        """The Python of each heading that has some."""
        sections = re.findall(
            rf"^{self.heading} (.*?)\n(.*?)(?=^##|\Z)", self.text, re.MULTILINE | re.DOTALL
        )
        found = {}
        for title, section in sections:
            codes = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
            if codes:
                (found[title],) = codes
        return found

    def run(self, title: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
        """What the program of a heading registers."""
        monkeypatch.setitem(sys.modules, "silent_scalper", components)
        monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")
        cloud = Cloud()
        mocks.set_mocks(cloud, project="reuse", stack="test")
        code = compile(self.programs[title], f"docs/{self.name}: {title}", "exec")
        pulumi.runtime.test(lambda: exec(code, {}))()  # type: ignore[no-untyped-call]
        return cloud


def run_by(test_file: str) -> set[str]:
    """The headings whose programs the tests in a file run."""
    tree = ast.parse(Path(test_file).read_text())
    return {
        str(call.args[0].value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "deployed"
        and isinstance(call.args[0], ast.Constant)
    }


def cloud_arn(service: str, name: str) -> str:
    return f"arn:aws-mock:{service}:{REGION}:{ACCOUNT}:{name}"
