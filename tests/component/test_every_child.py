"""What holds for every resource of a pipeline, whatever it is."""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from components import SilentScalperPipeline
from tests.component.recorder import COMPONENT, COMPUTED, Deployment, Registered, deploy

URNS = Path(__file__).with_name("urns.txt").read_text().split()
NAMES = [urn.rpartition("::")[2] for urn in URNS if not urn.endswith("::intake")]

every_child = pytest.mark.parametrize("name", NAMES)

UNTAGGABLE = {
    "BucketLifecycleConfiguration", "BucketNotification", "BucketOwnershipControls",
    "BucketPolicy", "BucketPublicAccessBlock", "BucketServerSideEncryptionConfiguration",
    "BucketVersioning", "FunctionEventInvokeConfig", "Permission", "QueryDefinition",
    "QueuePolicy", "RolePolicy", "Schedule", "TopicPolicy", "TopicSubscription",
}  # fmt: skip
"""Parts of another resource, for which AWS knows no tags."""

FREE_WHILE_IDLE = {
    "Bucket": {},
    "Table": {"billingMode": "PAY_PER_REQUEST"},
    "Topic": {},
    "Queue": {},
    "Role": {},
    "ScheduleGroup": {},
    "LogGroup": {},
    "Function": {},
    "MetricAlarm": {},
}
"""What may stand around at no price by the hour, and with which inputs."""

BILLED_WHILE_IDLE = {
    "readCapacity", "writeCapacity", "snapStart", "kmsKeyId", "kmsMasterKeyId", "kmsKeyArn",
    "replicas", "replicationConfiguration", "publish", "vpcConfig", "streamEnabled",
}  # fmt: skip
"""Inputs with which one of those would be billed by the hour, by the month, or polled."""


def child(deployment: Deployment, name: str) -> Registered:
    return deployment.named(name.partition("-")[2])


def test_the_list_of_urns_is_what_is_deployed(deployed: Deployment) -> None:
    """A changed URN deletes and makes again: give the renamed child an alias, then the new list."""
    assert deployed.urns() == URNS


def test_a_preview_shows_what_an_update_makes(deployed: Deployment, previewed: Deployment) -> None:
    assert previewed.urns() == deployed.urns()


def test_a_preview_of_every_argument_shows_what_an_update_makes(
    full: Deployment, every_argument: dict[str, object]
) -> None:
    previewed = deploy(
        lambda: SilentScalperPipeline("intake", every_argument),  # type: ignore[arg-type]
        preview=True,
    )
    assert previewed.urns() == full.urns()


@every_child
def test_is_a_child_of_the_component_and_carries_its_name(deployed: Deployment, name: str) -> None:
    resource = child(deployed, name)
    assert resource.parent == deployed.component.urn
    assert resource.name.startswith("intake-")
    if resource.kind == "QueryDefinition":
        assert resource.inputs["name"].startswith("silent-scalper-test-intake/"), "only a label"
    else:
        assert "name" not in resource.inputs, "a fixed physical name keeps a second stack out"


@every_child
def test_is_tagged_where_it_can_be(deployed: Deployment, full: Deployment, name: str) -> None:
    resource = child(deployed, name)
    own = {"silent-scalper:pipeline": "silent-scalper-test-intake"}
    if resource.kind in UNTAGGABLE:
        assert "tags" not in resource.inputs
        return
    assert resource.inputs["tags"] == own
    assert child(full, name).inputs["tags"] == {**own, "team": "data"}


@every_child
def test_costs_nothing_while_nothing_arrives(deployed: Deployment, name: str) -> None:
    resource = child(deployed, name)
    assert not BILLED_WHILE_IDLE & resource.inputs.keys()
    if resource.kind not in UNTAGGABLE:
        for key, value in FREE_WHILE_IDLE[resource.kind].items():
            assert resource.inputs[key] == value


@every_child
def test_is_protected_only_where_data_would_be_lost(deployed: Deployment, name: str) -> None:
    resource = child(deployed, name)
    assert resource.protect is (True if resource.kind in ("Bucket", "Table") else None)


@every_child
def test_no_partition_is_written_out(full: Deployment, deployed: Deployment, name: str) -> None:
    for deployment in (deployed, full):
        inputs = json.dumps(child(deployment, name).inputs, default=lambda archive: "")
        assert "arn:" not in inputs.replace("arn:aws-mock:", "")


def test_without_protection_the_callers_own_choice_is_inherited() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(protect=True)
        SilentScalperPipeline("intake", {"protect_data": False}, opts)

    assert {child.protect for child in deploy(program).children} == {True}


def test_without_protection_everything_can_be_destroyed(full: Deployment) -> None:
    assert {child.protect for child in full.children} == {None}
    assert [bucket.inputs["forceDestroy"] for bucket in full.of("Bucket")] == [True, True]
    assert full.named("FileMetadata").inputs["deletionProtectionEnabled"] is False


def test_with_protection_buckets_and_table_refuse_to_go(deployed: Deployment) -> None:
    assert [bucket.inputs["forceDestroy"] for bucket in deployed.of("Bucket")] == [False, False]
    assert deployed.named("FileMetadata").inputs["deletionProtectionEnabled"] is True


def test_the_callers_provider_is_used_for_children_and_for_the_account() -> None:
    def program() -> None:
        elsewhere = aws.Provider("elsewhere", region="eu-west-1")
        opts = pulumi.ResourceOptions(providers=[elsewhere])
        SilentScalperPipeline("intake", None, opts)  # type: ignore[arg-type]

    deployment = deploy(program)
    providers = {child.provider for child in deployment.children}
    assert len(providers) == 1
    assert "elsewhere" in providers.pop()
    ((token, provider),) = deployment.invokes
    assert token.endswith("getCallerIdentity")
    assert "elsewhere" in provider


def test_two_pipelines_fit_one_stack() -> None:
    def program() -> None:
        SilentScalperPipeline("invoices", {})
        SilentScalperPipeline("photos", {})

    assert len(deploy(program).of("SilentScalperPipeline")) == 2


def test_a_name_alone_is_enough() -> None:
    assert deploy(lambda: SilentScalperPipeline("intake")).component.type == COMPONENT


def test_the_mocks_know_no_type_that_is_not_used(deployed: Deployment, full: Deployment) -> None:
    routed = deploy(lambda: SilentScalperPipeline("intake", {"input_bucket_name": "files"}))
    used = [*deployed.children, *full.children, *routed.children]
    assert {child.type for child in used} == set(COMPUTED)


def test_an_unknown_type_is_refused_by_the_mocks() -> None:
    with pytest.raises(NotImplementedError, match="ec2"):
        deploy(lambda: pulumi.CustomResource("aws:ec2/instance:Instance", "forgotten"))
