"""What the bill counts is what the handler does: the same files go through both."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from cost.footprint import (
    ADDRESS,
    REASON,
    REQUEST_ID,
    SENDER,
    accepted,
    fault_line,
    item_bytes,
    set_aside,
)
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import Item
from cost.usage import usage
from cost.workload import Workload
from handler import File
from handler.aws.email_budget import BUDGET_KEY
from handler.model.errors import Fault
from tests.handler.conftest import _no_network, _one_signing_key, clients, world
from tests.handler.world import Uploaded, World

__all__ = ["_no_network", "_one_signing_key", "clients", "world"]

KEY = "partner-a/2026/11/23/orders-00000123.csv"
BILLED = {
    "dynamodb.PutItem": Item.TABLE_WRITES,
    "dynamodb.UpdateItem": Item.TABLE_WRITES,
    "sns.Publish": Item.PUBLISHES,
    "s3.GetObject": Item.S3_READS,
    "s3.HeadObject": Item.S3_READS,
    "s3.ListObjectVersions": Item.S3_WRITES,
    "s3.CopyObject": Item.S3_WRITES,
}
FREE = {"s3.DeleteObject"}


def read_it(file: File) -> None:
    with file.open() as stream:
        stream.read()


def fail(file: File) -> None:
    read_it(file)
    raise ValueError("line 1,204: the column 'amount' holds 'n/a'")


def by_a_role(upload: Uploaded) -> Uploaded:
    """Uploaded by whom the bill supposes."""
    upload.record["userIdentity"] = {"principalId": SENDER}
    upload.record["requestParameters"] = {"sourceIPAddress": ADDRESS}
    return upload


def accept(world: World) -> None:
    world.run(world.upload(KEY))


def accept_with_email(world: World) -> None:
    """As every file but the first of a day, which finds another day in the budget."""
    world.deploy(email_on="all")
    world.run(world.upload("first.csv"), "request-3")
    world.forget_calls()
    world.deploy()
    accept(world)


def accept_with_process(world: World) -> None:
    world.deploy(process=read_it)
    accept(world)


def refuse(world: World) -> None:
    world.deploy(rules={"accepted_types": ["json"]})
    accept(world)


def refuse_with_email(world: World) -> None:
    world.deploy(rules={"accepted_types": ["json"]}, email_on="failures")
    accept(world)


def fail_every_time(world: World) -> None:
    world.deploy(process=fail)
    upload = world.upload(KEY)
    for _ in range(3):
        with pytest.raises(Fault):
            world.run(upload)
    world.rescue(upload)


@dataclass(frozen=True)
class Case:
    do: Callable[[World], None]
    workload: Workload
    email_on: str = "none"
    process_entry: str | None = None


ONE = Workload(files=1)
REFUSED = Workload(files=1, failures=Decimal(1))
FAILING = Workload(files=1, failures=Decimal(1), retried=Decimal(1))
CASES = {
    "accepted": Case(accept, ONE),
    "accepted and e-mailed": Case(accept_with_email, ONE, email_on="all"),
    "accepted after process read it": Case(accept_with_process, ONE, process_entry="main.process"),
    "refused": Case(refuse, REFUSED),
    "refused and e-mailed": Case(refuse_with_email, REFUSED, email_on="failures"),
    "failed on every time": Case(fail_every_time, FAILING, process_entry="main.process"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_call_of_the_handler_is_on_the_bill(
    default: Pipeline, world: World, name: str
) -> None:
    case = CASES[name]
    case.do(world)
    assert {*world.called()} <= BILLED.keys() | FREE
    made = Counter(BILLED[call] for call in world.called() if call not in FREE)
    # The key of the budget is longer than a unit.
    made[Item.TABLE_WRITES] += sum(
        call.operation == "UpdateItem" and call.request["Key"]["object_key"]["S"] == BUDGET_KEY
        for call in world.calls
    )
    # What is in the index too is written there as well.
    made[Item.TABLE_WRITES] += sum("attention_shard" in item for item in world.items())
    settings = replace(default.settings, email_on=case.email_on, process_entry=case.process_entry)
    once = replace(default, settings=settings, scheduled_retries=0)
    uses = usage(once, case.workload)
    counted = {
        use.item: use.quantity
        for use in uses
        if use.section is Section.WORK and use.item in BILLED.values() and use.quantity
    }
    assert counted == dict(made)


def test_an_accepted_file_leaves_as_many_bytes_as_the_bill_says(
    default: Pipeline, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = by_a_role(world.upload(KEY, b"x" * 1_000_000))
    world.run(upload, REQUEST_ID)
    said = accepted(default, Workload(files=1))
    assert len(capsys.readouterr().out) == pytest.approx(said.log, abs=4)
    # Only the names of bucket and version differ from those in AWS.
    assert item_bytes(world.record(upload)) == pytest.approx(said.record, abs=10)


def test_a_file_that_is_set_aside_leaves_as_many_bytes_as_the_bill_says(
    default: Pipeline, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deploy(process=fail)
    upload = by_a_role(world.upload(KEY, b"x" * 1_000_000))
    with pytest.raises(Fault):
        world.run(upload, REQUEST_ID)
    first_try = capsys.readouterr().out
    world.rescue(upload, request_id=REQUEST_ID, error=f"PROCESS_FAILED: {REASON}")
    said = set_aside(default, Workload(files=1))
    # The traceback names this file, whose folder differs from `process` in Lambda.
    assert len(first_try) == pytest.approx(fault_line(default, Workload(files=1)), abs=120)
    assert len(capsys.readouterr().out) == pytest.approx(said.log, abs=10)
    assert item_bytes(world.record(upload)) == pytest.approx(said.record, abs=20)


def test_a_record_is_measured_as_dynamodb_does() -> None:
    # key 3 + 5, size 4 + 1 + ceil(4 / 2), half 4 + 1 + ceil(3 / 2), on 2 + 1, no 2 + 1
    flat = {"key": "a.csv", "size": 1234, "half": -0.125, "on": True, "no": None}
    assert item_bytes(flat) == 8 + 7 + 7 + 3 + 3
    # Trailing zeroes of a number are not stored.
    assert item_bytes({"n": 1_000_000}) == item_bytes({"n": 1}) == 3
    # Letters beyond ASCII: three bytes each.
    assert item_bytes({"k": "価格"}) == 7
    # A map or list: 3, and 1 for each element beside what it is.
    assert item_bytes({"m": {"a": "xy", "l": [1, 2]}}) == 4 + (1 + 1 + 2) + (1 + 1 + 3 + 2 + 4)
