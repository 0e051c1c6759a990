"""The archive that is deployed is enough by itself: botocore and it, and nothing else.

The emulator runs functions on its own interpreter, with all that is installed there,
so this is proven apart from it.
"""

import importlib.util
import io
import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .conftest import Pipeline

RUNTIME = ("botocore", "jmespath", "dateutil", "six", "urllib3")
"""What the Lambda runtime ships of botocore, by import name."""

CALL = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:3]
module, _, function = sys.argv[3].rpartition(".")
context = type("Context", (), {
    "aws_request_id": "isolated", "get_remaining_time_in_millis": lambda self: 30_000,
    "function_name": "isolated", "memory_limit_in_mb": 512, "invoked_function_arn": "arn",
})()
getattr(importlib.import_module(module), function)(json.load(sys.stdin), context)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_processors_archive_processes_a_file_with_botocore_alone(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    with pipeline.deaf_to_uploads():
        upload = pipeline.drop("isolated.csv", b"a,b\n1,2\n")
    event = pipeline.creation_event(upload)
    modules = call_isolated(pipeline, "processor_function", event, tmp_path)
    fate = pipeline.fate_of(upload)
    assert pipeline.problems_of(fate) == []
    assert pipeline.item_of(fate)["result"] == {"rows": 1, "columns": 2}
    assert modules.isdisjoint({"boto3", "s3transfer", "pulumi", "components", "local", "yaml"})


def test_the_rescuers_archive_is_enough_too_and_holds_no_user_code(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    with pipeline.deaf_to_uploads():
        upload = pipeline.drop("isolated-2.csv", b"a\n", "HELD", "EVENT_TOO_OLD")
    record = {
        "requestContext": {"requestId": "isolated", "condition": "EventAgeExceeded"},
        "requestPayload": pipeline.creation_event(upload),
    }
    modules = call_isolated(pipeline, "rescuer_function", record, tmp_path)
    assert pipeline.problems_of(pipeline.fate_of(upload)) == []
    assert "process" not in modules
    assert not (tmp_path / "code" / "process").exists()


@pytest.mark.parametrize("function", ["processor_function", "rescuer_function"])
def test_an_archive_holds_source_files_and_nothing_that_differs_between_machines(
    pipeline: Pipeline, function: str
) -> None:
    names = archive_of(pipeline, function).namelist()
    assert all(name.endswith(".py") for name in names), names


def archive_of(pipeline: Pipeline, function: str) -> zipfile.ZipFile:
    name = pipeline.deployment.outputs[function]
    location = pipeline.cloud.lambda_.get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location) as response:
        return zipfile.ZipFile(io.BytesIO(response.read()))


def call_isolated(
    pipeline: Pipeline, function: str, event: dict[str, Any], folder: Path
) -> set[str]:
    """Call the function's handler outside the emulator; the modules that it took."""
    name = pipeline.deployment.outputs[function]
    configuration = pipeline.cloud.lambda_.get_function_configuration(FunctionName=name)
    archive_of(pipeline, function).extractall(folder / "code")
    environment = configuration["Environment"]["Variables"] | {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": pipeline.deployment.emulator.endpoint,
        "AWS_DEFAULT_REGION": pipeline.cloud.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    ran = subprocess.run(
        # -I -S: no site-packages, no environment, no folder of the caller.
        [
            *(sys.executable, "-I", "-S", "-c", CALL),
            *(str(folder / "code"), str(runtime_in(folder)), configuration["Handler"]),
        ],
        input=json.dumps(event),
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout.splitlines()[-1]))


def runtime_in(folder: Path) -> Path:
    """A folder in which only what the Lambda runtime ships can be imported."""
    runtime = folder / "runtime"
    runtime.mkdir()
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (runtime / source.name).symlink_to(source)
    return runtime
