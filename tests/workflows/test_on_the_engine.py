"""The steps' own scripts run the real pulumi: what it prints is what the pull request shows."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.conftest import engine, shared_engine
from tests.engine.workspace import Engine, Stack, check_out
from tests.workflows.conftest import Job
from tests.workflows.github_api import Repository, text_of
from tests.workflows.steps import Runner, tools
from workflows.report import Outcome, load

__all__ = ["engine", "shared_engine"]

pytestmark = pytest.mark.skipif(
    shutil.which("pulumi") is None,
    reason="pulumi is not on the PATH: what it prints when it fails was NOT TESTED",
)

PREVIEW = ("preview", "preview", "Preview")
DRIFT = ("drift", "drift", "Compare AWS with the program")

NewRunner = Callable[[str], tuple[Runner, Stack]]


@pytest.fixture
def runner_of(engine: Engine, job: Job, tmp_path: Path) -> NewRunner:
    """A checkout of the program with a stack, as the workflows' README says to make it."""
    without_passphrase = replace(
        engine, environment={**engine.environment, "PULUMI_CONFIG_PASSPHRASE": ""}
    )

    def make(name: str) -> tuple[Runner, Stack]:
        checkout = check_out(tmp_path / name)
        stack = Stack(without_passphrase, checkout, name)
        stack.configure()
        environment: Mapping[str, str] = {
            **os.environ,
            **without_passphrase.environment,
            **job.environment,
            "PATH": tools(tmp_path / f"{name}-tools"),
        }
        expressions = {
            **job.runner(name).expressions,
            "matrix.stack.backend": engine.environment["PULUMI_BACKEND_URL"],
        }
        return Runner(checkout, expressions, environment), stack

    return make


def test_a_policy_that_is_violated_is_known_for_one(runner_of: NewRunner) -> None:
    runner, _ = runner_of("prod")  # with the settings of a stack to try things in
    done = runner.step(*PREVIEW)
    assert done.returncode != 0
    report = load(runner.folder / "reports", "prod", "preview")
    assert report.outcome is Outcome.POLICY, report.text
    assert "data-protected-in-production" in report.text


def test_a_wrong_argument_is_a_preview_that_failed(runner_of: NewRunner) -> None:
    runner, stack = runner_of("dev")
    stack.configure(memory_mb=99_999)
    assert runner.step(*PREVIEW).returncode != 0
    report = load(runner.folder / "reports", "dev", "preview")
    assert report.outcome is Outcome.FAILED
    assert "memory_mb" in report.text


def test_what_somebody_changed_by_hand_is_drift_and_its_diff_is_on_the_issue(
    runner_of: NewRunner, engine: Engine, github: Repository
) -> None:
    runner, stack = runner_of("dev")
    stack.up()
    assert runner.step(*DRIFT).returncode == 0
    engine.cloud.lambda_.update_function_configuration(
        FunctionName=stack.ids()["intake-rescuer"], Timeout=3
    )
    assert runner.step(*DRIFT).returncode != 0
    assert load(runner.folder / "reports", "dev", "drift").outcome is Outcome.DRIFT

    dev_alone = Runner(
        runner.folder,
        {**runner.expressions, "vars.STACKS": _only_dev(runner.expressions["vars.STACKS"])},
        runner.environment,
    )
    assert dev_alone.step("drift", "issues", "Say what differs").returncode == 0
    (issue,) = github.issues
    assert "AWS differs from what the program describes" in issue["body"]
    assert "timeout" in text_of(issue["body"])
    stack.destroy()


def _only_dev(stacks: str) -> str:
    return json.dumps({"dev": json.loads(stacks)["dev"]})
