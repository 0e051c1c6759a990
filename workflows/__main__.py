"""`python -m workflows COMMAND`: each command is one step of a workflow."""

import argparse
import os
import sys
from pathlib import Path

from .environments import require_protected
from .errors import WorkflowError
from .github import GitHub
from .release import check_release, notes
from .report import load, run_link
from .runs import COMMANDS, run
from .stacks import Stack, as_matrix, read_stacks, refuse_encrypted_settings
from .telling import comment, keep_issue

ROOT = Path.cwd()
REPORTS = ROOT / "reports"


def main() -> int:
    """The exit status of the command; what is wrong is one line that GitHub shows as an error."""
    asked = _arguments()
    try:
        return int(asked.run(asked) or 0)
    except WorkflowError as error:
        sys.stderr.write(f"::error::{error}\n")
        return 2


def _stacks(_: argparse.Namespace) -> None:
    sys.stdout.write(f"stacks={as_matrix(_named())}\n")


def _guard(_: argparse.Namespace) -> None:
    github = GitHub.of_this_job()
    for stack in _named():
        require_protected(stack, github)


def _run(asked: argparse.Namespace) -> int:
    refuse_encrypted_settings(asked.stack, ROOT)
    return run(asked.command, asked.stack, ROOT, REPORTS)


def _comment(asked: argparse.Namespace) -> None:
    github = GitHub.of_this_job()
    for stack in _named():
        report = load(REPORTS, stack.name, "preview")
        comment(report, asked.pull_request, run_link(os.environ), github)


def _issues(_: argparse.Namespace) -> None:
    github = GitHub.of_this_job()
    for stack in _named():
        keep_issue(load(REPORTS, stack.name, "drift"), run_link(os.environ), github)


def _check_release(asked: argparse.Namespace) -> None:
    check_release(asked.tag, os.environ.get("RELEASE_SIGNERS", ""), ROOT)


def _notes(asked: argparse.Namespace) -> None:
    sys.stdout.write(notes(asked.tag, ROOT))


def _named() -> list[Stack]:
    return read_stacks(os.environ.get("STACKS", ""), ROOT)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workflows", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: object, help_: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_)
        added.set_defaults(run=run)
        return added

    command("stacks", _stacks, "the stacks of the variable STACKS, as a workflow's output")
    command("guard", _guard, "stop unless every stack's environment asks for approval")
    for name in COMMANDS:
        added = command(name, _run, f"run pulumi {name} for a stack and keep its report")
        added.add_argument("stack")
        added.set_defaults(command=name)
    added = command("comment", _comment, "comment on a pull request what its previews came to")
    added.add_argument("pull_request", type=int)
    command("issues", _issues, "open, update or close the issue of each stack's drift")
    added = command("check-release", _check_release, "stop unless a tag may be released")
    added.add_argument("tag")
    command("notes", _notes, "what the changelog says of a version").add_argument("tag")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
