"""Says on the pull request, or on an issue of the stack, what a run came to."""

from .github import GitHub
from .report import Outcome, Report, markdown, marker

_BOT = "github-actions[bot]"


def comment(report: Report, pull_request: int, link: str, github: GitHub) -> None:
    """One comment a stack; the one of an earlier push is replaced."""
    body = {"body": markdown(report, link)}
    for one in github.pages(f"issues/{pull_request}/comments"):
        if _ours(one, report):
            github.send("PATCH", f"issues/comments/{one['id']}", body)
            return
    github.send("POST", f"issues/{pull_request}/comments", body)


def keep_issue(report: Report, link: str, github: GitHub) -> None:
    """One open issue a stack while it drifts or cannot be compared; closed when it is well."""
    body = {"body": markdown(report, link)}
    issue = next((one for one in github.pages("issues?state=open") if _ours(one, report)), None)
    if report.outcome is Outcome.WELL:
        if issue:
            github.send("POST", f"issues/{issue['number']}/comments", body)
            github.send("PATCH", f"issues/{issue['number']}", {"state": "closed"})
    elif issue:
        github.send("PATCH", f"issues/{issue['number']}", body)
    else:
        github.send("POST", "issues", {"title": f"Drift check of stack {report.stack}", **body})


def _ours(written: dict[str, object], report: Report) -> bool:
    user = written.get("user")
    return (
        isinstance(user, dict)
        and user.get("login") == _BOT
        and str(written.get("body") or "").startswith(marker(report))
    )
