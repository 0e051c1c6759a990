"""The archives that the component registers, unzipped as on Lambda, and the Python to run them."""

import importlib.util
import io
import zipfile
from pathlib import Path

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from local.resources.archives import zipped
from tests.component.recorder import Deployment, deploy

from .instance import Function

SHIPPED = ("boto3", "botocore", "jmespath", "dateutil", "s3transfer", "six", "urllib3")
"""What Lambda's Python has beside the standard library, by import name."""
CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
"""What its runtime client is made of."""


def runtime_in(folder: Path) -> Path:
    """A folder in which only what Lambda's Python ships can be imported."""
    for name in (*SHIPPED, *CLIENT):
        spec = importlib.util.find_spec(name)
        assert spec is not None, f"{name} is not installed"
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder


def deployed(args: SilentScalperPipelineArgs) -> Deployment:
    return deploy(lambda: SilentScalperPipeline("intake", args))


def function_of(
    deployment: Deployment, name: str, environment: dict[str, str], folder: Path
) -> Function:
    """The function as it was registered; `environment` holds what a test account has instead."""
    inputs = deployment.named(name).inputs
    with zipfile.ZipFile(io.BytesIO(zipped(inputs["code"]))) as archive:
        archive.extractall(folder)
    variables: dict[str, str] = inputs["environment"]["variables"]
    return Function(
        task=folder,
        handler=inputs["handler"],
        environment=variables | environment,
        memory_mb=int(inputs["memorySize"]),
        timeout_seconds=float(inputs["timeout"]),
    )
