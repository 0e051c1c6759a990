"""What people meet in the real provider, which the stand-in has to do as well."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.automation import CommandError

from local.errors import LocalError
from local.resources import TABLE as HANDLERS
from tests.engine.inputs import DEFAULTS_KEY, TABLE, same
from tests.engine.replacements import REPLACED_BY
from tests.engine.workspace import UNKNOWN, Engine, Stack, name_in

REGIONAL = {token for token, inputs in REPLACED_BY.items() if "region" in inputs}
HERE = "us-east-1"
DATA = {"intake-input", "intake-quarantine", "intake-FileMetadata"}


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    stack = new_stack()
    stack.configure(protect_data=True)
    stack.set_config("aws:region", HERE)
    stack.up()
    return stack


def inputs_of(stack: Stack) -> dict[str, dict[str, Any]]:
    return {name_in(it["urn"]): it.get("inputs", {}) for it in stack.resources()}


# A region.


@pytest.mark.heavy
def test_every_regional_resource_is_kept_with_its_region(stack: Stack) -> None:
    for it in stack.resources():
        if it["type"].startswith("aws:"):
            assert ("region" in it["inputs"]) == (it["type"] in REGIONAL), it["urn"]


@pytest.mark.heavy
def test_another_region_is_refused_while_the_data_are_protected(
    engine: Engine, stack: Stack
) -> None:
    stack.set_config("aws:region", "eu-west-1")
    try:
        with pytest.raises(CommandError) as refused:
            stack.preview()
    finally:
        stack.set_config("aws:region", HERE)
    told = str(refused.value)
    assert "unable to replace resource" in told
    assert {name for name in DATA if name in told}
    assert "protect" in told
    stack.files_go_through()


@pytest.mark.heavy
def test_another_region_replaces_everything_regional_where_nothing_is_protected(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("moved")
    stack.configure(protect_data=False)
    stack.set_config("aws:region", HERE)
    stack.up()
    stack.set_config("aws:region", "eu-west-1")
    replaced = {name for operation, name in stack.preview().changes if operation == "replace"}
    stack.set_config("aws:region", HERE)
    regional = {name_in(it["urn"]) for it in stack.resources() if it["type"] in REGIONAL}
    assert replaced >= regional
    stack.destroy()


# Names.


@pytest.mark.heavy
def test_names_follow_the_pattern_of_the_stack_and_the_pipeline_works(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("named")
    stack.configure()
    stack.set_config("pulumi:autonaming.pattern", "acme-${stack}-${name}-${alphanum(5)}")
    stack.up()
    named = {name: id for name, id in stack.ids().items() if name in DATA | {"intake-processor"}}
    assert {id.rpartition("-")[0] for id in named.values()} == {
        f"acme-named-{name.lower() if name != 'intake-FileMetadata' else name}" for name in named
    }
    assert stack.preview(expect_no_changes=True).changes == set()
    stack.destroy()


@pytest.mark.heavy
def test_a_pattern_that_makes_too_long_a_name_is_refused_at_the_preview(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("too-long")
    stack.configure()
    stack.set_config(
        "pulumi:autonaming.pattern", "a-company-with-quite-a-long-name-${name}-${hex(32)}"
    )
    with pytest.raises(CommandError, match=r"exceeds maximum length of 6[34]"):
        stack.preview()


FIXED_NAME = """
import pulumi_aws as aws

aws.cloudwatch.LogGroup("kept", name="the-only-one", log_group_class=%r)
"""


@pytest.mark.heavy
def test_what_has_a_name_of_somebodys_choice_is_deleted_before_it_is_replaced(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("fixed-name", main=FIXED_NAME % "STANDARD")
    stack.up()
    (stack.checkout / "__main__.py").write_text(FIXED_NAME % "INFREQUENT_ACCESS", encoding="utf-8")
    # Made first, the new one would find the name taken.
    assert ("replace", "kept") in stack.up().changes
    stack.destroy()


# Values.


@pytest.mark.heavy
def test_the_state_says_what_nobody_gave(stack: Stack) -> None:
    function = inputs_of(stack)["intake-processor"]
    assert function["packageType"] == "Zip"
    assert {"name", "packageType", "publish"} <= set(function[DEFAULTS_KEY])
    assert "memorySize" not in function[DEFAULTS_KEY]


@pytest.mark.heavy
def test_while_code_changes_nobody_knows_when_it_was_changed_last(stack: Stack) -> None:
    program = stack.checkout / "examples/process/main.py"
    before = program.read_text(encoding="utf-8")
    program.write_text(f"{before}\n# changed\n", encoding="utf-8")
    previewed = stack.preview()
    program.write_text(before, encoding="utf-8")
    assert previewed.changes == {("update", "intake-processor")}
    outputs = previewed.outputs["intake-processor"]
    assert outputs["lastModified"] == UNKNOWN
    assert outputs["arn"] != UNKNOWN


@pytest.mark.heavy
def test_the_tags_of_the_provider_are_on_everything_and_an_own_tag_wins(
    new_stack: Callable[..., Stack],
) -> None:
    stack = new_stack("tagged")
    stack.configure(tags={"team": "data"})
    stack.set_config("aws:defaultTags.tags.team", "platform")
    stack.set_config("aws:defaultTags.tags.cost-center", "cc-42")
    stack.up()
    tagged = [it["outputs"] for it in stack.resources() if "tags" in it.get("outputs", {})]
    assert len(tagged) > 15
    for outputs in tagged:
        assert outputs["tagsAll"] == outputs["tags"]
        assert (outputs["tags"]["team"], outputs["tags"]["cost-center"]) == ("data", "cc-42")
    stack.destroy()


# A creation that comes half-way, something that exists already, and questions.


@pytest.mark.heavy
def test_what_was_made_half_way_is_kept_in_the_state_and_finished_by_the_next_up(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    stack = new_stack("half-way")
    stack.configure()

    def fail(operation: str, name: str) -> None:
        if (operation, name) == ("created", "intake-FileMetadata"):
            raise LocalError("the table is there; its time to live could not be set")

    engine.stand_in.watcher = fail
    try:
        with pytest.raises(CommandError, match="time to live could not be set"):
            stack.up()
    finally:
        engine.stand_in.watcher = lambda operation, name: None
    made = stack.ids()["intake-FileMetadata"]
    assert ("update", "intake-FileMetadata") in stack.up().changes
    assert stack.ids()["intake-FileMetadata"] == made
    stack.destroy()


EXISTING = """
import pulumi, pulumi_aws as aws

