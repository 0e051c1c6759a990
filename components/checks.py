"""Everything that can be said about the arguments before AWS sees them, said all at once."""

import difflib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi

from . import shapes
from .args import EmailOn, Settings, SilentScalperPipelineArgs
from .names import name_problems
from .values import (
    Check,
    Wrong,
    choice,
    flag,
    is_later,
    later_or,
    list_of,
    map_of,
    merged,
    number_among,
    once_each,
    shown,
    whole_number,
)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip

ENVIRONMENT_BYTES = 4096
"""Lambda measures all variables together, as JSON."""
OWN_ENVIRONMENT_BYTES = 1024
"""What the pipeline's own variables need at most, besides its rules."""
RETRY_ENVIRONMENT_BYTES = 512
"""What the rescuer's variables for retries need at most; it has none of the user's."""

_days = whole_number(1, 36500, otherwise="omit it to keep them for ever")

CHECKS: dict[str, Check] = {
    "alert_emails": once_each(list_of(shapes.email), same=str.lower),
    "email_on": choice(EmailOn),
    "accepted_types": merged(list_of(shapes.file_type)),
    "min_size_bytes": whole_number(0, otherwise="omit it for no limit"),
    "max_size_bytes": whole_number(1, otherwise="omit it for no limit"),
    "accept_empty": flag,
    "ignore_patterns": merged(list_of(shapes.ignore_pattern)),
    "prefix": shapes.key_filter,
    "suffix": shapes.key_filter,
    "process_code": shapes.code_archive,
    "process_entry": shapes.entry,
    "process_environment": map_of(
        shapes.environment_name, later_or(shapes.environment_value), secret=True
    ),
    "process_layers": list_of(later_or(shapes.layer_arn), at_most=5),
    "memory_mb": whole_number(128, 10240, otherwise="omit it for 512"),
    "timeout_seconds": whole_number(
        1, 900, otherwise="omit it for 60; Lambda ends a call after 15 minutes"
    ),
    "temporary_storage_mb": whole_number(512, 10240, otherwise="omit it for 512"),
    "reserved_concurrency": whole_number(
        1,
        otherwise="omit it to share the account's. 0 would stop the pipeline: to pause a deployed "
        "one, run `aws lambda put-function-concurrency --reserved-concurrent-executions 0 "
        "--function-name` and its processor; files that arrive meanwhile are held",
    ),
    "daily_check": flag,
    "dashboard": flag,
    "retry_delays_minutes": list_of(
        whole_number(1, 43200, otherwise="[] switches retries off"), at_most=10
    ),
    "log_retention_days": number_among(LOG_RETENTION_DAYS, whose="CloudWatch's values"),
    "record_retention_days": _days,
    "input_retention_days": _days,
    "quarantine_retention_days": whole_number(1, 36500, otherwise="omit it for 30"),
    "point_in_time_recovery": flag,
    "protect_data": flag,
    "kms_key_arn": later_or(shapes.key_arn),
    "permissions_boundary_arn": later_or(shapes.policy_arn),
    "tags": map_of(shapes.tag_name, later_or(shapes.tag_value), at_most=49),
}
"""How each argument is checked by itself."""


def checked(name: str, args: SilentScalperPipelineArgs | None) -> Settings:
    """The arguments cleaned and completed, or one `ValueError` that lists all that is wrong."""
    problems = list(name_problems(name))
    values: dict[str, Any] = {}
    if args is not None and not isinstance(args, Mapping):
        problems.append(f"the arguments must be a map of names to values (got {shown(args)})")
        args = None
    given = {str(key): value for key, value in (args or {}).items() if value is not None}
    for argument, value in given.items():
        try:
            values[argument] = _check(argument)(value)
        except Wrong as wrong:
            told = argument if argument.isidentifier() else repr(argument)
            problems += wrong.about(both_spellings(told))
    wrong_arguments = given.keys() - values.keys()
    problems += [
        both_spellings(sentence)
        for involved, sentence in _combinations(Settings(**values), given)
        if not involved & wrong_arguments
    ]
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ValueError(f"SilentScalperPipeline {name!r} cannot be built:{listed}")
    return Settings(**values)


