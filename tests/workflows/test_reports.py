"""What people read on the pull request and on the issue, above all when pulumi fails."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.workflows.conftest import STACKS, Job
from tests.workflows.github_api import Repository, text_of

# As `pulumi preview --diff` prints them.
CHANGED = """\
Previewing update (dev):
    ~ aws:lambda/function:Function: (update)
        [urn=urn:pulumi:dev::files::aws:lambda/function:Function::intake-processor]
      ~ memorySize: 512 => 1024
Resources:
    ~ 1 to update
    40 unchanged
"""
VIOLATED = """\
Previewing update (dev):
    silent-scalper@v0.1.0 [mandatory]  data-protected-in-production  (aws:s3/bucket:Bucket: input)
    Protect what holds files: protect_data: true
error: preview failed
"""
DRIFTED = """\
Previewing update (dev):
    ~ aws:sqs/queue:Queue: (update)
      ~ messageRetentionSeconds: 60 => 1209600
error: no changes were expected but changes were proposed
"""
BROKEN = """\
Previewing update (dev):
error: Program failed with an unhandled exception:
    ValueError: memory_mb must be at most 10240 (got 99999)
"""

PREVIEW = ("preview", "preview", "Preview")
COMMENT = ("preview", "comment", "Say what the previews came to")
DRIFT = ("drift", "drift", "Compare AWS with the program")
ISSUES = ("drift", "issues", "Say what differs")


def saying(text: str, status: int) -> str:
    return f"printf '%s' {shlex.quote(text)}; exit {status}"


def comments(github: Repository) -> dict[str, str]:
    """The comments on the pull request, by the stack that they are about."""
    found = {}
    for one in github.comments.get(7, []):
        stack = re.match(r"<!-- silent-scalper: preview of (\w+) -->", one["body"])
        if stack:
            found[stack[1]] = str(one["body"])
    return found


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        (VIOLATED, "❌ Preview of stack `dev`: a policy is violated"),
        (BROKEN, "❌ Preview of stack `dev` failed"),
    ],
)
def test_a_preview_that_fails_is_commented_with_what_it_printed(
    job: Job, github: Repository, text: str, headline: str
) -> None:
    assert job.runner("dev", saying(text, 255)).step(*PREVIEW).returncode == 255
    assert job.runner("prod", saying(CHANGED, 0)).step(*PREVIEW).returncode == 0
    done = job.runner().step(*COMMENT)
    assert done.returncode == 0, done.stderr
    assert set(comments(github)) == {"dev", "prod"}
    assert headline in comments(github)["dev"]
    assert text_of(comments(github)["dev"]) == text.strip()
    assert "✅ Preview of stack `prod`" in comments(github)["prod"]
    assert "memorySize: 512 => 1024" in comments(github)["prod"]
    assert "https://github.example/you/files/actions/runs/4711" in comments(github)["dev"]


def test_the_log_and_the_summary_of_the_job_have_it_too(job: Job, tmp_path: Path) -> None:
    done = job.runner("dev", saying(VIOLATED, 255)).step(*PREVIEW)
    assert "data-protected-in-production" in done.stdout
    assert "a policy is violated" in (tmp_path / "summary.md").read_text()


def test_a_preview_that_never_came_to_pulumi_is_said(job: Job, github: Repository) -> None:
    assert job.runner().step(*COMMENT).returncode == 0
    assert "The job ended before pulumi was started" in comments(github)["dev"]


def test_a_second_push_replaces_the_comment_of_the_first(job: Job, github: Repository) -> None:
    theirs = "<!-- silent-scalper: preview of dev --> a reader quotes it"
    github.comments[7] = [{"id": n, "body": theirs, "user": {"login": "you"}} for n in range(150)]
    for text in (BROKEN, CHANGED):
        job.runner("dev", saying(text, 0)).step(*PREVIEW)
        assert job.runner().step(*COMMENT).returncode == 0
    assert [one["body"] for one in github.comments[7][:150]] == [theirs] * 150
    assert len(github.comments[7]) == 152
    assert text_of(github.comments[7][150]["body"]) == CHANGED.strip()


def test_drift_opens_one_issue_with_the_diff_and_closes_it_when_it_is_gone(
    job: Job, github: Repository
) -> None:
    job.runner("prod", saying(CHANGED, 0)).step(*DRIFT)
    for again in DRIFTED, DRIFTED.replace("60 =>", "120 =>"):
        assert job.runner("dev", saying(again, 255)).step(*DRIFT).returncode == 255
        assert job.runner().step(*ISSUES).returncode == 0
    (issue,) = github.issues
    assert issue["title"] == "Drift check of stack dev"
    assert "AWS differs from what the program describes" in issue["body"]
    assert "messageRetentionSeconds: 120 => 1209600" in text_of(issue["body"])

    assert (
        job.runner("dev", saying("Resources:\n    41 unchanged\n", 0)).step(*DRIFT).returncode == 0
    )
    assert job.runner().step(*ISSUES).returncode == 0
    assert issue["state"] == "closed"
    assert "is as the program describes it" in github.comments[1][0]["body"]


def test_a_stack_that_cannot_be_compared_has_an_issue_that_says_so(
    job: Job, github: Repository
) -> None:
    job.runner("dev", saying("error: AccessDenied: sts:AssumeRole\n", 255)).step(*DRIFT)
    job.runner("prod", saying(CHANGED, 0)).step(*DRIFT)
    assert job.runner().step(*ISSUES).returncode == 0
    (issue,) = github.issues
    assert "Stack `dev` could not be compared with AWS" in issue["body"]
    assert "AccessDenied" in issue["body"]


def test_somebody_elses_issue_of_that_name_is_left_alone(job: Job, github: Repository) -> None:
    theirs = {"number": 1, "state": "open", "user": {"login": "you"}, "body": "mine"}
    github.issues.append({**theirs, "title": "Drift check of stack dev"})
    for stack, status in (("dev", 255), ("prod", 0)):
        job.runner(stack, saying(DRIFTED, status)).step(*DRIFT)
    assert job.runner().step(*ISSUES).returncode == 0
    assert github.issues[0]["body"] == "mine"
    assert len(github.issues) == 2


def test_a_long_diff_is_cut_in_its_middle_to_what_github_takes(
    job: Job, github: Repository
) -> None:
    lines = "".join(f"    + resource number {n} of a very long preview\n" for n in range(5000))
    job.runner("dev", f"cat {job.folder}/long; exit 1")
    (job.folder / "long").write_text(f"begin\n{lines}error: the end\n")
    job.runner("dev", f"cat {job.folder}/long; exit 1").step(*PREVIEW)
    job.runner().step(*COMMENT)
    body = comments(github)["dev"]
    assert len(body) < 65_536
    shown = text_of(body)
    assert shown.startswith("begin\n")
    assert shown.endswith("error: the end")
    assert "characters are left out" in shown


def test_what_a_branch_prints_neither_leaves_its_block_nor_orders_the_runner_about(
    job: Job, github: Repository
) -> None:
    hostile = (
        "```\n</details> @everyone\n::add-mask::e\n````\n\x1b[31mred\x1b[0m\x07\n::error::no\n"
    )
    done = job.runner("dev", saying(hostile, 0)).step(*PREVIEW)
    stopped, *shown, resumed = done.stdout.strip("\n").split("\n")
    token = stopped.removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert resumed == f"::{token}::"
    assert token not in "".join(shown)
    job.runner().step(*COMMENT)
    body = comments(github)["dev"]
    assert "\n`````\n```\n</details> @everyone\n" in body
    assert "\x1b" not in body
    assert "\x07" not in body


@pytest.mark.parametrize(
    "left",
    [
        "not json",
        '{"stack": "dev"}',
        '{"stack": "prod", "command": "preview", "outcome": "well", "text": ""}',
        '{"stack": "dev", "command": "preview", "outcome": "perfect", "text": ""}',
    ],
)
def test_a_report_that_is_none_stops_the_comment(job: Job, github: Repository, left: str) -> None:
    (job.folder / "reports" / "report-dev").mkdir(parents=True)
    (job.folder / "reports" / "report-dev" / "dev.json").write_text(left)
    done = job.runner(stacks={"dev": STACKS["dev"]}).step(*COMMENT)
    assert done.returncode == 2
    assert "dev.json" in done.stderr
    assert comments(github) == {}


def test_pulumi_is_run_without_a_passphrase_and_without_a_terminal(job: Job) -> None:
    script = 'echo "$*|$PULUMI_CONFIG_PASSPHRASE|$PULUMI_BACKEND_URL"; [ -t 0 ] || echo no terminal'
    told = job.runner("dev", script).step("deploy", "deploy", "Up").stdout.splitlines()
    assert told[1:3] == [
        "up --non-interactive --color never --diff --yes --policy-pack policy_pack "
        "--stack dev||file:///nowhere",
        "no terminal",
    ]


def test_a_deployment_that_fails_fails_its_job_and_says_why_in_its_summary(
    job: Job, tmp_path: Path
) -> None:
    done = job.runner("prod", saying(VIOLATED, 255)).step("deploy", "deploy", "Up")
    assert done.returncode == 255
    assert "was not deployed: a policy is violated" in (tmp_path / "summary.md").read_text()
    (left,) = (job.folder / "reports").iterdir()
    assert json.loads(left.read_text())["outcome"] == "policy"
