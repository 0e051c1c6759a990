"""Pipelines beside each other, in one stack and in two, and under somebody's own provider."""

import json
import time
from collections.abc import Callable

import pytest

from local.alerts import Listener
from tests.engine.workspace import Engine, Stack

pytestmark = pytest.mark.heavy

QUIET_SECONDS = 1

TWO_PIPELINES = """
import pulumi
from components import SilentScalperPipeline

for name in ("left", "right"):
    pipeline = SilentScalperPipeline(name, {"protect_data": False})
    pulumi.export(f"{name}_input_bucket", pipeline.input_bucket)
    pulumi.export(f"{name}_metadata_table", pipeline.metadata_table)
    pulumi.export(f"{name}_alerts_topic_arn", pipeline.alerts_topic_arn)
    pulumi.export(f"{name}_quiet_topic_arn", pipeline.quiet_topic_arn)
"""

OWN_PROVIDER = """
import pulumi, pulumi_aws as aws
from components import SilentScalperPipeline

elsewhere = aws.Provider("elsewhere", region="us-east-1")
pipeline = SilentScalperPipeline(
    "intake", {"protect_data": False}, pulumi.ResourceOptions(%s)
)
pulumi.export("input_bucket", pipeline.input_bucket)
pulumi.export("metadata_table", pipeline.metadata_table)
"""


def test_two_pipelines_of_one_stack_share_nothing(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    stack = new_stack("pair", main=TWO_PIPELINES)
    stack.up()
    exports, resources = stack.exports, stack.resources()
    left = [it for it in resources if "::left" in it["urn"]]
    right = [it for it in resources if "::right" in it["urn"]]
    assert len(left) == len(right) > 30
    ids = {it["id"] for it in right if "id" in it}
    assert ids.isdisjoint(it["id"] for it in left if "id" in it)
    # Not even a policy or a variable of one knows a name of the other.
    assert [it["urn"] for it in left if mentions(it, ids)] == []
    only_the_left_hears_of_a_file(
        engine,
        stack,
        {name.removeprefix("left_"): v for name, v in exports.items() if "left" in name},
        {name.removeprefix("right_"): v for name, v in exports.items() if "right" in name},
    )
    stack.destroy()


def test_two_stacks_of_one_program_share_nothing_and_end_apart(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    first, second = new_stack("first"), new_stack("second")
    for stack in (first, second):
        stack.configure()
        stack.up()
    ids = set(second.ids().values())
    assert ids.isdisjoint(first.ids().values())
    assert [it["urn"] for it in first.resources() if mentions(it, ids)] == []
    only_the_left_hears_of_a_file(engine, first, first.exports, second.exports)
    first.destroy()
    second.files_go_through()
    assert second.refresh(expect_no_changes=True).changes == set()
    second.destroy()


@pytest.mark.parametrize("option", ["provider=elsewhere", "providers=[elsewhere]"])
def test_an_explicit_provider_is_used_by_everything_inside(
    new_stack: Callable[..., Stack], option: str
) -> None:
    stack = new_stack("own-provider", main=OWN_PROVIDER % option)
    # With this, the engine refuses whatever asks for the provider that it makes by itself.
    stack.set_config("pulumi:disable-default-providers", '["aws"]')
    stack.up()
    resources = stack.resources()
    providers = {it["urn"] for it in resources if it["type"] == "pulumi:providers:aws"}
    (own,) = providers
    used = {
        it.get("provider", "").rpartition("::")[0]
        for it in resources
        if it["type"].startswith("aws:")
    }
    assert used == {own}
    stack.destroy()


def mentions(resource: dict[str, object], ids: set[str]) -> bool:
    inputs = json.dumps(resource.get("inputs", {}))
    return any(id in inputs for id in ids)


def only_the_left_hears_of_a_file(
    engine: Engine, stack: Stack, left: dict[str, str], right: dict[str, str]
) -> None:
    listeners = [
        Listener(
            engine.cloud,
            [side["alerts_topic_arn"], side["quiet_topic_arn"]],
            f"{stack.name}-{name}",
        )
        for name, side in (("left", left), ("right", right))
    ]
    engine.cloud.s3.put_object(Bucket=left["input_bucket"], Key="mine.csv", Body=b"a\n")
    assert stack.fate_of(left["metadata_table"], "mine.csv") == "PROCESSED"
    time.sleep(QUIET_SECONDS)
    heard, overheard = (listener.listen() for listener in listeners)
    assert [alert.message["object_key"] for alert in heard] == ["mine.csv"]
    assert overheard == []
    table = engine.cloud.dynamodb.scan(TableName=right["metadata_table"])
    assert "mine.csv" not in [item["object_key"]["S"] for item in table["Items"]]