def camel_case(argument: str) -> str:
    """As other languages spell it."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), argument)


def both_spellings(sentence: str) -> str:
    """Each argument also as other languages spell it, where it is mentioned first."""
    for argument in CHECKS:
        camel = camel_case(argument)
        if camel != argument:
            sentence = re.sub(rf"\b{argument}\b", f"{argument} ({camel})", sentence, count=1)
    return sentence


def _check(argument: str) -> Check:
    if argument in CHECKS:
        return CHECKS[argument]
    # A name spelled as other languages do is near its Python spelling.
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", argument).lower()
    near = difflib.get_close_matches(spelled, CHECKS, n=1)
    hint = (
        f"did you mean {both_spellings(near[0])}?"
        if near
        else f"the arguments are {', '.join(CHECKS)}"
    )
    raise Wrong(f"is not an argument; {hint}")


def _combinations(
    settings: Settings, given: Mapping[str, object]
) -> Iterator[tuple[set[str], str]]:
    """What is wrong between arguments, with those involved."""
    yield from _sizes(settings)
    yield from _retention(settings)
    yield from _waiting(settings)
    if settings.process_code is None:
        for argument in ("process_entry", "process_environment", "process_layers"):
            if argument in given:
                yield (
                    {argument, "process_code"},
                    f"{argument} does nothing without process_code; give both or neither",
                )
    else:
        yield from _entry_in_code(settings)
    yield from _environment_size(settings)


def _sizes(settings: Settings) -> Iterator[tuple[set[str], str]]:
    low, high = settings.min_size_bytes, settings.max_size_bytes
    if high is not None and low > high:
        yield (
            {"min_size_bytes", "max_size_bytes"},
            f"min_size_bytes ({low}) is more than max_size_bytes ({high}), so no file would be "
            "taken; swap them",
        )
    if settings.accept_empty and low > 0:
        yield (
            {"accept_empty", "min_size_bytes"},
            f"accept_empty takes files of 0 bytes but min_size_bytes is {low}; omit one of them",
        )


def _retention(settings: Settings) -> Iterator[tuple[set[str], str]]:
    record = settings.record_retention_days
    for bucket in ("quarantine_retention_days", "input_retention_days"):
        days = getattr(settings, bucket)
        if record is not None and days is not None and record < 2 * days:
            yield (
                {"record_retention_days", bucket},
                f"record_retention_days must be at least {2 * days}, twice {bucket} ({days}), "
                "because a versioned bucket takes up to twice the days to let a file go "
                f"(got {record}); raise it or lower {bucket}",
            )


def _waiting(settings: Settings) -> Iterator[tuple[set[str], str]]:
    delays, days = settings.retry_delays_minutes, settings.quarantine_retention_days
    if sum(delays) >= days * 24 * 60:
        yield (
            {"retry_delays_minutes", "quarantine_retention_days"},
            f"retry_delays_minutes add up to {sum(delays)}, and after {days * 24 * 60} minutes "
            f"(quarantine_retention_days {days}) the file that waits may be gone; shorten the one "
            "or raise the other",
        )


def _entry_in_code(settings: Settings) -> Iterator[tuple[set[str], str]]:
    code = settings.process_code
    if not isinstance(code, pulumi.FileArchive) or not Path(code.path).exists():
        return
    module = settings.process_entry.rpartition(".")[0].replace(".", "/")
    try:
        names = _names_in(Path(code.path))
    except OSError as error:
        yield {"process_code"}, f"process_code {code.path!r} cannot be read: {error.strerror}"
        return
    if not names & {f"{module}.py", f"{module}/__init__.py"}:
        there = ", ".join(sorted(name for name in names if name.endswith(".py"))[:5])
        yield (
            {"process_code", "process_entry"},
            f"process_entry {settings.process_entry} needs {module}.py in process_code, "
            f"{code.path!r} has {there or 'no Python file'}",
        )


def _names_in(path: Path) -> set[str]:
    if path.is_dir():
        return {file.relative_to(path).as_posix() for file in path.rglob("*.py")}
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, ValueError):
        return set()


def _environment_size(settings: Settings) -> Iterator[tuple[set[str], str]]:
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
