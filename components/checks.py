"""Everything that can be said about the arguments before AWS sees them, said all at once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from silent_scalper_arguments import settings as declared
from silent_scalper_arguments.reading import read
from silent_scalper_arguments.settings import Settings
from silent_scalper_arguments.shapes import code_path
from silent_scalper_arguments.values import Check, is_later

from .args import SilentScalperPipelineArgs
from .names import name_problems

ENVIRONMENT_BYTES = 4096
"""Lambda measures all variables together, as JSON."""
OWN_ENVIRONMENT_BYTES = 1024
"""What the pipeline's own variables need at most, besides its rules."""
RETRY_ENVIRONMENT_BYTES = 512
"""What the rescuer's variables for retries need at most; it has none of the user's."""


def checked(name: str, args: SilentScalperPipelineArgs | None) -> Settings:
    """The arguments cleaned and completed, or one `ValueError` that lists all that is wrong."""
    reading = read(args, CHECKS, (_code, _environment_size))
    problems = [*name_problems(name), *reading.problems]
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ValueError(f"SilentScalperPipeline {name!r} cannot be built:{listed}")
    return reading.settings


def code_archive(value: object) -> object:
    """An archive; a path is taken for one, so that a config file can name it."""
    if is_later(value):
        return value
    if isinstance(value, pulumi.Archive) and not isinstance(value, pulumi.FileArchive):
        return value
    path = code_path(value.path if isinstance(value, pulumi.FileArchive) else value)
    return value if isinstance(value, pulumi.FileArchive) else pulumi.FileArchive(path)


CHECKS: dict[str, Check] = {**declared.CHECKS, "process_code": code_archive}
"""How each argument is checked by itself; in a program, code may also be an archive."""


def _code(settings: Settings, _: Mapping[str, Any]) -> Iterator[tuple[set[str], str]]:
    """What would keep the user's code from being deployed or run, as far as it is known yet."""
    code = settings.process_code
    if code is not None and not is_later(code):
        from .user_code import ARGUMENTS, problems_of  # noqa: PLC0415 - without code not needed

        yield from ((ARGUMENTS, sentence) for sentence in problems_of(code, settings))


def _environment_size(settings: Settings, _: Mapping[str, Any]) -> Iterator[tuple[set[str], str]]:
    known = {k: v for k, v in settings.process_environment.items() if not is_later(v)}
    rules = {"SCALPER_RULES": json.dumps(settings.rules, separators=(",", ":"))}
    for variables, reserved in ((known, 0), ({}, RETRY_ENVIRONMENT_BYTES)):
        size = len(json.dumps({**variables, **rules}, separators=(",", ":")).encode())
        limit = ENVIRONMENT_BYTES - OWN_ENVIRONMENT_BYTES - reserved
        if size > limit:
            yield (
                {"process_environment", "accepted_types", "ignore_patterns"},
                f"process_environment, accepted_types and ignore_patterns take {size} bytes; "
                f"Lambda leaves {limit} of its {ENVIRONMENT_BYTES}. Put long values where your "
                "code can fetch them",
            )
            return
