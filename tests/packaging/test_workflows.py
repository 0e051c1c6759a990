"""The workflows keep what makes them safe; `make check` runs zizmor and actionlint on them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.installed import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
IN_AWS = ("preview", "deploy", "drift")
FULL_COMMIT = re.compile(r"uses: (?!\./)(\S+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$")


def workflow(name: str) -> dict[str, Any]:
    # `on` without quotes is a boolean to YAML 1.1.
    parsed: dict[Any, Any] = yaml.safe_load(WORKFLOWS[name].read_text())
    return {"on": parsed.pop(True), **parsed}


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = workflow(name)["jobs"]
    return found


def with_credentials(name: str) -> list[dict[str, Any]]:
    return [job for job in jobs(name).values() if "id-token" in job.get("permissions", {})]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_full_commit_and_says_its_version(name: str) -> None:
    uses = [one.strip(" -") for one in WORKFLOWS[name].read_text().splitlines() if "uses:" in one]
    assert uses
    for use in uses:
        assert use.startswith("uses: ./") or FULL_COMMIT.search(use), use


def test_an_action_has_the_same_commit_everywhere() -> None:
    texts = "\n".join(path.read_text() for path in WORKFLOWS.values())
    pins = set(re.findall(r"uses: ([^./]\S+)@([0-9a-f]{40})", texts))
    assert len(pins) == len({action for action, _ in pins}) == 4


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_permitted_that_a_job_does_not_ask_for(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    for job in jobs(name).values():
        assert job["permissions"]["contents"] == "read"
        assert "write-all" not in job["permissions"].values()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_checkout_leaves_its_token_behind(name: str) -> None:
    for job in jobs(name).values():
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_pull_request_of_a_fork_or_of_dependabot_gets_no_credentials() -> None:
    assert set(workflow("preview")["on"]) == {"pull_request"}, "never pull_request_target"
    first = jobs("preview")["stacks"]
    assert "head.repo.full_name == github.repository" in first["if"]
    assert "pull_request.user.login != 'dependabot[bot]'" in first["if"]
    assert [job["needs"] for job in with_credentials("preview")] == ["stacks"]


@pytest.mark.parametrize("name", IN_AWS)
def test_credentials_are_of_a_role_and_no_key_is_stored(name: str) -> None:
    (job,) = with_credentials(name)
    (step,) = [one for one in job["steps"] if "configure-aws-credentials" in one.get("uses", "")]
    role = "AWS_DEPLOYER_ROLE_ARN" if name == "deploy" else "AWS_READER_ROLE_ARN"
    assert role in step["with"]["role-to-assume"]
    assert "aws-access-key-id" not in WORKFLOWS[name].read_text()
    assert set(re.findall(r"secrets\.(\w+)", WORKFLOWS[name].read_text())) == {
        "PULUMI_CONFIG_PASSPHRASE"
    }


@pytest.mark.parametrize("name", IN_AWS)
def test_a_repository_that_is_not_set_up_yet_is_left_alone(name: str) -> None:
    assert "vars.PULUMI_BACKEND_URL != ''" in jobs(name)["stacks"]["if"]


def test_main_is_deployed_after_its_tests_and_the_approval_of_the_stacks_environment() -> None:
    (job,) = with_credentials("deploy")
    assert workflow("deploy")["on"] == {"push": {"branches": ["main"]}}
    assert job["needs"] == ["test", "stacks"]
    assert job["environment"] == "${{ matrix.stack }}"
    assert job["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_the_policy_pack_is_run(name: str) -> None:
    (job,) = with_credentials(name)
    (step,) = [one for one in job["steps"] if one.get("with", {}).get("command")]
    assert step["with"]["policyPacks"] == "policy_pack"
    assert (ROOT / "policy_pack" / "PulumiPolicy.yaml").is_file()


def test_the_drift_check_changes_nothing_and_fails_on_a_difference() -> None:
    (job,) = with_credentials("drift")
    (step,) = [one["with"] for one in job["steps"] if one.get("with", {}).get("command")]
    assert (step["command"], step["refresh"], step["expect-no-changes"]) == ("preview", True, True)


def test_every_push_is_tested_by_what_a_person_runs() -> None:
    told = workflow("test")["on"]
    assert set(told) == {"push", "pull_request", "workflow_call"}
    assert told["push"] == {"branches-ignore": ["main"]}
    assert ".ci/run" in [step.get("run") for step in jobs("test")["test"]["steps"]]


def test_every_push_is_tested_on_the_real_engine_with_every_python() -> None:
    every_python = jobs("test")["test"]["strategy"]["matrix"]["python"]
    steps = jobs("test")["engine"]["steps"]
    (given,) = [
        step["with"]["python-version"] for step in steps if "setup-python" in step.get("uses", "")
    ]
    assert sorted(given.split()) == every_python
    assert "make engine" in [step.get("run") for step in steps]


def test_the_stacks_are_those_that_have_a_file_except_the_local_one(tmp_path: Path) -> None:
    script = tmp_path / ".github" / "stacks.sh"
    script.parent.mkdir()
    script.write_bytes((ROOT / ".github" / "stacks.sh").read_bytes())
    for stack in ("dev", "prod", "local"):
        (tmp_path / f"Pulumi.{stack}.yaml").touch()
    done = subprocess.run(["bash", script], capture_output=True, text=True, check=True)
    name, _, stacks = done.stdout.partition("=")
    assert (name, json.loads(stacks)) == ("stacks", ["dev", "prod"])
