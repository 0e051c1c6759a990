"""A job on this machine: GitHub's API on loopback, a folder, and a pulumi to order."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflows.github_api import REPOSITORY, TOKEN, Repository, serving
from tests.workflows.steps import Runner, checkout, tools

STACKS = {
    name: {
        "account": "123456789012",
        "region": "eu-north-1",
        "backend": "s3://state-of-you/files?region=eu-north-1",
        "reader_role": "arn:aws:iam::123456789012:role/reader-1a2b3c4",
        "deployer_role": "arn:aws:iam::123456789012:role/deployer-1a2b3c4",
    }
    for name in ("dev", "prod")
}


@pytest.fixture
def github() -> Iterator[Repository]:
    with serving() as repository:
        yield repository


@dataclass
class Job:
    """Runs steps; `pulumi` does what its script says."""

    folder: Path
    environment: dict[str, str]

    def runner(self, stack: str = "dev", pulumi: str = "exit 1", stacks: object = STACKS) -> Runner:
        path = tools(
            self.folder.parent / f"tools{len(os.listdir(self.folder.parent))}", pulumi=pulumi
        )
        expressions = {
            "vars.STACKS": stacks if isinstance(stacks, str) else json.dumps(stacks),
            "vars.RELEASE_SIGNERS": "",
            "github.token": TOKEN,
            "github.event.pull_request.number": "7",
            "github.ref_name": "v1.2.3",
            "matrix.stack.name": stack,
            "matrix.stack.backend": "file:///nowhere",
        }
        return Runner(self.folder, expressions, {**self.environment, "PATH": path})


@pytest.fixture
def job(tmp_path: Path, github: Repository) -> Job:
    folder = checkout(tmp_path / "it", "dev", "prod")
    environment = {
        "GITHUB_API_URL": github.api,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "HOME": str(tmp_path),
    }
    return Job(folder, environment)


@pytest.fixture
def make_runner(job: Job) -> Callable[..., Runner]:
    return job.runner
