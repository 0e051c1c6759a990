"""An environment that is missing would be made by GitHub, without rules, and deploy unapproved.

Source: https://docs.github.com/en/rest/deployments/environments#get-an-environment
"""

from urllib.parse import quote

from .errors import WorkflowError
from .github import GitHub
from .stacks import Stack

_HOW = "Settings → Environments → {}: required reviewers, and deployment from `main` alone"


def require_protected(stack: Stack, github: GitHub, branch: str = "main") -> None:
    """Stop unless the stack's environment exists, takes `branch` alone, and asks for approval.

    Raises WorkflowError.
    """
    path = f"environments/{quote(stack.name, safe='')}"
    environment = github.get(path)
    how = _HOW.format(stack.name)
    if environment is None:
        raise WorkflowError(
            f"there is no environment {stack.name!r}, so nobody would approve; make it: {how}"
        )
    policy = environment.get("deployment_branch_policy") or {}
    if policy.get("custom_branch_policies"):
        rules = github.get(f"{path}/deployment-branch-policies?per_page=100") or {}
        taken = sorted(rule["name"] for rule in rules.get("branch_policies", []))
        if taken != [branch]:
            raise WorkflowError(
                f"the environment {stack.name!r} takes {taken} rather than {branch} alone; {how}"
            )
    elif not policy.get("protected_branches"):
        raise WorkflowError(f"the environment {stack.name!r} takes every branch; {how}")
    if stack.approval == "required" and not _has_reviewers(environment):
        raise WorkflowError(
            f"the environment {stack.name!r} has no required reviewers; {how}. For a stack that "
            'needs no approval, say so in the variable STACKS: "approval": "none"'
        )


def _has_reviewers(environment: dict[str, object]) -> bool:
    rules = environment.get("protection_rules")
    return isinstance(rules, list) and any(
        rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in rules
    )
