"""Who is compared: each as an archive, the environment it is deployed with, and its handler."""

import importlib.util
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components import SilentScalperPipeline
from local.resources.archives import zipped
from tests.component.recorder import deploy

BASELINES = Path(__file__).parent / "baselines"
OURS, TUTORIAL, POWERTOOLS = "Silent Scalper", "tutorial", "Powertools"
_TABLE_AND_TOPIC = {"TABLE": "files", "TOPIC_ARN": "arn:aws:sns:eu-north-1:123456789012:files"}


@dataclass(frozen=True)
class Contender:
    """One function as it would be deployed."""

    name: str
    archive: bytes
    """A zip file of source files alone."""
    handler: str
    environment: dict[str, str]
    bucket: str
    """Where its uploads come from."""

    def unzip(self, folder: Path) -> None:
        """Lay the archive into `folder`, as Lambda lays it into /var/task."""
        zipfile.ZipFile(io.BytesIO(self.archive)).extractall(folder)


def ours() -> Contender:
    """The processor of the default pipeline, exactly as the component registers it."""
    processor = deploy(lambda: SilentScalperPipeline("intake", {})).named("processor").inputs
    environment = processor["environment"]["variables"]
    return Contender(
        OURS,
        zipped(processor["code"]),
        processor["handler"],
        environment,
        environment["SCALPER_INPUT_BUCKET"],
    )


def tutorial() -> Contender:
    """The handler that people copy."""
    return _baseline(TUTORIAL, "tutorial", _TABLE_AND_TOPIC)


def powertools() -> Contender:
    """The same with what teams add to it, and with the two packages that this brings along."""
    environment = {
        **_TABLE_AND_TOPIC,
        "IDEMPOTENCY_TABLE": "idempotency",
        "POWERTOOLS_SERVICE_NAME": "intake",
        "POWERTOOLS_METRICS_NAMESPACE": "intake",
    }
    packages = ("aws_lambda_powertools", "typing_extensions")
    return _baseline(POWERTOOLS, "powertools", environment, packages)


def _baseline(
    name: str, module: str, environment: dict[str, str], packages: tuple[str, ...] = ()
) -> Contender:
    files: dict[str, pulumi.Asset | pulumi.Archive] = {
        f"{module}.py": pulumi.FileAsset(str(BASELINES / f"{module}.py"))
    }
    for package in packages:
        files |= _sources(package)
    return Contender(
        name, zipped(pulumi.AssetArchive(files)), f"{module}.handler", environment, "input"
    )


def _sources(package: str) -> dict[str, pulumi.Asset | pulumi.Archive]:
    """The source files of an installed package or module."""
    source = installed(package)
    paths = source.rglob("*.py") if source.is_dir() else [source]
    return {
        path.relative_to(source.parent).as_posix(): pulumi.FileAsset(str(path))
        for path in sorted(paths)
    }


def installed(package: str) -> Path:
    """The folder of an installed package, or the file of an installed module."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{package} is not installed"
    assert spec.origin is not None, f"{package} has no file"
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
