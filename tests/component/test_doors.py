"""What is registered for each door, and that nothing of a bucket that exists is touched."""

import json
from typing import Any, cast

import pytest
from pulumi_aws import s3

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from components.event_rule import pattern
from handler.model.settings import Settings
from operate.read.notified import Filter, filter_of
from tests.component.recorder import Deployment, deploy
from tests.component.test_arguments import problems

EXISTING: SilentScalperPipelineArgs = {
    "input_bucket_name": "partner-files",
    "prefix": "invoices/",
    "suffix": ".csv",
}


def deployed_with(**args: Any) -> Deployment:
    given = cast(SilentScalperPipelineArgs, args)
    return deploy(lambda: SilentScalperPipeline("intake", given))


@pytest.fixture(scope="module")
def existing() -> Deployment:
    return deploy(lambda: SilentScalperPipeline("intake", EXISTING))


@pytest.fixture(scope="module")
def routed() -> Deployment:
    """A bucket of the pipeline's own whose events come through EventBridge."""
    return deployed_with(events_from="eventbridge")


def names(deployment: Deployment) -> set[str]:
    return {child.name.removeprefix("intake-") for child in deployment.children}


RULE = {"input-events", "input-events-permission", "input-events-target"}
OF_THE_BUCKET = {
    "input", "input-encryption", "input-lifecycle", "input-notification", "input-ownership",
    "input-policy", "input-public-access", "input-versioning",
}  # fmt: skip


def test_nothing_of_a_bucket_that_exists_is_made_or_set(
    existing: Deployment, deployed: Deployment
) -> None:
    assert names(deployed) - names(existing) - {"ScalperAlerts-ops@example.com"} == (
        OF_THE_BUCKET | {"processor-permission"}
    )
    assert names(existing) - names(deployed) == RULE
    for child in existing.children:
        assert child.inputs.get("bucket") != "partner-files", child.name


def test_a_preview_of_a_bucket_that_exists_shows_what_an_update_makes(existing: Deployment) -> None:
    previewed = deploy(lambda: SilentScalperPipeline("intake", EXISTING), preview=True)
    assert previewed.urns() == existing.urns()


def test_another_door_of_an_own_bucket_changes_the_trigger_alone(
    routed: Deployment, deployed: Deployment
) -> None:
    assert names(routed) - names(deployed) == RULE
    assert names(deployed) - names(routed) == {
        "processor-permission", "ScalperAlerts-ops@example.com",
    }  # fmt: skip
    notification = routed.named("input-notification")
    assert notification.inputs["eventbridge"] is True
    assert "lambdaFunctions" not in notification.inputs
    # Its events go nowhere before the rule has its target.
    assert routed.named("input-events-target").urn in notification.depends_on


def test_the_rule_takes_the_uploads_of_the_one_bucket_and_its_prefix(existing: Deployment) -> None:
    assert json.loads(existing.named("input-events").inputs["eventPattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["partner-files"]},
            "object": {"key": [{"wildcard": "invoices/*.csv"}]},
        },
    }
    target = existing.named("input-events-target").inputs
    assert target["arn"] == existing.arn("processor")
    assert target["deadLetterConfig"] == {"arn": existing.arn("kept-events")}
    permission = existing.named("input-events-permission").inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"] == existing.arn("input-events")


def test_the_rule_alone_may_keep_what_it_cannot_deliver(
    existing: Deployment, deployed: Deployment
) -> None:
    [statement] = [it for it in existing.policy("kept-events-policy") if it["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == ["sqs:SendMessage"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": existing.arn("input-events")}}
    assert [it["Effect"] for it in deployed.policy("kept-events-policy")] == ["Deny"]


@pytest.mark.parametrize("role", ["processor-policy", "rescuer-policy"])
def test_the_functions_may_touch_only_what_is_below_the_prefix(
    existing: Deployment, role: str
) -> None:
    touched = {
        resource
        for statement in existing.policy(role)
        for resource in statement["Resource"]
        if ":::partner-files" in resource
    }
    bucket = "arn:aws-mock:s3:::partner-files"
    assert touched == {bucket, f"{bucket}/invoices/*"}


