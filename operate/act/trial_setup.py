"""What `scalper try` decides with: the rules, the code and the environment of a deployment."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handler.model.rules import Rules
from silent_scalper_arguments.settings import Settings
from silent_scalper_code.target import Target

from ..read.deployment import Deployment
from ..read.notified import Filter, filters
from .stack_config import config_file, hidden_variables, stack_settings

USUAL = Settings()


@dataclass(frozen=True)
class Setup:
    """What a deployment would decide with."""

    source: str
    """Where it comes from, for people."""
    rules: Rules = field(default_factory=Rules)
    filters: Sequence[Filter] = (Filter("", ""),)
    code: Path | None = None
    entry: str = USUAL.process_entry
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = USUAL.timeout_seconds
    deployed_for: Target = field(
        default_factory=lambda: Target.of(USUAL.process_runtime, USUAL.architecture)
    )
    layers: int = 0
    not_done: tuple[str, ...] = ()
    """What a deployment would do and this does not, each a sentence."""


def of_stack(stack: str) -> Setup:
    """What `Pulumi.STACK.yaml` in this folder, that of the program, makes a deployment decide."""
    settings = stack_settings(stack)
    code: Any = settings.process_code  # a config file can only name a path
    hidden = hidden_variables(stack)
    return Setup(
        source=str(config_file(stack)),
        rules=Rules.read(json.dumps(settings.rules)),
        filters=(Filter(settings.prefix, settings.suffix),),
        code=Path(code) if code else None,
        entry=settings.process_entry,
        environment={name: str(value) for name, value in settings.process_environment.items()},
        timeout_seconds=settings.timeout_seconds,
        deployed_for=Target.of(settings.process_runtime, settings.architecture),
        layers=len(settings.process_layers),
        not_done=tuple(
            f"{name} is encrypted in {config_file(stack)} and was not set; give it with "
            f"--env {name}=VALUE."
            for name in hidden
        ),
    )


def of_deployment(deployment: Deployment) -> Setup:
    """What the deployed processor was told, with its environment; and the code of its stack, where
    the program's folder is this one.
    """
    settings, function = deployment.settings, deployment.processor_configuration
    endpoint = deployment.outputs.endpoint
    target = Target.of(
        function.get("Runtime", USUAL.process_runtime),
        next(iter(function.get("Architectures", [])), USUAL.architecture),
    )
    code: Path | None = None
    not_done: tuple[str, ...] = ()
    if settings.process_entry:
        code = _code_of(settings.stack)
        if code is None:
            not_done = (
                f"The deployment has code ({settings.process_entry}), which was not run: no "
                f"{config_file(settings.stack)} of this folder names it. Name its folder with "
                "--process.",
            )
    return Setup(
        source=settings.pipeline,
        rules=settings.rules,
        filters=filters(deployment) or (Filter("", ""),),
        code=code,
        entry=settings.process_entry or USUAL.process_entry,
        environment=deployment.environment_of_process,
        timeout_seconds=function.get("Timeout", USUAL.timeout_seconds),
        deployed_for=Target.this_machine() if endpoint else target,
        layers=len(function.get("Layers", [])),
        not_done=not_done,
    )


def _code_of(stack: str) -> Path | None:
    if not config_file(stack).exists():
        return None
    code: Any = stack_settings(stack).process_code
    return Path(code) if code else None
