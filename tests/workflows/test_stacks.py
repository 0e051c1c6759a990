"""Which stacks the workflows deal with, and what is wrong with the variable that says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.conftest import STACKS, Job
from tests.workflows.steps import Runner
from workflows.errors import WorkflowError
from workflows.stacks import read_stacks, refuse_encrypted_settings

Change = Callable[[dict[str, Any]], Any]


def test_each_stack_has_an_account_and_a_region_of_its_own(job: Job, tmp_path: Path) -> None:
    elsewhere = {**STACKS["prod"], "account": "210987654321", "region": "us-gov-west-1"}
    for role in ("reader_role", "deployer_role"):
        elsewhere[role] = elsewhere[role].replace("123456789012", "210987654321")
    runner = job.runner(stacks={**STACKS, "prod": elsewhere})
    done = runner.step("preview", "stacks", "stacks")
    assert done.returncode == 0, done.stderr
    name, _, matrix = (tmp_path / "output").read_text().strip().partition("=")
    assert name == "stacks"
    assert [(one["name"], one["account"], one["region"]) for one in json.loads(matrix)] == [
        ("dev", "123456789012", "eu-north-1"),
        ("prod", "210987654321", "us-gov-west-1"),
    ]


@pytest.mark.parametrize("workflow", ["preview", "drift", "deploy"])
def test_every_workflow_finds_its_stacks_the_same_way(
    job: Job, tmp_path: Path, workflow: str
) -> None:
    assert job.runner().step(workflow, "stacks", "stacks").returncode == 0
    assert (tmp_path / "output").read_text().startswith('stacks=[{"name":"dev"')


def _without(field: str) -> Change:
    return lambda stacks: stacks["dev"].pop(field)


def _with(field: str, value: object) -> Change:
    return lambda stacks: stacks["dev"].update({field: value})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_without("account"), "STACKS['dev']['account'] must match"),
        (_with("account", 123456789012), "(got 123456789012)"),
        (_with("region", "Frankfurt"), "(got 'Frankfurt')"),
        (_with("backend", "s3://state $(touch x)"), "STACKS['dev']['backend'] must match"),
        (_with("reader_role", "reader"), "(got 'reader')"),
        (_with("deployer_role", "arn:aws:iam::999999999999:role/d"), "is of another"),
        (_with("approval", "no"), "must be one of ('required', 'none') (got 'no')"),
        (_with("regoin", "eu-north-1"), "has ['regoin'], which is not known"),
        (lambda stacks: stacks.update(staging=stacks["dev"]), "there is no Pulumi.staging.yaml"),
        (lambda stacks: stacks.update({"a; rm -rf b": {}}), "is no name of a Pulumi stack"),
        (lambda stacks: stacks.update(dev=[]), "must be a JSON object (got [])"),
    ],
)
def test_a_stack_that_is_not_whole_stops_the_workflow(
    job: Job, change: Change, complaint: str
) -> None:
    stacks = json.loads(json.dumps(STACKS))
    change(stacks)
    done = job.runner(stacks=stacks).step("deploy", "stacks", "stacks")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("::error::")
    assert complaint in done.stderr


@pytest.mark.parametrize("variable", ["[]", "{}", "dev", '"dev"'])
def test_what_is_no_list_of_stacks_is_said(
    make_runner: Callable[..., Runner], variable: str
) -> None:
    done = make_runner(stacks=variable).step("drift", "stacks", "stacks")
    assert done.returncode == 2
    assert "the variable STACKS" in done.stderr


def test_the_region_of_the_settings_must_be_the_stacks(job: Job) -> None:
    settings = job.folder / "Pulumi.dev.yaml"
    settings.write_text("config:\n  aws:region: eu-north-1\n")
    assert read_stacks(json.dumps(STACKS), job.folder)
    settings.write_text('config:\n  "aws:region": "us-east-1"\n')
    with pytest.raises(WorkflowError, match="sets aws:region us-east-1, but STACKS says eu-north"):
        read_stacks(json.dumps(STACKS), job.folder)


@pytest.mark.parametrize(
    "workflow", [("preview", "preview", "Preview"), ("deploy", "deploy", "Up")]
)
def test_an_encrypted_setting_is_refused_before_any_code_of_a_branch_runs(
    job: Job, workflow: tuple[str, str, str]
) -> None:
    encrypted = "config:\n  silent-scalper:pipeline:\n    password:\n      secure: v1:abc=\n"
    (job.folder / "Pulumi.dev.yaml").write_text(encrypted)
    done = job.runner(pulumi="echo started").step(*workflow)
    assert done.returncode == 2
    assert "Pulumi.dev.yaml holds an encrypted value" in done.stderr
    assert "started" not in done.stdout


def test_the_salt_of_an_empty_passphrase_is_no_secret(job: Job) -> None:
    (job.folder / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:abc=:v1:def=\nconfig: {}\n")
    refuse_encrypted_settings("dev", job.folder)
