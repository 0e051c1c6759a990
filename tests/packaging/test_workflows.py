"""The workflows keep what makes them safe; `make check` runs zizmor and actionlint on them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.installed import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
IN_AWS = ("preview", "deploy", "drift")
REQUIREMENTS = ROOT / ".github" / "requirements"
BY_HASH = re.compile(r"([\w.-]+)==([\w.]+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)")
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
    assert len(pins) == len({action for action, _ in pins}) == 7


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_permitted_that_a_job_does_not_ask_for(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    for job_name, job in jobs(name).items():
        releases = (name, job_name) == ("release", "publish")
        assert job["permissions"]["contents"] == ("write" if releases else "read")
        assert "write-all" not in job["permissions"].values()


@pytest.mark.parametrize("name", IN_AWS)
def test_the_job_that_runs_a_branchs_code_may_write_nothing_on_github(name: str) -> None:
    (job,) = with_credentials(name)
    assert job["permissions"] == {"contents": "read", "id-token": "write"}


def test_the_comment_is_made_by_the_code_of_the_base_branch() -> None:
    checkout, *_ = jobs("preview")["comment"]["steps"]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_has_a_secret(name: str) -> None:
    """What a branch's code runs beside it could read; so there is none."""
    assert "secrets" not in WORKFLOWS[name].read_text()


@pytest.mark.parametrize("name", [*IN_AWS, "release"])
def test_a_job_that_may_ask_for_credentials_installs_by_hash_alone(name: str) -> None:
    """And so does what builds a release: what it installs could change what is signed."""
    found = [job for job in jobs(name).values() if "steps" in job]
    runs = [step["run"] for job in found for step in job["steps"] if "pip install" in str(step)]
    assert runs
    for script in runs:
        install = re.search(r"pip install (.*)$", script, re.DOTALL)
        assert install
        assert install[1].startswith(
            "--require-hashes --only-binary :all: -r .github/requirements/"
        )


@pytest.mark.parametrize("file", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_requirement_is_pinned_by_hash_and_by_no_address(file: Path) -> None:
    text = file.read_text()
    left = [line for line in BY_HASH.sub("", text).split("\n") if not line.startswith("#")]
    assert set(left) == {""}
    assert "://" not in text


def test_what_is_installed_by_hash_is_what_the_project_pins() -> None:
    by_hash = {
        name: version
        for name, version, _ in BY_HASH.findall((REQUIREMENTS / "deploy.txt").read_text())
    }
    pins = "\n".join(
        (ROOT / name).read_text() for name in ("requirements.txt", "policy_pack/requirements.txt")
    )
    for package, version in re.findall(r"^([\w-]+)==(\S+)$", pins, re.MULTILINE):
        assert by_hash[package] == version, "make .github/requirements/deploy.txt anew"
    builds = (REQUIREMENTS / "release.txt").read_text()
    for package, version in re.findall(
        r"^([\w-]+)==(\S+)$", (REQUIREMENTS / "release.in").read_text(), re.M
    ):
        assert f"\n{package}=={version} " in builds, "make .github/requirements/release.txt anew"


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
    role = "deployer_role" if name == "deploy" else "reader_role"
    assert step["with"] == {
        "role-to-assume": f"${{{{ matrix.stack.{role} }}}}",
        "aws-region": "${{ matrix.stack.region }}",
        "allowed-account-ids": "${{ matrix.stack.account }}",
    }


@pytest.mark.parametrize("name", IN_AWS)
def test_a_repository_that_is_not_set_up_yet_is_left_alone(name: str) -> None:
    assert "vars.STACKS != ''" in jobs(name)["stacks"]["if"]


def test_main_is_deployed_after_its_tests_and_the_approval_of_the_stacks_environment() -> None:
    (job,) = with_credentials("deploy")
    assert workflow("deploy")["on"] == {"push": {"branches": ["main"]}}
    assert job["needs"] == ["test", "stacks"]
    assert job["environment"] == "${{ matrix.stack.name }}"
    assert job["concurrency"]["cancel-in-progress"] is False
    guard = jobs("deploy")["stacks"]
    assert guard["steps"][-1]["run"] == "python3 -m workflows guard"
    assert "if" not in guard["steps"][-1]
    assert "continue-on-error" not in WORKFLOWS["deploy"].read_text()


def test_the_report_of_a_run_is_kept_and_shown_when_the_run_fails() -> None:
    for name, last in (("preview", "comment"), ("drift", "issues")):
        (job,) = with_credentials(name)
        assert job["steps"][-1]["if"] == "always()"
        assert job["steps"][-1]["with"]["path"] == "reports/"
        assert jobs(name)[last]["if"].startswith("always() && needs.stacks.result == 'success'")


def test_every_owner_of_code_owns_something_that_is_there() -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    owned = [line.split() for line in lines if line and not line.startswith("#")]
    assert owned[0] == ["*", "@you"], "everything has an owner"
    for path, *owners in owned[1:]:
        assert (ROOT / path.lstrip("/")).exists(), path
        assert owners


def test_pulumi_actions_only_installs_the_command() -> None:
    """It throws before it comments when what it runs fails; so it runs nothing."""
    for name in WORKFLOWS:
        for job in jobs(name).values():
            for step in job.get("steps", []):
                if step.get("uses", "").startswith("pulumi/actions@"):
                    assert set(step["with"]) == {"pulumi-version"}


def test_a_release_is_published_after_its_tag_was_checked_and_its_tests_have_passed() -> None:
    assert workflow("release")["on"] == {"push": {"tags": ["v*"]}}
    assert jobs("release")["test"]["needs"] == jobs("release")["build"]["needs"] == "check"
    publish = jobs("release")["publish"]
    assert publish["needs"] == ["test", "build"]
    (attest,) = [one for one in publish["steps"] if "attest" in one.get("uses", "")]
    assert attest["with"] == {"subject-checksums": "dist/SHA256SUMS"}
    assert not any("pip" in str(step) for step in publish["steps"])


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