def test_the_functions_and_the_outputs_name_the_bucket_that_exists(existing: Deployment) -> None:
    for function in ("processor", "rescuer", "checker"):
        variables = existing.named(function).inputs["environment"]["variables"]
        read = Settings.from_environment(variables)
        assert read.input_bucket == "partner-files"
        assert read.event_rule == existing.named("input-events").outputs["name"]
    assert existing.component_outputs["input_bucket"] == "partner-files"
    assert existing.component_outputs["input_bucket_arn"] == "arn:aws-mock:s3:::partner-files"


def test_a_bucket_of_the_same_program_can_be_named() -> None:
    def program() -> None:
        bucket = s3.Bucket("shared")
        SilentScalperPipeline("invoices", {"input_bucket_name": bucket.bucket, "prefix": "in/"})
        SilentScalperPipeline("orders", {"input_bucket_name": bucket.bucket, "prefix": "orders/"})

    update, preview = deploy(program), deploy(program, preview=True)
    assert update.urns() == preview.urns()
    rules = [json.loads(rule.inputs["eventPattern"]) for rule in update.of("EventRule")]
    assert [rule["detail"]["bucket"]["name"] for rule in rules] == [["shared-1a2b3c4"]] * 2


def test_a_bucket_in_another_region_is_refused_at_preview() -> None:
    def program() -> None:
        SilentScalperPipeline("intake", {"input_bucket_name": "in-us-east-1"})

    with pytest.raises(ValueError, match=r"'in-us-east-1' is in us-east-1.*this is eu-north-1"):
        deploy(program, preview=True)


def test_the_switch_of_eventbridge_on_an_own_bucket_is_kept_by_whoever_set_it() -> None:
    plain, switched = deployed_with(), deployed_with(eventbridge=True)
    assert plain.urns() == switched.urns()
    notification = plain.named("input-notification")
    assert "eventbridge" not in notification.inputs
    assert notification.ignores == {"eventbridge"}
    assert switched.named("input-notification").inputs["eventbridge"] is True
    assert switched.named("input-notification").inputs["lambdaFunctions"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"events_from": "s3"}, "events_from s3 would replace the one notification of the bucket"),
        ({"eventbridge": True}, "eventbridge would change the one notification of the bucket"),
        ({"input_retention_days": 90}, "would replace the one lifecycle of the bucket"),
    ],
)
def test_what_would_change_a_bucket_that_exists_is_refused(args: Any, says: str) -> None:
    [problem] = problems({"input_bucket_name": "partner-files", **args})
    assert says in problem


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("arn:aws:s3:::partner-files", "must be the bare name of a bucket"),
        ("files--use1-az4--x-s3", "may not be a directory bucket"),
        ("files-ab12cdef3456-s3alias", "may not be the alias of an access point"),
        ("files--ol-s3", "may not be the alias of an Object Lambda access point"),
        ("tables--table-s3", "may not be a table bucket"),
        ("Partner_Files", "must be the name of a bucket"),
        ("a..b", "must be the name of a bucket"),
        ("192.168.5.4", "must be the name of a bucket"),
        ("ab", "must be the name of a bucket"),
    ],
)
def test_what_names_no_bucket_of_ours_is_refused(name: str, says: str) -> None:
    [problem] = problems({"input_bucket_name": name})
    assert says in problem


ENDS = ["", "in/", "in/x", "x.csv", ".csv", "aa", "a"]


@pytest.mark.parametrize("prefix", ENDS)
@pytest.mark.parametrize("suffix", ENDS)
def test_the_rule_takes_the_keys_that_s3_itself_would_take(prefix: str, suffix: str) -> None:
    """Also a key in which the two ends overlap."""
    keys = pattern("files", prefix, suffix)["detail"].get("object", {}).get("key")
    for key in ["in/x.csv", "in/xx.csv", "x.csv", "in/", "in/x", "a", "aa", "aaa", ".csv", "b"]:
        taken = key.startswith(prefix) and key.endswith(suffix)
        assert (keys is None or any(_matches(it, key) for it in keys)) is taken, key
    assert filter_of(pattern("files", prefix, suffix)) == Filter(prefix, suffix)


def _matches(wanted: Any, key: str) -> bool:
    """As EventBridge compares a key with one alternative."""
    if isinstance(wanted, str):
        return key == wanted
    ((kind, value),) = wanted.items()
    match kind:
        case "prefix":
            return key.startswith(value)
        case "suffix":
            return key.endswith(value)
        case "wildcard":
            before, after = value.split("*")
            long_enough = len(key) >= len(before) + len(after)
            return long_enough and key.startswith(before) and key.endswith(after)
    raise AssertionError(kind)
