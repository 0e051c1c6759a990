"""The stacks that the workflows deal with, from one variable of the repository, `STACKS`.

    {"prod": {"account": "123456789012", "region": "eu-north-1",
              "backend": "s3://your-state/silent-scalper?region=eu-north-1",
              "reader_role": "arn:aws:iam::123456789012:role/reader-…",
              "deployer_role": "arn:aws:iam::123456789012:role/deployer-…"}}

Settings of a repository are changed by its administrators; a file would be changed by any branch.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import WorkflowError

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_FIELDS = {
    "account": re.compile(r"\d{12}"),
    "region": re.compile(r"[a-z]{2}(-[a-z]+)+-\d"),
    "backend": re.compile(r"[a-z0-9]+://[^\s\"'`]+"),
    "reader_role": re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+"),
    "deployer_role": re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+"),
}
_APPROVAL = ("required", "none")
_REGION_SETTING = re.compile(r"^\s+[\"']?aws:region[\"']?:\s*[\"']?([\w-]+)", re.MULTILINE)
_ENCRYPTED = re.compile(r"^\s*(?:-\s+)?secure:", re.MULTILINE)


@dataclass(frozen=True)
class Stack:
    """One deployment: which account and region, where its state is, who may read and deploy it."""

    name: str
    account: str
    region: str
    backend: str
    reader_role: str
    deployer_role: str
    approval: str = "required"
    """`none` for a stack that is deployed without a person's approval."""


def read_stacks(variable: str, root: Path) -> list[Stack]:
    """The stacks of the variable `STACKS`, checked; none where it is empty.

    Raises WorkflowError.
    """
    if not variable.strip():
        return []
    try:
        named = json.loads(variable)
    except ValueError as error:
        raise WorkflowError(f"the variable STACKS is not JSON: {error}") from None
    if not isinstance(named, dict) or not named:
        raise WorkflowError(
            f"the variable STACKS must be a JSON object of stacks by name (got {variable[:80]!r}); "
            "delete it where nothing is deployed"
        )
    return [_checked(name, settings, root) for name, settings in named.items()]


def refuse_encrypted_settings(stack: str, root: Path) -> None:
    """A preview runs a branch's code, which could print whatever the stack can decrypt.

    Raises WorkflowError.
    """
    file = _settings_file(stack, root)
    if _ENCRYPTED.search(file.read_text(encoding="utf-8")):
        raise WorkflowError(
            f"{file.name} holds an encrypted value (`secure:`), and the workflows have no key for "
            "it, so that no branch's code gets it either; keep the value in AWS Secrets Manager "
            "and give the stack its name"
        )


def as_matrix(stacks: list[Stack]) -> str:
    """One line of JSON, as a workflow's `matrix` takes it."""
    return json.dumps([asdict(stack) for stack in stacks], separators=(",", ":"))


def _checked(name: str, settings: object, root: Path) -> Stack:
    where = f"STACKS[{name!r}]"
    if not _NAME.fullmatch(name):
        raise WorkflowError(f"{where} is no name of a Pulumi stack")
    if not isinstance(settings, Mapping):
        raise WorkflowError(f"{where} must be a JSON object (got {settings!r})")
    if unknown := set(settings) - {*_FIELDS, "approval"}:
        raise WorkflowError(f"{where} has {sorted(unknown)}, which is not known; take it out")
    for field, pattern in _FIELDS.items():
        value = settings.get(field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise WorkflowError(f"{where}[{field!r}] must match {pattern.pattern} (got {value!r})")
    if (approval := settings.get("approval", "required")) not in _APPROVAL:
        raise WorkflowError(f"{where}['approval'] must be one of {_APPROVAL} (got {approval!r})")
    stack = Stack(name, **settings)
    for role in (stack.reader_role, stack.deployer_role):
        if role.split(":")[4] != stack.account:
            raise WorkflowError(f"{where} is account {stack.account}, but {role} is of another")
    _same_region(stack, _settings_file(name, root))
    return stack


def _settings_file(stack: str, root: Path) -> Path:
    file = root / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        raise WorkflowError(
            f"there is no {file.name} for the stack {stack!r} of the variable STACKS; "
            f"make it with: pulumi stack init {stack}"
        )
    return file


def _same_region(stack: Stack, file: Path) -> None:
    set_there = _REGION_SETTING.search(file.read_text(encoding="utf-8"))
    if set_there and set_there[1] != stack.region:
        raise WorkflowError(
            f"{file.name} sets aws:region {set_there[1]}, but STACKS says {stack.region}; "
            "make them the same"
        )
