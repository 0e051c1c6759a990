"""The bill is made from what the program registers, and is silent about none of it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cost.bill import bill
from cost.errors import CostError
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import Item, Prices
from cost.registered import registered_resources
from cost.resources import FREE, READERS, Resource, UnpricedError, read_pipeline
from cost.workload import Workload
from tests.component.recorder import COMPUTED

from .conftest import ROOT


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    return registered_resources(ROOT, arguments={"daily_check": False})


def of(resources: list[Resource], kind: str) -> Resource:
    return next(r for r in resources if r.type.endswith(f":{kind}"))


def with_inputs(
    resources: list[Resource], kind: str, change: Mapping[str, Any], name: str = ""
) -> list[Resource]:
    """The same program with other inputs of its first `kind`, or of that `name`."""
    old = next(r for r in resources if r.type.endswith(f":{kind}") and r.name.endswith(name))
    new = Resource(old.type, old.name, {**old.inputs, **change})
    return [new if r is old else r for r in resources]


def test_the_default_pipeline_is_read_from_the_program(default: Pipeline) -> None:
    assert (default.processor.memory_mb, default.rescuer.memory_mb) == (512, 512)
    assert (default.input_days, default.quarantine_days, default.log_days) == (None, 60, 30)
    assert (default.addresses, default.settings.email_on) == (0, "none")
    assert (default.alarm_metrics, default.dashboards, default.keys) == (6, 0, 0)
    assert default.recovery is False
    assert default.settings.process_entry is None


def test_every_argument_that_costs_is_read() -> None:
    arguments = {
        "alert_emails": ["a@example.com", "b@example.com"],
        "email_on": "failures",
        "memory_mb": 2048,
        "temporary_storage_mb": 1024,
        "log_retention_days": 90,
        "record_retention_days": 400,
        "input_retention_days": 100,
        "quarantine_retention_days": 10,
        "point_in_time_recovery": True,
        "dashboard": True,
        "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/k",
        "process_code": "examples/process",
    }
    told = read_pipeline(registered_resources(ROOT, arguments=arguments))
    assert (told.addresses, told.settings.email_on) == (2, "failures")
    assert (told.processor.memory_mb, told.processor.temporary_storage_mb) == (2048, 1024)
    assert (told.log_days, told.settings.record_retention_days) == (90, 400)
    # Hidden after so many days, removed after as many again.
    assert (told.input_days, told.quarantine_days) == (200, 20)
    assert told.recovery is True
    assert (told.keys, told.dashboards) == (1, 1)
    assert told.settings.process_entry == "main.process"


def test_functions_on_x86_are_billed_at_its_price_and_share_the_free_units() -> None:
    registered = registered_resources(ROOT)
    on_x86 = [
        Resource(r.type, r.name, {**r.inputs, "architectures": ["x86_64"]})
        if r.type.endswith(":Function")
        else r
        for r in registered
    ]
    workload, prices = Workload(files=100_000_000), Prices.load()
    arm, x86 = (
        {
            line.use.what: line
            for line in bill(read_pipeline(resources), workload, prices).lines
            if "time" in line.use.what
        }
        for resources in (registered, on_x86)
    )
    assert {line.use.item for line in x86.values()} == {"lambda_compute_x86"}
    assert arm.keys() == x86.keys() == {"Lambda: time × memory", "Daily check: time"}
    for what, line in x86.items():
        assert line.use.quantity == arm[what].use.quantity
        assert round(line.month.listed / arm[what].month.listed, 4) == Decimal("1.2500")
    # 400,000 GB-seconds are free, whatever the processor.
    files = x86["Lambda: time × memory"].month
    assert round(files.listed - files.after_free, 4) == Decimal("6.6667")


def test_a_stacks_own_settings_are_read() -> None:
    configured = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    dev = read_pipeline(registered_resources(ROOT, "dev"))
    assert dev.addresses == len(configured["silent-scalper:pipeline"]["alert_emails"])
    assert dev.settings.email_on == "all"
    assert dev.settings.process_entry == "main.process"


def test_an_argument_wins_over_the_stacks() -> None:
    dev = read_pipeline(registered_resources(ROOT, "dev", {"email_on": "failures"}))
    assert dev.settings.email_on == "failures"
    assert dev.addresses == 1


# What would bill while idle cannot enter unseen.


def test_every_type_that_the_component_registers_is_known() -> None:
    assert COMPUTED.keys() <= READERS.keys() | FREE


Change = Callable[[list[Resource]], list[Resource]]


def plant(kind: str) -> Change:
    return lambda resources: [*resources, Resource(kind, "intake-planted", {})]


def change(kind: str, name: str = "", **inputs: Any) -> Change:
    return lambda resources: with_inputs(resources, kind, inputs, name)


UNPRICED: dict[str, Change] = {
    "a NAT gateway": plant("aws:ec2/natGateway:NatGateway"),
    "provisioned concurrency": plant(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    ),
    "a queue that Lambda polls": plant("aws:lambda/eventSourceMapping:EventSourceMapping"),
    "a third function": plant("aws:lambda/function:Function"),
    "a second table": plant("aws:dynamodb/table:Table"),
    "a provisioned table": change("Table", billingMode="PROVISIONED"),
    "a table of another class": change("Table", tableClass="STANDARD_INFREQUENT_ACCESS"),
    "a table in two regions": change("Table", replicas=[{"regionName": "eu-west-1"}]),
    "a stream": change("Table", streamEnabled=True),
    "an index of everything": change(
        "Table", globalSecondaryIndexes=[{"projectionType": "ALL", "keySchemas": []}]
    ),
    "a processor of no kind": change("Function", architectures=["riscv64"]),
    "functions of two kinds": change("Function", "intake-rescuer", architectures=["x86_64"]),
    "a snapshot": change("Function", snapStart={"applyOn": "PublishedVersions"}),
    "another storage class": change(
        "BucketLifecycleConfiguration", rules=[{"transitions": [{"storageClass": "GLACIER"}]}]
    ),
    "a FIFO topic": change("Topic", fifoTopic=True),
    "another class of logs": change("LogGroup", logGroupClass="INFREQUENT_ACCESS"),
    "an alarm of high resolution": change("MetricAlarm", period=10),
    "an https subscription": lambda resources: [
        *resources,
        Resource("aws:sns/topicSubscription:TopicSubscription", "pager", {"protocol": "https"}),
    ],
}


@pytest.mark.parametrize("planted", UNPRICED)
def test_what_has_no_price_is_an_error_that_names_it(
    resources: list[Resource], planted: str
) -> None:
    with pytest.raises(UnpricedError, match="cannot be priced") as refused:
        read_pipeline(UNPRICED[planted](resources))
    assert "Teach cost/resources.py" in str(refused.value)
    changed = [r for r in UNPRICED[planted](resources) if r not in resources]
    assert changed[0].name in str(refused.value)
    assert changed[0].type in str(refused.value)


BILLED_WHILE_IDLE: dict[str, tuple[Change, Item]] = {
    "a key of its own": (plant("aws:kms/key:Key"), Item.KEYS),
    "a fourth dashboard": (
        lambda resources: [
            *resources,
            *(Resource("aws:cloudwatch/dashboard:Dashboard", f"intake-{n}", {}) for n in range(4)),
        ],
        Item.DASHBOARDS,
    ),
    "five more alarms": (
        lambda resources: [*resources, *[of(resources, "MetricAlarm")] * 5],
        Item.ALARMS,
    ),
    "an alarm on the ratio of six metrics": (
        change(
            "MetricAlarm",
            metricQueries=[
                {"id": "all", "expression": "SUM(METRICS())"},
                *({"id": f"m{n}", "metric": {"period": 300}} for n in range(6)),
            ],
        ),
        Item.ALARMS,
    ),
}


@pytest.mark.parametrize("planted", BILLED_WHILE_IDLE)
def test_what_bills_while_idle_is_on_the_idle_bill(
    resources: list[Resource], prices: Prices, planted: str
) -> None:
    add, item = BILLED_WHILE_IDLE[planted]
    idle = bill(read_pipeline(add(resources)), Workload(files=0), prices)
    assert {line.use.item for line in idle.lines if line.idle.after_free} == {item}


def test_a_dashboard_and_a_group_of_schedules_are_free(
    resources: list[Resource], prices: Prices
) -> None:
    more = [
        Resource("aws:cloudwatch/dashboard:Dashboard", "intake-files", {}),
        Resource("aws:scheduler/scheduleGroup:ScheduleGroup", "intake-retries", {}),
    ]
    idle = bill(read_pipeline([*resources, *more]), Workload(files=0), prices)
    assert idle.idle(list(Section)).after_free == 0


def test_scheduled_retries_are_read_from_the_rescuer(resources: list[Resource]) -> None:
    rescuer = next(r for r in resources if r.name == "intake-rescuer")
    variables = rescuer.inputs["environment"]["variables"]
    environment = {"variables": {**variables, "SCALPER_RETRY_DELAYS_MINUTES": "10,120,1440"}}
    with_retries = with_inputs(resources, "Function", {"environment": environment}, "-rescuer")
    assert read_pipeline(with_retries).scheduled_retries == 3


def test_what_is_not_one_pipeline_is_refused(resources: list[Resource]) -> None:
    with pytest.raises(CostError, match="registers 0 SilentScalperPipeline; a bill is for one"):
        read_pipeline([])
    component = of(resources, "SilentScalperPipeline")
    with pytest.raises(CostError, match="registers 2 SilentScalperPipeline"):
        read_pipeline([*resources, component])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("Function", "no processor and rescuer"),
        ("Table", "no table"),
        ("BucketLifecycleConfiguration", "no lifecycle of both buckets"),
        ("LogGroup", "no log group"),
    ],
)
def test_a_part_that_is_missing_is_named(resources: list[Resource], kind: str, said: str) -> None:
    with pytest.raises(CostError, match=said):
        read_pipeline(r for r in resources if not r.type.endswith(f":{kind}"))


# What a program or a stack may have wrong.


def test_a_stack_that_is_not_there_is_said() -> None:
    with pytest.raises(CostError, match=r"There is no Pulumi\.nope\.yaml in .*--stack NAME"):
        registered_resources(ROOT, "nope")


def test_a_folder_without_a_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(CostError, match=r"There is no Pulumi\.yaml"):
        registered_resources(tmp_path)


def test_what_the_component_refuses_is_passed_on() -> None:
    with pytest.raises(CostError, match="did you mean memory_mb"):
        registered_resources(ROOT, arguments={"memory": 1024})


def test_a_program_that_asks_aws_for_something_else_is_said(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi\nimport pulumi_aws as aws\n"
        "pulumi.export('zones', aws.get_availability_zones_output().names)\n"
    )
    with pytest.raises(CostError, match=r"getAvailabilityZones; add the answer to cost/registered"):
        registered_resources(tmp_path)


def test_another_program_in_the_same_process_is_read_afresh(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import json\nimport pulumi\nfrom components import SilentScalperPipeline\n"
        "config = pulumi.Config().get_object('pipeline', {})\n"
        "SilentScalperPipeline('mine', {**config, 'memory_mb': 1024})\n"
    )
    (tmp_path / "Pulumi.test.yaml").write_text(
        json.dumps({"config": {"small:pipeline": {"log_retention_days": 7}}})
    )
    mine = read_pipeline(registered_resources(tmp_path, "test"))
    assert (mine.processor.memory_mb, mine.log_days) == (1024, 7)
    assert mine.settings.pipeline == "small-test-mine"
    assert read_pipeline(registered_resources(ROOT)).processor.memory_mb == 512


def test_no_event_loop_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python complains of one on standard error, at a time of its own."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def remember() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", remember)
    registered_resources(ROOT)
    assert made
    assert all(loop.is_closed() for loop in made)
