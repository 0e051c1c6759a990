"""What the local deployment does not honour is an error that names it."""

from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from local.deployment import Deployment
from local.errors import CreationError, UnsupportedError
from local.evaluation import stack_config
from local.program import deploy
from local.resources import TABLE, resource_for

HEAD = "import pulumi, pulumi_aws as aws\n"


def run(folder: Path, cloud: Cloud, program: str, stack: str = "config: {}") -> dict[str, Any]:
    (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(stack)
    (folder / "__main__.py").write_text(HEAD + program)
    return deploy(folder, "dev", cloud)


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ('aws.sqs.Queue("q", fifo_queue=True)', r"q \(aws:sqs/queue:Queue\).*fifoQueue"),
        ('aws.ecr.Repository("images")', "aws:ecr/repository:Repository"),
        ("aws.get_availability_zones()", "getAvailabilityZones"),
        ('aws.s3.Bucket.get("b", "somebody-elses")', "nothing to read or import"),
        (
            'b = aws.s3.Bucket("b")\naws.sns.Topic("t", display_name=b.hosted_zone_id)',
            "t uses b.hostedZoneId",
        ),
        (
            'pulumi.export("zone", aws.s3.Bucket("b").hosted_zone_id)',
            "The stack uses b.hostedZoneId",
        ),
        ('aws.sqs.Queue("q", region="eu-west-1")', "region 'eu-west-1'"),
        (
            'aws.s3.BucketNotification("n", bucket="b", topics=[{"topic_arn": "t", "events": []}])',
            r"n \(.*topics",
        ),
    ],
)
def test_what_is_not_honoured_stops_the_deployment_by_name(
    tmp_path: Path, deployment: Deployment, program: str, named: str
) -> None:
    with pytest.raises(UnsupportedError, match=named):
        run(tmp_path, deployment.cloud, program)


@pytest.mark.parametrize(
    "program",
    [
        'aws.s3.BucketVersioning("v", bucket="absent", versioning_configuration={"status": "On"})',
        'aws.iam.Role("v", assume_role_policy="{}", max_session_duration=1)',
    ],
)
def test_what_the_emulator_refuses_is_told_with_the_resource(
    tmp_path: Path, deployment: Deployment, program: str
) -> None:
    with pytest.raises(CreationError, match=r"^v \(aws:"):
        run(tmp_path, deployment.cloud, program)


def test_an_unknown_word_deep_inside_an_input_is_refused(deployment: Deployment) -> None:
    rule = {"id": "r", "status": "Enabled", "moveToTheMoon": {"days": 1}}
    handler = resource_for(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", deployment.cloud
    )
    with pytest.raises(CreationError, match="MoveToTheMoon"):
        handler.make("l", {"bucket": deployment.input_bucket, "rules": [rule]})


def test_an_error_of_the_program_comes_out_as_it_is(tmp_path: Path, deployment: Deployment) -> None:
    with pytest.raises(ValueError, match="mine"):
        run(tmp_path, deployment.cloud, 'raise ValueError("mine")')


def test_exports_and_configuration_reach_the_program(
    tmp_path: Path, deployment: Deployment
) -> None:
    outputs = run(
        tmp_path,
        deployment.cloud,
        'pulumi.export("seen", pulumi.Config().require_object("pipeline"))',
        "config:\n  small:pipeline: {timeout_seconds: 5}\n",
    )
    assert outputs == {"seen": {"timeout_seconds": 5}}


def test_a_secret_of_the_stack_is_refused_because_nothing_here_can_decrypt_it() -> None:
    with pytest.raises(UnsupportedError, match="small:password"):
        stack_config({"name": "small"}, {"config": {"small:password": {"secure": "v1:x"}}})


def test_a_projects_defaults_give_way_to_the_stack() -> None:
    project = {"name": "p", "config": {"a": {"type": "object", "default": {}}, "b": "1"}}
    stack = {"config": {"p:a": {"x": 1}}}
    assert stack_config(project, stack) == {"p:a": '{"x": 1}', "p:b": "1"}


def test_every_input_without_effect_says_why() -> None:
    reasons = [why for resource in TABLE.values() for why in resource.without_effect.values()]
    assert all(len(why.split()) > 2 for why in reasons)
