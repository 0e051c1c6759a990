"""The arguments in a stack's config file, read as the program would give them to the component."""

from pathlib import Path
from typing import Any

import yaml

from silent_scalper_arguments.declaration import checks_of
from silent_scalper_arguments.reading import read
from silent_scalper_arguments.rules import RuleSettings
from silent_scalper_arguments.settings import Settings

from ..read.errors import OperateError

DECIDE = {*checks_of(RuleSettings), "prefix", "suffix", "process_code", "process_entry"}
"""The arguments without which nobody can tell what would become of a file."""


def config_file(stack: str) -> Path:
    """In the folder of the program, where `pulumi` is typed too."""
    return Path(f"Pulumi.{stack}.yaml")


def stack_settings(stack: str) -> Settings:
    """What the component would make of the stack's `pipeline`.

    Raises an `OperateError` that lists, in the same words, all that a preview would refuse.
    """
    path = config_file(stack)
    reading = read(_readable(_pipeline(path), path))
    if reading.problems:
        listed = "".join(f"\n  - {problem}" for problem in reading.problems)
        raise OperateError(f"{path}: `pulumi up` would refuse this pipeline:{listed}")
    return reading.settings


def hidden_variables(stack: str) -> list[str]:
    """Variables of `process_environment` that are encrypted, and so not in `stack_settings`."""
    variables = _pipeline(config_file(stack)).get("process_environment")
    if not isinstance(variables, dict):
        return []
    return sorted(name for name, value in variables.items() if _is_secret(value))


def _pipeline(path: Path) -> dict[str, Any]:
    try:
        config = dict((yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {})
    except FileNotFoundError:
        raise OperateError(
            f"There is no {path}. Go to the folder of the Pulumi program, name another --stack, "
            "ask a deployment for its rules with --outputs, or name your code with --process."
        ) from None
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise OperateError(f"{path} cannot be read: {error}") from None
    given: Any = next((value for name, value in config.items() if name.endswith(":pipeline")), None)
    if given is not None and not isinstance(given, dict):
        raise OperateError(f"{path}: `pipeline` must be a map of arguments.")
    return given or {}


def _readable(given: dict[str, Any], path: Path) -> dict[str, Any]:
    """The arguments without what `pulumi config set --secret` has encrypted."""
    encrypted = sorted(name for name in DECIDE & given.keys() if _has_secret(given[name]))
    if _is_secret(given):
        encrypted = ["pipeline"]
    if encrypted:
        raise OperateError(
            f"{path}: {', '.join(encrypted)} cannot be read here because it is encrypted; ask a "
            "deployment for its rules with --outputs."
        )
    return {name: _without_secrets(it) for name, it in given.items() if not _is_secret(it)}


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"}


def _has_secret(value: Any) -> bool:
    return _is_secret(value) or (isinstance(value, list) and any(map(_is_secret, value)))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: it for name, it in value.items() if not _is_secret(it)}
    return [it for it in value if not _is_secret(it)] if isinstance(value, list) else value
