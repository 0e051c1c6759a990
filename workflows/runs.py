"""Runs pulumi for a stack and keeps what it prints, whether it succeeds or not."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from .report import Report, markdown, outcome_of, run_link

_EVERY_RUN = ("--non-interactive", "--color", "never", "--diff")
_COMMANDS = {
    "preview": ("preview", *_EVERY_RUN, "--policy-pack", "policy_pack"),
    "drift": ("preview", *_EVERY_RUN, "--refresh", "--expect-no-changes"),
    "up": ("up", *_EVERY_RUN, "--yes", "--policy-pack", "policy_pack"),
}
COMMANDS = tuple(_COMMANDS)


def run(command: str, stack: str, root: Path, reports: Path) -> int:
    """Run `command`, keep its report, show it in the job's summary; the exit status of pulumi.

    The backend and the credentials are in the environment. There is no passphrase: the stacks
    have nothing encrypted, so no secret is within the reach of the code that runs here.
    """
    arguments = ["pulumi", *_COMMANDS[command], "--stack", stack]
    environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with subprocess.Popen(
        arguments,
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        text = _shown(process)
    report = Report(stack, command, outcome_of(command, process.returncode, text), text)
    report.save(reports)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(report, run_link(os.environ)) + "\n")
    return process.returncode


def _shown(process: "subprocess.Popen[str]") -> str:
    """Pass the lines on to the log; a runner would take one with `::name::` for an order."""
    lines: list[str] = []
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    for line in process.stdout or ():
        lines.append(line)
        sys.stdout.write(line)
        sys.stdout.flush()
    sys.stdout.write(f"::{token}::\n")
    sys.stdout.flush()
    return "".join(lines)
