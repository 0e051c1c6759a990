"""What a run of pulumi came to, and how people read it on GitHub.

A report comes from a job that ran somebody's code: it is text to show, and is not trusted.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from .errors import WorkflowError

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment or an issue."""

_POLICY_VIOLATION = re.compile(r"\[mandatory(?: \[severity: \w+\])?\]\s")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class Outcome(Enum):
    """How a run ended."""

    WELL = "well"
    DRIFT = "drift"
    POLICY = "policy"
    FAILED = "failed"
    NOT_RUN = "not run"


_HEADLINES = {
    ("preview", Outcome.WELL): "Preview of stack `{stack}`",
    ("preview", Outcome.POLICY): "Preview of stack `{stack}`: a policy is violated",
    ("drift", Outcome.WELL): "Stack `{stack}` is as the program describes it",
    ("drift", Outcome.DRIFT): "Stack `{stack}`: AWS differs from what the program describes",
    ("drift", Outcome.FAILED): "Stack `{stack}` could not be compared with AWS",
    ("up", Outcome.WELL): "Deployed stack `{stack}`",
    ("up", Outcome.POLICY): "Stack `{stack}` was not deployed: a policy is violated",
}
_NEXT = {
    Outcome.DRIFT: "If the change was meant, put it into the program; if not, deploy `main` again.",
    Outcome.POLICY: "Nothing was changed. What each policy wants stands in `policy_pack/`.",
    Outcome.FAILED: "What went wrong stands at the end of the text.",
    Outcome.NOT_RUN: "The job ended before pulumi was started; its log says why.",
}


@dataclass(frozen=True)
class Report:
    """One run: `command` is preview, drift or up; `text` is what pulumi printed."""

    stack: str
    command: str
    outcome: Outcome
    text: str

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        written = {**asdict(self), "outcome": self.outcome.value}
        (folder / f"{self.stack}.json").write_text(json.dumps(written), encoding="utf-8")


def load(folder: Path, stack: str, command: str) -> Report:
    """The report of a stack; one that says so where its job left none.

    Raises WorkflowError where the file is no report of this stack.
    """
    file = next(folder.glob(f"**/{stack}.json"), None)
    if file is None:
        return Report(stack, command, Outcome.NOT_RUN, "")
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        found = Report(read["stack"], read["command"], Outcome(read["outcome"]), str(read["text"]))
    except (ValueError, KeyError, TypeError) as error:
        raise WorkflowError(f"{file.name} is no report of a run: {error!r}") from None
    if (found.stack, found.command) != (stack, command):
        raise WorkflowError(
            f"{file.name} is of {found.command} {found.stack}, not {command} {stack}"
        )
    return found


def markdown(report: Report, link: str) -> str:
    """The report as GitHub shows it, within the length that it takes."""
    usual = f"{report.command.capitalize()} of stack `{{stack}}` failed"
    headline = _HEADLINES.get((report.command, report.outcome), usual).format(stack=report.stack)
    sign = "✅" if report.outcome is Outcome.WELL else "❌"
    parts = [marker(report), f"### {sign} {headline}", _NEXT.get(report.outcome, "")]
    if report.text:
        text = _middle_cut(_CONTROL.sub("", report.text))
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
        parts.append(
            f"<details open><summary>Diff</summary>\n\n{fence}\n{text}\n{fence}\n\n</details>"
        )
    parts.append(f"[The run]({link})")
    return "\n\n".join(part for part in parts if part)


def marker(report: Report) -> str:
    """By which the comment or issue of a stack is found again."""
    return f"<!-- silent-scalper: {report.command} of {report.stack} -->"


def outcome_of(command: str, status: int, text: str) -> Outcome:
    """What an exit status means; pulumi has one for all that can go wrong."""
    if status == 0:
        return Outcome.WELL
    if command == "drift" and "no changes were expected" in text:
        return Outcome.DRIFT
    if _POLICY_VIOLATION.search(text):
        return Outcome.POLICY
    return Outcome.FAILED


def run_link(environment: Mapping[str, str]) -> str:
    """The page of this run, from the variables that a runner sets."""
    server, repository = environment["GITHUB_SERVER_URL"], environment["GITHUB_REPOSITORY"]
    return f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"


def _middle_cut(text: str) -> str:
    """The begin says what changes, the end what came of it."""
    text = text.strip("\n")
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    left_out = len(text) - 2 * half
    return (
        f"{text[:half]}\n… {left_out} characters are left out; the run has them …\n{text[-half:]}"
    )
