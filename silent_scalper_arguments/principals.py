"""Who may put objects into a bucket, and further statements of its policy, as AWS takes them."""

import json
import re
from typing import Any

from .values import Wrong, shown, text

_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL = re.compile(r"arn:[a-z0-9-]+:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)", re.ASCII)
_ORGANISATION = re.compile(
    r"(arn:[a-z0-9-]+:organizations::\d{12}:organization/)?(o-[a-z0-9]{10,32})"
)

EFFECTS = ("Allow", "Deny")
OWN_SIDS = frozenset(
    {"DenyPlainHttp", "DenyCustomerProvidedKeys", "DenyArchiveClasses", "DenyOtherKeys"}
)
"""Those of the pipeline's own statements, which S3 takes once."""
SENDER_SID = "SendersPutFiles"
"""How those begin that `senders` makes."""


def organisation_of(sender: str) -> str | None:
    """The id of an organisation, given as such or as its ARN; None for anybody else."""
    found = _ORGANISATION.fullmatch(sender)
    return found[2] if found else None


def sender(value: object) -> str:
    """An account, a role, a user, or an organisation; never everybody."""
    given = text(value)
    if given == "*":
        raise Wrong("may not be *: anybody on the internet could upload; name who may")
    if given.isdecimal() and not _ACCOUNT.fullmatch(given):
        raise Wrong(f"must be an account of 12 digits (got {len(given)} digits)")
    if not (_ACCOUNT.fullmatch(given) or _PRINCIPAL.fullmatch(given) or organisation_of(given)):
        raise Wrong(
            "must be an account (123456789012), the ARN of a role or a user "
            "(arn:aws:iam::123456789012:role/upload), or an organisation (o-a1b2c3d4e5)"
        )
    return given


def policy_statement(value: object) -> str:
    """One statement of a bucket's policy, as JSON."""
    given = text(value)
    try:
        statement: Any = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"must be one statement as JSON (got {shown(given)}): {error}") from None
    if not isinstance(statement, dict) or "Statement" in statement:
        raise Wrong(
            f"must be one statement, a JSON object, not a whole policy (got {shown(given)})"
        )
    check_statement(statement)
    return given


def check_statement(statement: dict[str, Any]) -> None:
    """Raise a `Wrong` for what S3 would refuse, or what lets everybody in."""
    if statement.get("Effect") not in EFFECTS:
        raise Wrong(f"must have an Effect, Allow or Deny (got {shown(statement.get('Effect'))})")
    for one_of in (("Action", "NotAction"), ("Principal", "NotPrincipal")):
        if not any(name in statement for name in one_of):
            raise Wrong(f"must have {one_of[0]}, as a statement of a bucket's policy has")
    sid = statement.get("Sid")
    if sid in OWN_SIDS or str(sid).startswith(SENDER_SID):
        raise Wrong(f"has the Sid {sid!r}, which is one of the pipeline's own; take another")
    if statement["Effect"] == "Allow" and "Condition" not in statement:
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, dict) else principal
        if "NotPrincipal" in statement or "*" in (named if isinstance(named, list) else [named]):
            raise Wrong("lets in everybody; name the principal, or narrow it by a Condition")
