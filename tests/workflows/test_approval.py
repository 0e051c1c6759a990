"""Nothing is deployed where the environment is missing, or asks nobody."""

import pytest

from tests.workflows.conftest import STACKS, Job
from tests.workflows.github_api import Repository, protected

STEP = ("deploy", "stacks", "Stop unless somebody approves")


def set_up(github: Repository, **environments: object) -> None:
    for name, shown in environments.items():
        assert isinstance(shown, dict)
        github.environments[name] = shown
        github.branch_policies[name] = ["main"]


def test_protected_environments_let_the_deployment_go_on(job: Job, github: Repository) -> None:
    set_up(github, dev=protected(), prod=protected(branches="protected"))
    done = job.runner().step(*STEP)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("prod", "complaint"),
    [
        (None, "there is no environment 'prod', so nobody would approve"),
        (protected(reviewers=False), "'prod' has no required reviewers"),
        (protected(branches=None), "'prod' takes every branch"),
    ],
)
def test_an_environment_that_asks_nobody_stops_every_deployment(
    job: Job, github: Repository, prod: dict[str, object] | None, complaint: str
) -> None:
    set_up(github, dev=protected(), **({} if prod is None else {"prod": prod}))
    done = job.runner().step(*STEP)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Settings → Environments → prod" in done.stderr


def test_an_environment_that_takes_other_branches_stops_it(job: Job, github: Repository) -> None:
    set_up(github, dev=protected(), prod=protected())
    github.branch_policies["prod"] = ["main", "release/*"]
    done = job.runner().step(*STEP)
    assert done.returncode == 2
    assert "takes ['main', 'release/*'] rather than main alone" in done.stderr


def test_an_api_that_does_not_answer_stops_it(job: Job) -> None:
    job.environment["GITHUB_API_URL"] = "http://127.0.0.1:9"
    done = job.runner().step(*STEP)
    assert done.returncode == 2
    assert "did not answer" in done.stderr


def test_a_token_that_may_not_look_stops_it(job: Job, github: Repository) -> None:
    runner = job.runner()
    refused = {**runner.expressions, "github.token": "another"}
    done = type(runner)(runner.folder, refused, runner.environment).step(*STEP)
    assert done.returncode == 2
    assert "look at the permissions of the job" in done.stderr


def test_a_stack_may_say_that_it_needs_no_approval_but_not_that_it_takes_any_branch(
    job: Job, github: Repository
) -> None:
    stacks = {**STACKS, "dev": {**STACKS["dev"], "approval": "none"}}
    set_up(github, dev=protected(reviewers=False), prod=protected())
    assert job.runner(stacks=stacks).step(*STEP).returncode == 0
    set_up(github, dev=protected(reviewers=False, branches=None))
    assert job.runner(stacks=stacks).step(*STEP).returncode == 2
