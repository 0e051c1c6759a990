"""Deployments that many tests look at, made once."""

from pathlib import Path

import pytest

from components import EmailOn, SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import Deployment, deploy

USUAL: SilentScalperPipelineArgs = {"alert_emails": ["ops@example.com"]}


@pytest.fixture(scope="session")
def deployed() -> Deployment:
    """A pipeline that is told nothing but whom to tell."""
    return deploy(lambda: SilentScalperPipeline("intake", USUAL))


@pytest.fixture(scope="session")
def previewed() -> Deployment:
    """The same in a preview, where nothing is known that AWS makes."""
    return deploy(lambda: SilentScalperPipeline("intake", USUAL), preview=True)


@pytest.fixture(scope="session")
def process_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    (folder / "main.py").write_text("def process(file): ...\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "table.csv").write_text("a,b\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "main.cpython-312.pyc").write_bytes(b"\0")
    return folder


@pytest.fixture(scope="session")
def every_argument(process_code: Path) -> SilentScalperPipelineArgs:
    """Every argument, none with its default but the daily check: without it there is less."""
    return {
        "alert_emails": ["ops@example.com", "data@example.com"],
        "email_on": EmailOn.FAILURES,
        "accepted_types": [".CSV", "tar.gz"],
        "min_size_bytes": 2,
        "max_size_bytes": 1000,
        "accept_empty": False,
        "ignore_patterns": ["*.tmp"],
        "prefix": "in/",
        "suffix": ".csv",
        "process_code": str(process_code),  # type: ignore[typeddict-item] # as a config file has it
        "process_entry": "main.process",
        "process_environment": {"STAGE": "test"},
        "process_layers": ["arn:aws-mock:lambda:eu-north-1:123456789012:layer:pandas:7"],
        "memory_mb": 1024,
        "timeout_seconds": 120,
        "temporary_storage_mb": 2048,
        "reserved_concurrency": 50,
        "daily_check": True,
        "dashboard": True,
        "retry_delays_minutes": [1, 30],
        "log_retention_days": 90,
        "record_retention_days": 400,
        "input_retention_days": 200,
        "quarantine_retention_days": 60,
        "point_in_time_recovery": True,
        "protect_data": False,
        "kms_key_arn": "arn:aws-mock:kms:eu-north-1:123456789012:key/files",
        "permissions_boundary_arn": "arn:aws-mock:iam::123456789012:policy/boundary",
        "tags": {"team": "data"},
    }


@pytest.fixture(scope="session")
def full(every_argument: SilentScalperPipelineArgs) -> Deployment:
    """What a pipeline is when it is told everything."""
    return deploy(lambda: SilentScalperPipeline("intake", every_argument))
