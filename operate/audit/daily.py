"""The daily check: `reconcile`, run in Lambda by a schedule, that tells people of what it finds.

It reads everything, and writes nothing but the days' figures, which it counts in the same pass.
People are told through the topic alone, so when that reaches nobody the check fails, and the alarm
`check-failed` shows what no e-mail can.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from handler.aws.alerts import Alerts
from handler.aws.email_budget import EmailBudget
from handler.model.messages import WHERE_TO_TYPE, in_stack
from handler.model.settings import Settings
from handler.model.text import printable

from ..read.day_book import day_book
from ..read.deployment import Clients, Deployment
from ..read.errors import OperateError
from ..read.outputs import Outputs
from .day_writer import write
from .findings import EXPLAINED, Finding, Kind
from .reconcile import reconcile

GRACE_SECONDS = 7 * 60 * 60
"""A file on its way is not missed: Lambda tries for up to six hours, then the rescuer has three
tries of a quarter of an hour."""

AS_IT_SHOULD_BE = frozenset({Kind.PROCESSED_FILE_MISSING, Kind.UNDELETED})
"""Not told of: many pipelines hand accepted files on, and so take them out of the input bucket.
What S3 refuses to delete was published when it did, and may stay for years."""

SHOWN = 3
"""Findings of one kind that an e-mail names; `scalper reconcile` lists all."""


class NobodyIsTold(Exception):
    """The alerts reach no e-mail address, although there should be one."""


@dataclass
class Findings:
    """What was found: how many of each kind, and the first few."""

    number: Counter[Kind] = field(default_factory=Counter)
    first: dict[Kind, list[str]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        self.number[finding.kind] += 1
        lines = self.first.setdefault(finding.kind, [])
        if len(lines) < SHOWN:
            lines.append(finding.in_words())


def handler(event: dict[str, Any], context: object) -> None:
    """Lambda's entry. Raises when it cannot tell, and when nobody would be told.

    A person who tries it out may send `{"grace_seconds": 0}`.
    """
    settings = Settings.from_environment(os.environ)
    grace_seconds = event.get("grace_seconds", GRACE_SECONDS)
    check(settings, deployment_of(settings, os.environ), grace_seconds)


def check(settings: Settings, deployment: Deployment, grace_seconds: float) -> None:
    """Tell the topic of everything that does not add up; say nothing when all is well.

    Then write the days' figures, which were counted in the same pass.
    """
    found = Findings()
    with day_book() as book:
        with reconcile(deployment, grace_seconds=grace_seconds, book=book) as reconciliation:
            for finding in reconciliation.findings():
                if finding.kind not in AS_IT_SHOULD_BE:
                    found.add(finding)
            counts = reconciliation.counts()
            nobody_is_told = reconciliation.facts.reaches_nobody
        numbers = {str(kind): number for kind, number in found.number.items()}
        print(json.dumps({"check": "findings" if numbers else "well", "found": numbers, **counts}))
        if found.number:
            text = email_text(settings, found, grace_seconds)
            _tell(settings, deployment, found, counts, text)
        print(json.dumps({"days": asdict(write(deployment, book)), "undated": book.undated}))
    if nobody_is_told:
        raise NobodyIsTold(
            f"None of the addresses that should be told by {settings.topic_arn} is confirmed. "
            "Run `scalper status` and have each confirm the message from AWS."
        )


def subject(found: Findings) -> str:
    """What was found, in a line."""
    return f"Daily check: {', '.join(f'{n} {kind}' for kind, n in found.number.items())}"


def email_text(settings: Settings, found: Findings, grace_seconds: float) -> str:
    """For the people who look after the pipeline."""
    now = datetime.now(UTC)
    parts = ["The daily check found what does not add up.\n"]
    for kind, lines in found.first.items():
        more = found.number[kind] - len(lines)
        parts += [
            f"{found.number[kind]:,} {kind}: {EXPLAINED[kind].means}",
            *(f"  {line}" for line in lines),
            *([f"  … and {more:,} more"] if more else []),
            f"  What to do: {EXPLAINED[kind].do}\n",
        ]
    return "\n".join(
        [
            *parts,
            "What to do next",
            "See all of it, as it is now:",
            in_stack("reconcile", settings.stack),
            WHERE_TO_TYPE,
            "This comes every day until all is accounted for.",
            "",
            f"Pipeline {printable(settings.pipeline)}, {now:%Y-%m-%d %H:%M} UTC. Files younger "
            f"than {grace_seconds / 3600:g} hours may be on their way and were left out.",
            "",
        ]
    )


def _tell(
    settings: Settings,
    deployment: Deployment,
    found: Findings,
    counts: Mapping[str, int],
    text: str,
) -> None:
    clients = deployment.clients
    message = {
        "pipeline": settings.pipeline,
        "stack": settings.stack,
        "table": settings.table,
        "status": "DAILY_CHECK",
        "found": {str(kind): number for kind, number in found.number.items()},
        "first": {str(kind): lines for kind, lines in found.first.items()},
        "files": dict(counts),
    }
    alerts = Alerts(clients.sns, settings, EmailBudget(clients.dynamodb, settings))
    alerts.tell_everybody(subject(found), message, text)


def deployment_of(settings: Settings, environment: Mapping[str, str]) -> Deployment:
    """The deployment that the function's environment names."""
    try:
        processor, rescuer = environment["SCALPER_PROCESSOR"], environment["SCALPER_RESCUER"]
    except KeyError as missing:
        raise OperateError(
            f"The environment variable {missing.args[0]} is missing; deploy the stack again with "
            "`pulumi up`."
        ) from None
    outputs = Outputs(
        settings.input_bucket,
        settings.quarantine_bucket,
        settings.table,
        settings.topic_arn,
        processor,
        rescuer,
    )
    return Deployment(outputs, Clients(environment["AWS_REGION"]))