aws.s3.Bucket(
    "there", bucket="made-by-hand", tags={"by": "hand"},
    opts=pulumi.ResourceOptions(import_="made-by-hand", retain_on_delete=True),
)
pulumi.export("arn", aws.s3.Bucket.get("read", "made-by-hand").arn)
pulumi.export("partition", aws.get_partition().partition)
pulumi.export("region", aws.get_region().region)
pulumi.export("account", aws.get_caller_identity().account_id)
"""


@pytest.mark.heavy
def test_a_bucket_made_by_hand_is_imported_and_read_and_questions_are_answered(
    engine: Engine, new_stack: Callable[..., Stack]
) -> None:
    engine.cloud.s3.create_bucket(Bucket="made-by-hand")
    tags: Any = {"TagSet": [{"Key": "by", "Value": "hand"}]}
    engine.cloud.s3.put_bucket_tagging(Bucket="made-by-hand", Tagging=tags)
    stack = new_stack("existing", main=EXISTING)
    assert ("import", "there") in stack.up().changes
    assert stack.exports == {
        "arn": "arn:aws:s3:::made-by-hand",
        "partition": "aws",
        "region": engine.cloud.region,
        "account": engine.cloud.sts.get_caller_identity()["Account"],
    }
    assert stack.preview(expect_no_changes=True).changes == set()
    stack.destroy()
    engine.cloud.s3.head_bucket(Bucket="made-by-hand")


# What is no difference; needs no engine.

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a"]},
        {"Effect": "Deny", "Action": ["s3:*"], "Resource": ["b"]},
    ],
}
AS_AWS_WRITES_IT: dict[str, Any] = {
    "Statement": [
        {"Action": "s3:*", "Effect": "Deny", "Resource": "b"},
        {"Action": ["s3:PutObject", "s3:GetObject"], "Effect": "Allow", "Resource": "a"},
    ],
    "Version": "2012-10-17",
}
BUCKET_POLICY, DASHBOARD = "aws:s3/bucketPolicy:BucketPolicy", "aws:cloudwatch/dashboard:Dashboard"
TABLE_TYPE, FUNCTION = "aws:dynamodb/table:Table", "aws:lambda/function:Function"


def test_a_policy_written_otherwise_is_no_difference() -> None:
    one, other = json.dumps(POLICY), json.dumps(AS_AWS_WRITES_IT, indent=1)
    assert same(BUCKET_POLICY, "policy", one, other)
    allowed = other.replace("Deny", "Allow")
    assert not same(BUCKET_POLICY, "policy", one, allowed)


def test_the_order_in_other_documents_is_a_difference() -> None:
    assert same(DASHBOARD, "dashboardBody", '{"a": [1, 2]}', '{ "a":[1,2] }')
    assert not same(DASHBOARD, "dashboardBody", '{"a": [1, 2]}', '{"a": [2, 1]}')


def test_a_set_in_another_order_is_no_difference_but_a_list_is() -> None:
    indexes = [{"name": "x", "nonKeyAttributes": ["a", "b"], DEFAULTS_KEY: []}]
    turned = [{"name": "x", "nonKeyAttributes": ["b", "a"]}]
    assert same(TABLE_TYPE, "globalSecondaryIndexes", indexes, turned)
    assert not same(FUNCTION, "layers", ["a", "b"], ["b", "a"])


def test_every_type_that_is_named_has_a_longest_name() -> None:
    named = {token: it.named_by for token, it in HANDLERS.items() if it.named_by}
    assert {token: rule["input"] for token, rule in TABLE["names"].items()} == named
