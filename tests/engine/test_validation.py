"""What the real provider would refuse at a preview; needs no engine but for the last test."""

from collections.abc import Callable
from typing import Any, cast

import pulumi_aws
import pytest
from pulumi.automation import CommandError

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.arguments.examples import EXAMPLES, every_argument
from tests.component.recorder import Deployment, deploy
from tests.engine.inputs import TABLE, inputs_of
from tests.engine.replacements import REPLACED_BY
from tests.engine.validation import wrong_with
from tests.engine.workspace import Stack

REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "one_of": ("aws:sns/topicSubscription:TopicSubscription", {"protocol": "pigeon"}),
    "between": ("aws:sqs/queue:Queue", {"messageRetentionSeconds": 59}),
    "at_least": ("aws:cloudwatch/metricAlarm:MetricAlarm", {"evaluationPeriods": 0}),
    "length": ("aws:cloudwatch/metricAlarm:MetricAlarm", {"alarmDescription": "x" * 1025}),
    "matches": ("aws:lambda/permission:Permission", {"sourceAccount": "12"}),
    "json": ("aws:iam/role:Role", {"assumeRolePolicy": "{not json"}),
    "arn": ("aws:lambda/function:Function", {"layers": ["arn:aws:lambda:x:123456789012:y", "no"]}),
}
"""For each kind of rule an input that breaks it."""


def deployed(arguments: dict[str, Any]) -> Deployment:
    given = cast(SilentScalperPipelineArgs, arguments)
    return deploy(lambda: SilentScalperPipeline("intake", given))


def refusals(deployment: Deployment) -> list[Any]:
    return [
        (it.name, *found) for it in deployment.children for found in wrong_with(it.type, it.inputs)
    ]


@pytest.mark.parametrize("argument", SilentScalperPipelineArgs.__annotations__)
def test_nothing_that_an_argument_registers_is_refused(argument: str) -> None:
    example = EXAMPLES[argument]
    assert refusals(deployed({**example.needs, argument: example.value})) == []


@pytest.mark.parametrize("arguments", [{}, every_argument()], ids=["nothing", "everything"])
def test_no_pipeline_is_refused(arguments: dict[str, Any]) -> None:
    assert refusals(deployed(arguments)) == []


@pytest.mark.parametrize("kind", REFUSED)
def test_an_input_that_breaks_a_rule_is_refused_by_name(kind: str) -> None:
    token, inputs = REFUSED[kind]
    ((path, reason),) = wrong_with(token, inputs)
    assert (path, "expected" in reason) == (next(iter(inputs)), True)


def test_the_rules_of_every_type_that_is_registered_have_been_looked_up() -> None:
    assert TABLE["refused"].keys() == REPLACED_BY.keys(), "see the head of tests/engine/inputs.yaml"


@pytest.mark.parametrize("part", ["defaults", "sets", "documents", "recomputed", "refused"])
def test_the_table_names_only_inputs_that_the_pinned_provider_has(part: str) -> None:
    for token, listed in TABLE[part].items():
        names = {path.split(".")[0] for path in listed}
        if part == "recomputed":
            names = {name for inputs in listed.values() for name in inputs}
        assert names <= inputs_of(token), token


def test_the_runtimes_of_python_are_those_that_the_pinned_provider_lists() -> None:
    rule = TABLE["refused"]["aws:lambda/function:Function"]["runtime"]["one_of"]
    listed = {it.value for it in pulumi_aws.lambda_.Runtime if it.value.startswith("python3")}
    assert set(rule) == listed


@pytest.mark.heavy
def test_the_preview_stops_at_it_before_anything_is_made(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("refused-input", main=TOO_SHORT)
    with pytest.raises(CommandError, match=r"messageRetentionSeconds.*expected 60 to 1209600"):
        stack.preview()
    assert stack.resources() == []


TOO_SHORT = """
import pulumi_aws as aws

aws.sqs.Queue("short", message_retention_seconds=5)
"""
