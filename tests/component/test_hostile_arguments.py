"""Whatever a program passes as an argument is taken, or refused in one error that names it."""

import json
import re
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pulumi.runtime import rpc

from components import SilentScalperPipeline
from components.checks import CHECKS, checked
from handler.model.rules import Rules
from handler.model.settings import Settings as HandlerSettings
from silent_scalper_arguments.settings import Settings
from tests.component.recorder import deploy

SECRET = "canary-4711"

TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["x" * 5_000, "\0", "\ud800", "/", "~", "a.b", "csv", "in/", "ops@example.com", "*.tmp", "all"]
)
NUMBER = st.integers() | st.floats() | st.sampled_from([0, 1, 30, 512.0, 10**400, float("nan")])
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | st.binary(max_size=5) | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(TEXT | st.integers() | st.none(), inner, max_size=4)
    ),
    max_leaves=6,
)
"""What YAML, other languages and plain Python can hold."""


def take(args: Any) -> Settings:
    """As the component does: `args` may be anything, whatever its type says."""
    return checked("intake", args)


def taken_or_refused(args: Any) -> Settings | ValueError:
    try:
        return take(args)
    except ValueError as error:
        return error


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    args=st.dictionaries(st.sampled_from(list(CHECKS)), VALUE, min_size=1, max_size=1)
    | st.dictionaries(st.sampled_from(list(CHECKS)) | TEXT, VALUE, max_size=4)
)
@example(args={"process_code": "x" * 5_000})
@example(args={"process_code": "\ud800"})
@example(args={"alert_emails": ["\ud800@example.com"]})
@example(args={"ignore_patterns": ["\ud800"]})
def test_any_value_is_taken_or_refused_in_one_error_that_names_its_argument(
    args: dict[str, Any],
) -> None:
    taken = taken_or_refused(args)
    if isinstance(taken, ValueError):
        assert type(taken) is ValueError
        first, *problems = str(taken).splitlines()
        assert first == "SilentScalperPipeline 'intake' cannot be built:"
        assert problems
        names = {name if name.isidentifier() else repr(name) for name in args}
        assert all(line.startswith("  - ") for line in problems)
        assert all(any(name in line for name in names) for line in problems)
        return
    rules: Any = taken.rules
    assert Rules(**json.loads(json.dumps(rules))) == Rules(**rules)


@settings(max_examples=300, deadline=None)
@given(rules=st.fixed_dictionaries({}, optional=dict.fromkeys(Rules.__annotations__, VALUE)))
def test_rules_that_the_component_takes_the_handler_takes_too(rules: dict[str, Any]) -> None:
    taken = taken_or_refused(rules)
    if isinstance(taken, ValueError):
        taken = Settings()
    environment = {
        "SCALPER_PIPELINE": "p",
        "SCALPER_STACK": "dev",
        "SCALPER_INPUT_BUCKET": "i",
        "SCALPER_QUARANTINE_BUCKET": "q",
        "SCALPER_TABLE": "t",
        "SCALPER_TOPIC_ARN": "arn",
        "SCALPER_QUIET_TOPIC_ARN": "quiet-arn",
        "SCALPER_EMAIL_ON": taken.email_on.value,
        "SCALPER_RULES": json.dumps(taken.rules),
    }
    expected: Any = taken.rules
    assert HandlerSettings.from_environment(environment).rules == Rules(**expected)


@pytest.mark.parametrize(
    "environment",
    [
        {"TOKEN": [SECRET]},
        {"TOKEN": {"value": SECRET}},
        {"TOKEN": SECRET.encode()},
        {"TOKEN": "x" * 5_000 + SECRET},
        {"A-B": SECRET},
        {"AWS_TOKEN": SECRET},
        [f"TOKEN={SECRET}"],
        f"TOKEN={SECRET}",
        [{"TOKEN": SECRET}],
    ],
)
def test_no_error_shows_what_the_users_environment_holds(environment: Any) -> None:
    """Errors end up in the logs of builds."""
    with pytest.raises(ValueError, match="process_environment") as error:
        take({"process_environment": environment})
    assert SECRET not in str(error.value)


def test_a_number_in_the_environment_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match=re.escape("must be text (got a number)")) as error:
        take({"process_environment": {"PIN": 90210}})
    assert "90210" not in str(error.value)


def test_the_users_environment_reaches_the_processor_alone(every_argument: Any) -> None:
    """The rescuer never runs the user's code; nothing else has any use for it."""
    args: Any = {**every_argument, "process_environment": {"TOKEN": SECRET}}
    deployment = deploy(lambda: SilentScalperPipeline("intake", args))
    holding = [it.name for it in deployment.resources if SECRET in repr(it.inputs)]
    assert holding == ["intake-processor"]


def test_a_secret_of_the_users_environment_stays_a_secret(every_argument: Any) -> None:
    """Pulumi encrypts it in the state and hides it in what it prints."""

    def program() -> None:
        args: Any = {
            **every_argument,
            "process_environment": {"TOKEN": pulumi.Output.secret(SECRET)},
        }
        SilentScalperPipeline("intake", args)

    environment = deploy(program).named("processor").inputs["environment"]
    assert environment[rpc._special_sig_key] == rpc._special_secret_sig
    assert environment["value"]["variables"]["TOKEN"] == SECRET
