"""The arguments of a pipeline read from what a program or a config file holds.

All that is wrong is said at once, and in the same words by `pulumi preview` and by `scalper try`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .declaration import cleaned
from .settings import CHECKS, EventsFrom, Settings
from .spelling import both_spellings, suggestion
from .values import Check, shown

Combination = Callable[[Settings, Mapping[str, object]], Iterator[tuple[set[str], str]]]
"""Says what is wrong between arguments: those involved, and a sentence. Its second argument is
what was given, cleaned."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: to be used only where there is no problem."""

    settings: Settings
    problems: list[str]
    """Each a sentence that names its argument in Python's spelling and in that of others."""


def read(
    args: object,
    checks: Mapping[str, Check] = CHECKS,
    combinations: Iterable[Combination] = (),
) -> Reading:
    """Clean, complete and check the arguments; `combinations` are looked at beside our own."""
    if args is not None and not isinstance(args, Mapping):
        return Reading(
            Settings(), [f"the arguments must be a map of names to values (got {shown(args)})"]
        )
    given = {str(name): value for name, value in (args or {}).items()}
    values, wrong = cleaned(checks, given)
    problems = list[str]()
    for name, error in wrong.items():
        told = both_spellings(name if name.isidentifier() else repr(name))
        said = error.about(told)
        problems += said if name in checks else [f"{said[0]}; {suggestion(name)}"]
    settings = Settings(**values)
    problems += [
        both_spellings(sentence)
        for combination in (
            _sizes,
            _retention,
            _waiting,
            _without_code,
            _doors,
            _in_a_vpc,
            *combinations,
        )
        for involved, sentence in combination(settings, values)
        if not involved & wrong.keys()
    ]
    return Reading(settings, problems)


def _sizes(settings: Settings, _: Mapping[str, object]) -> Iterator[tuple[set[str], str]]:
    low, high = settings.min_size_bytes, settings.max_size_bytes
    if high is not None and low > high:
        yield (
            {"min_size_bytes", "max_size_bytes"},
            f"min_size_bytes ({low}) is more than max_size_bytes ({high}), so no file would be "
            "taken; swap them",
        )
    if settings.accept_empty and settings.ignore_empty:
        yield (
            {"accept_empty", "ignore_empty"},
            "accept_empty takes files of 0 bytes and ignore_empty passes them over; omit one of "
            "them",
        )
    if settings.accept_empty and low > 0:
        yield (
            {"accept_empty", "min_size_bytes"},
            f"accept_empty takes files of 0 bytes but min_size_bytes is {low}; omit one of them",
        )


def _retention(settings: Settings, _: Mapping[str, object]) -> Iterator[tuple[set[str], str]]:
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


def _waiting(settings: Settings, _: Mapping[str, object]) -> Iterator[tuple[set[str], str]]:
    """A file that waits for its last retry must be there when it comes, set aside or held."""
    delays = settings.retry_delays_minutes
    for bucket in ("quarantine_retention_days", "input_retention_days"):
        days = getattr(settings, bucket)
        if days is not None and sum(delays) >= days * 24 * 60:
            yield (
                {"retry_delays_minutes", bucket},
                f"retry_delays_minutes add up to {sum(delays)}, and after {days * 24 * 60} minutes "
                f"({bucket} {days}) the file that waits may be gone; shorten the one or raise the "
                "other",
            )


def _in_a_vpc(settings: Settings, _: Mapping[str, object]) -> Iterator[tuple[set[str], str]]:
    """Lambda takes both or neither."""
    both = ("subnet_ids", "security_group_ids")
    for argument, other in (both, both[::-1]):
        if getattr(settings, argument) and not getattr(settings, other):
            yield set(both), f"{argument} needs {other}, at least one; give both or neither"


def _without_code(
    settings: Settings, given: Mapping[str, object]
) -> Iterator[tuple[set[str], str]]:
    if settings.process_code is not None:
        return
    for argument in ("process_entry", "process_environment", "process_layers", "process_runtime"):
        if argument in given:
            yield (
                {argument, "process_code"},
                f"{argument} does nothing without process_code; give both or neither",
            )


def _doors(settings: Settings, given: Mapping[str, object]) -> Iterator[tuple[set[str], str]]:
    """What there is only one of per bucket belongs to whoever made the bucket."""
    for who, prefix in settings.senders.items():
        if isinstance(prefix, str) and not prefix.startswith(settings.prefix):
            yield (
                {"senders", "prefix"},
                f"senders lets {who} upload below {prefix!r}, where nothing is dealt with: prefix "
                f"is {settings.prefix!r}; begin the one with the other",
            )
    if settings.input_bucket_name is None:
        return
    name = "input_bucket_name"
    if settings.events_from is EventsFrom.S3:
        yield (
            {name, "events_from"},
            "events_from s3 would replace the one notification of the bucket that "
            "input_bucket_name names; omit it, and have the bucket send its events to EventBridge",
        )
    if settings.eventbridge:
        yield (
            {name, "eventbridge"},
            "eventbridge would change the one notification of the bucket that input_bucket_name "
            "names; omit it, and switch EventBridge on where the bucket is made",
        )
    if "input_retention_days" in given:
        yield (
            {name, "input_retention_days"},
            "input_retention_days would replace the one lifecycle of the bucket that "
            "input_bucket_name names; omit it, and set it where the bucket is made",
        )
    for argument in ("senders", "bucket_policy_statements"):
        if argument in given:
            yield (
                {name, argument},
                f"{argument} would replace the one policy of the bucket that input_bucket_name "
                "names; omit it, and write it where the bucket is made",
            )
