"""No argument of ours replaces anything, by the pinned provider's own rules; needs no engine."""

from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from local.errors import UnsupportedError
from local.resources import TABLE
from tests.arguments.examples import EXAMPLES, every_argument
from tests.component.recorder import Deployment, deploy
from tests.engine.inputs import inputs_of
from tests.engine.replacements import PROVIDER_VERSION, REPLACED_BY, replaced_by

COMES_AND_GOES = {
    "alert_emails": {"TopicSubscription"},
    "dashboard": {"Dashboard"},
    "daily_check": {
        "Function", "FunctionEventInvokeConfig", "LogGroup", "MetricAlarm", "Role", "RolePolicy",
        "Schedule",
    },
    # A bucket with files is protected: `pulumi up` refuses until it is taken out of the stack.
    "input_bucket_name": {
        "Bucket", "BucketLifecycleConfiguration", "BucketNotification", "BucketOwnershipControls",
        "BucketPolicy", "BucketPublicAccessBlock", "BucketServerSideEncryptionConfiguration",
        "BucketVersioning", "EventRule", "EventTarget", "Permission",
    },
    "events_from": {"EventRule", "EventTarget", "Permission"},
}  # fmt: skip
"""What an argument decides to have; but for a bucket nothing of it holds files or records."""


def deployed(**arguments: Any) -> Deployment:
    given = cast(SilentScalperPipelineArgs, arguments)
    return deploy(lambda: SilentScalperPipeline("intake", given))


@pytest.mark.parametrize("argument", SilentScalperPipelineArgs.__annotations__)
def test_an_argument_changes_what_exists_and_replaces_nothing(argument: str) -> None:
    """Should one have to replace a bucket or the table, its description must say so; then list
    it here.
    """
    example = EXAMPLES[argument]
    before = {it.urn: it for it in deployed(**example.needs).children}
    changed_to = {**example.needs, argument: example.value}
    after = {it.urn: it for it in deployed(**changed_to).children}
    changed = {
        (it.name, key)
        for urn, it in after.items()
        if urn in before
        for key in it.inputs.keys() | before[urn].inputs.keys()
        if comparable(it.inputs.get(key)) != comparable(before[urn].inputs.get(key))
    }
    tokens = {it.name: it.type for it in after.values()}
    assert changed or after.keys() != before.keys(), (
        f"{argument} changes nothing that is registered: use it in components/"
    )
    assert {(name, key) for name, key in changed if key in replaced_by(tokens[name])} == set()
    kinds = {
        it.kind for urn, it in {**before, **after}.items() if (urn in before) != (urn in after)
    }
    assert kinds <= COMES_AND_GOES.get(argument, set()), f"add {argument} to COMES_AND_GOES"


def test_the_table_is_of_the_pinned_provider() -> None:
    told = "compare tests/engine/replacements.yaml again, as its head says, then raise its version"
    assert version("pulumi-aws") == PROVIDER_VERSION, told


def test_every_type_that_is_registered_has_been_compared_and_can_be_made_by_the_stand_in() -> None:
    registered = {it.type for it in deployed(**every_argument()).children}
    for token in registered:
        replaced_by(token)
    assert registered - TABLE.keys() == set(), "add a handler for it to local/resources"


def test_a_type_that_nobody_compared_is_named_with_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match=r"what replaces aws:x/y:Z\. Add it .*\.yaml"):
        replaced_by("aws:x/y:Z")


@pytest.mark.parametrize("token", REPLACED_BY)
def test_the_table_names_inputs_that_the_pinned_provider_has(token: str) -> None:
    inputs = inputs_of(token)
    assert {it for it in REPLACED_BY[token] if it not in inputs} == set()


def test_the_table_would_see_a_bucket_replaced() -> None:
    """A check of the check: a bucket's own name is among what replaces it."""
    assert "bucket" in REPLACED_BY["aws:s3/bucket:Bucket"]
    assert {"hashKey", "rangeKey"} <= REPLACED_BY["aws:dynamodb/table:Table"]


def comparable(value: Any) -> Any:
    """Archives as the files in them: two that are made alike are no change."""
    if isinstance(value, pulumi.AssetArchive):
        return {name: comparable(item) for name, item in value.assets.items()}
    if isinstance(value, pulumi.StringAsset):
        return value.text
    if isinstance(value, pulumi.FileAsset):
        return Path(str(value.path)).read_bytes()
    return value
