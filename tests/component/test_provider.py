"""What the plug-in does with the arguments that a program in another language gives."""

from typing import Any

import pytest
from pulumi.errors import InputPropertiesError

from components import SilentScalperPipeline, provider
from components.provider import PipelineProvider
from tests.component.recorder import COMPONENT, Deployment, deploy


def constructed(inputs: dict[str, Any]) -> Deployment:
    plug_in = PipelineProvider()
    return deploy(lambda: plug_in.construct("intake", COMPONENT, inputs))


WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # As the wire has it, and as Python has it.
    ({"retentionDays": 7.0}, {"retentionDays": 7}),
    ({"memory": 512.0}, {"memory": 512}),
    ({"memoryMb": 64.0}, {"memory_mb": 64}),
    ({"memory_mb": 64.0}, {"memory_mb": 64}),
    ({"memoryMb": "512"}, {"memory_mb": "512"}),
    ({"emailOn": "failure"}, {"email_on": "failure"}),
    ({"emailOn": ["all"]}, {"email_on": ["all"]}),
    ({"alertEmails": "ops@example.com"}, {"alert_emails": "ops@example.com"}),
    ({"acceptEmpty": "no"}, {"accept_empty": "no"}),
    ({"tags": ["team"]}, {"tags": ["team"]}),
    ({"minSizeBytes": 9.0, "maxSizeBytes": 8.0}, {"min_size_bytes": 9, "max_size_bytes": 8}),
]


@pytest.mark.parametrize(("there", "here"), WRONG)
def test_a_wrong_argument_is_told_in_the_same_words_in_every_language(
    there: dict[str, Any], here: dict[str, Any]
) -> None:
    in_python: Any = here
    with pytest.raises(ValueError, match="cannot be built") as told_here:
        SilentScalperPipeline("intake", in_python)
    # The only exception that Pulumi's server hands on without a traceback.
    with pytest.raises(InputPropertiesError, match="cannot be built") as told_there:
        constructed(there)
    assert told_there.value.message == str(told_here.value)
    assert told_there.value.errors == [], "without a list Pulumi's server fails on its own"


def test_an_old_cli_is_told_so_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("silent-scalper needs the Pulumi CLI 3.219.0 or newer")

    monkeypatch.setattr(provider, "require_cli", refuse)
    with pytest.raises(InputPropertiesError, match=r"needs the Pulumi CLI 3\.219\.0 or newer"):
        constructed({})


def test_what_pulumi_would_drop_without_a_word_is_refused() -> None:
    with pytest.raises(Exception, match=r"memory is not an argument; did you mean memory_mb \("):
        constructed({"memory": 512.0})


@pytest.mark.parametrize("name", ["memoryMb", "memory_mb"])
def test_a_right_argument_arrives_however_it_is_spelled(name: str) -> None:
    deployment = constructed({name: 1024.0, "emailOn": "failures"})
    assert deployment.named("processor").inputs["memorySize"] == 1024
