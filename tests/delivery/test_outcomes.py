"""Each kind of outcome reaches whom it should, and each exactly once."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
import pytest

import components
from components import SilentScalperPipeline, SilentScalperPipelineArgs
from handler.aws.alerts import Alerts
from handler.aws.email_budget import EmailBudget, Kind, Place
from handler.model.settings import Settings
from tests.component.recorder import Deployment, deploy

from .conftest import Account, CloudThatDelivers, Queue

REUSE = Path(__file__).resolve().parents[2] / "docs" / "reuse.md"
ADDRESS = "ops@example.com"
FAILED = {"reason_code": "PROCESS_FAILED", "reason": "process raised KeyError: 'amount'"}

OUTCOMES: dict[str, dict[str, Any]] = {
    "accepted": {"status": "PROCESSED"},
    "rejected": {"status": "QUARANTINED", "reason_code": "EMPTY_FILE", "reason": "Empty."},
    "held": {"status": "HELD", "reason_code": "AWS_ERROR", "reason": "S3 is down."},
    "gone": {"status": "GONE", "reason_code": "DELETED_BY_SOMEONE", "reason": "Deleted."},
    "first failure": {"status": "QUARANTINED", "retry_at": "2026-03-02T09:25:28.000Z", **FAILED},
    "failed again": {
        "status": "QUARANTINED",
        "retry_at": "2026-03-02T11:25:28.000Z",
        "retries": 1,
        **FAILED,
    },
    "given up": {"status": "QUARANTINED", "retries": 3, "parked": True, **FAILED},
    "accepted after a failure": {
        "status": "PROCESSED",
        "retries": 1,
        "history": [{"attempt": 1, "at": "2026-03-02T09:15:28.000Z", **FAILED}],
    },
}
EMAILED = {
    "all": set(OUTCOMES) - {"failed again"},
    "failures": set(OUTCOMES) - {"failed again", "accepted"},
    "none": set(),
}


class Budget(EmailBudget):
    """Has room for everything, or for nothing."""

    def __init__(self, room: bool) -> None:
        self._room = room

    def ask(self, kind: Kind, owner: str) -> Place | None:
        return (
            Place("place_0", 0, should_be_freed=False, is_last_success=False)
            if self._room
            else None
        )

    def claim_notice(self, owner: str, *, unfinished: bool = False) -> Place | None:
        return None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A pipeline whose outcomes a test publishes, and who is subscribed to them."""

    account: Account
    settings: Settings
    machine: Queue
    """Subscribed to both topics without a filter."""
    late_shift: Queue
    """Subscribed as the program in docs/reuse.md does."""

    def publish(self, *, room: bool = True) -> None:
        alerts = Alerts(self.account.sns, self.settings, Budget(room))
        for name, outcome in OUTCOMES.items():
            alerts.publish(item(name, outcome))

    @property
    def mailbox(self) -> Queue:
        return self.account.mailboxes[ADDRESS]


def item(name: str, outcome: dict[str, Any]) -> dict[str, Any]:
    return {
        "object_key": f"in/{name}.csv",
        "upload_id": "0055AED6DCD90281E500000000000000",
        "file_name": f"{name}.csv",
        "file_type": "csv",
        "size_bytes": 12,
        "bucket": "intake-input",
        "version_id": "v",
        "uploaded_at": "2026-03-02T09:15:27.412Z",
        "processed_at": "2026-03-02T09:15:28.000Z",
        "location": f"s3://intake-quarantine/in/{name}.csv",
        "owner": "request-1",
        **outcome,
    }


def names(queue: Queue) -> Counter[str]:
    """Which outcomes came, and how often each."""
    keys = (one.message["object_key"] for one in queue.receive())
    return Counter(key.removeprefix("in/").removesuffix(".csv") for key in keys)


@pytest.fixture(scope="module")
def as_in_the_document() -> Deployment:
    """What the program under "Subscriptions of your own" registers."""
    section = REUSE.read_text().partition("### Subscriptions of your own\n")[2]
    match = re.search(r"^```python\n(.*?)^```", section, re.M | re.S)
    assert match
    imports = "from silent_scalper import SilentScalperPipeline\n"
    code = match[1].replace(imports, "")
    assert code != match[1]
    names = {"SilentScalperPipeline": components.SilentScalperPipeline, "pulumi": pulumi}
    return deploy(lambda: exec(code, {**names, "aws": pulumi_aws}))


@pytest.fixture(params=EMAILED)
def email_on(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def deployed(
    cloud: CloudThatDelivers, email_on: str, as_in_the_document: Deployment
) -> Iterator[Deployed]:
    args: SilentScalperPipelineArgs = {
        "alert_emails": [ADDRESS],
        "email_on": email_on,  # type: ignore[typeddict-item] # as a config file has it
    }
    deployment = deploy(lambda: SilentScalperPipeline("intake", args))
    account = Account(cloud.sns, cloud.sqs, deployment)
    registered = deployment.named("processor").inputs["environment"]["variables"]
    settings = Settings.from_environment(account.environment(registered))
    machine, late_shift = account.queue("machine"), account.queue("late-shift")
    for topic in deployment.of("Topic"):
        account.subscribe(machine, {"topic": topic.outputs["arn"]})
    for subscription in as_in_the_document.of("TopicSubscription"):
        # The same logical name has the same ARN on the mocks.
        account.subscribe(late_shift, subscription.inputs)
    yield Deployed(account, settings, machine, late_shift)
    account.close()


def test_people_get_what_email_on_says_and_machines_get_all(
    deployed: Deployed, email_on: str
) -> None:
    deployed.publish()
    assert names(deployed.mailbox) == dict.fromkeys(EMAILED[email_on], 1)
    assert names(deployed.machine) == dict.fromkeys(OUTCOMES, 1)


def test_what_the_budget_leaves_out_reaches_machines_alone(deployed: Deployed) -> None:
    deployed.publish(room=False)
    assert names(deployed.mailbox) == {}
    assert names(deployed.machine) == dict.fromkeys(OUTCOMES, 1)


@pytest.mark.parametrize("room", [True, False])
def test_a_subscription_with_a_filter_gets_what_it_asks_for_whatever_is_emailed(
    deployed: Deployed, room: bool
) -> None:
    deployed.publish(room=room)
    wanted = {name for name, one in OUTCOMES.items() if one["status"] in ("QUARANTINED", "HELD")}
    assert names(deployed.late_shift) == dict.fromkeys(wanted, 1)


def test_what_concerns_the_whole_pipeline_reaches_people_whatever_email_on_says(
    deployed: Deployed,
) -> None:
    alerts = Alerts(deployed.account.sns, deployed.settings, Budget(room=False))
    message = {"status": "DAILY_CHECK", "pipeline": deployed.settings.pipeline}
    alerts.tell_everybody("Daily check: 1 no-fate", message, "text")
    for queue in (deployed.mailbox, deployed.machine):
        assert [json.dumps(one.message) for one in queue.receive()] == [json.dumps(message)]
