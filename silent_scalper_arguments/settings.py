"""Every argument of the component: its type, default, check and description, and nowhere else.

`make arguments` writes the arguments' public face and README's table from here. A description
ends in its default by itself, where the default is a value that can be written down.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from . import principals, shapes
from .containers import later_or, map_of, once_each
from .declaration import argument, checks_of
from .rules import RuleSettings
from .values import flag, list_of, whole_number

if TYPE_CHECKING:
    import pulumi
    from pulumi import Input


class EmailOn(StrEnum):
    """Which outcomes are sent by e-mail; the others are published to the quiet topic."""

    ALL = "all"
    """Failures, and the first ten accepted files of a day (UTC)."""
    FAILURES = "failures"
    """Files that were set aside, held or lost."""
    NONE = "none"
    """No file; alarms and the daily check still come."""


class EventsFrom(StrEnum):
    """Who tells the pipeline of uploads."""

    S3 = "s3"
    """The bucket's own notification, of which there is one: for a bucket of the pipeline's own."""
    EVENTBRIDGE = "eventbridge"
    """A rule of EventBridge: any number of pipelines and others share a bucket."""


class Architecture(StrEnum):
    """The processor that functions run on; compiled packages must be built for it."""

    ARM64 = "arm64"
    """AWS's Graviton: the same work for less."""
    X86_64 = "x86_64"
    """For code of which there is no build for arm64."""


_days = whole_number(1, 36500, otherwise="omit it to keep them for ever")


def _number(default: int, low: int, high: int, *, because: str = "") -> Any:
    otherwise = f"omit it for {default}{because}"
    return argument(default, whole_number(low, high, otherwise=otherwise))


@dataclass(frozen=True, slots=True)
class Settings(RuleSettings):
    """The arguments once they are checked, with the default of each."""

    alert_emails: list[str] = argument([], once_each(list_of(shapes.email), same=str.lower))
    """Addresses that are told; AWS asks each to confirm its subscription. Default: none."""
    email_on: EmailOn = argument(EmailOn.ALL, shapes.choice(EmailOn))
    """Which outcomes are e-mailed: all (ten accepted files a day), failures, none."""

    input_bucket_name: "Input[str] | None" = argument(None, later_or(shapes.bucket_name))
    """Name of a bucket that exists, which is used and never changed. Default: a new bucket."""
    events_from: EventsFrom | None = argument(None, shapes.choice(EventsFrom))
    """Who tells of uploads: s3, eventbridge. Default: s3; of an existing bucket eventbridge."""
    eventbridge: bool = argument(False, flag)
    """Whether a new bucket sends its events to EventBridge too, for others."""
    senders: "dict[str, Input[str]]" = argument(
        {}, map_of(principals.sender, later_or(shapes.key_prefix))
    )
    """Accounts, roles or organisations that may put objects, each with a prefix or ''."""
    bucket_policy_statements: "list[Input[str]]" = argument(
        [], list_of(later_or(principals.policy_statement))
    )
    """More statements, each as JSON, for a new bucket's policy. Default: none."""
    prefix: str = argument("", shapes.key_prefix)
    """Only keys that begin with this are dealt with. Default: all."""
    suffix: str = argument("", shapes.key_filter)
    """Only keys that end with this are dealt with. Default: all."""

    process_code: "Input[pulumi.Archive] | None" = argument(None, shapes.code_path)
    """Your code: a folder or .zip with a `main.py`, deployed as `process/`. Default: none."""
    process_entry: str = argument("main.process", shapes.entry)
    """Module and function in `process_code` that is called for a file."""
    process_environment: "dict[str, Input[str]]" = argument(
        {}, map_of(shapes.environment_name, later_or(shapes.environment_value), secret=True)
    )
    """Environment variables for your code, readable in AWS: name a secret, never hold one."""
    process_layers: "list[Input[str]]" = argument(
        [], shapes.one_version_of_each(list_of(later_or(shapes.layer_arn), at_most=5))
    )
    """ARNs, with version, of at most 5 layers your code needs, built for its architecture."""
    process_runtime: str = argument("python3.12", shapes.runtime)
    """Python of your code, to python3.14; those after 3.12 are less tried."""
    architecture: Architecture = argument(Architecture.ARM64, shapes.choice(Architecture))
    """Processor of all functions: arm64, or x86_64, which costs a quarter more."""

    memory_mb: int = _number(512, 128, 10240)
    """Memory of the processor, 128 to 10240; its share of a CPU grows with it."""
    timeout_seconds: int = _number(60, 1, 900, because="; Lambda ends a call after 15 minutes")
    """Longest time for one file, 1 to 900; then it is tried twice more."""
    temporary_storage_mb: int = _number(512, 512, 10240)
    """Space in /tmp for your code, 512 to 10240."""
    reserved_concurrency: int | None = argument(
        None,
        whole_number(
            1,
            otherwise="omit it to share the account's. 0 would stop the pipeline: to pause a "
            "deployed one, type `scalper pause`; files that arrive meanwhile are held",
        ),
    )
    """Most files at once, taken from the account's concurrency. Default: not reserved."""

    # Limits of both: https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
    subnet_ids: "list[Input[str]]" = argument([], list_of(later_or(shapes.subnet_id), at_most=16))
    """Private subnets for the processor; it then needs endpoints: docs/reuse.md. Default: none."""
    security_group_ids: "list[Input[str]]" = argument(
        [], list_of(later_or(shapes.security_group_id), at_most=5)
    )
    """Security groups of the processor in its subnets. Default: none."""

    daily_check: bool = argument(True, flag)
    """Whether a function looks once a day for files that have no fate."""
    dashboard: bool = argument(False, flag)
    """A CloudWatch dashboard; $3 a month beyond the account's three free ones."""
    retry_delays_minutes: list[int] = argument(
        [10, 120, 1440],
        list_of(whole_number(1, 43200, otherwise="[] switches retries off"), at_most=10),
    )
    """Minutes before each retry of a file that failed; [] for none."""

    log_retention_days: int = argument(30, shapes.log_retention_days)
    """Days logs are kept, one of the values CloudWatch takes."""
    record_retention_days: int | None = argument(None, _days)
    """Days after which a file's record expires, at least twice the buckets'. Default: never."""
    input_retention_days: int | None = argument(None, _days)
    """Days until an uploaded file expires, and as many until it is removed. Default: never."""
    quarantine_retention_days: int = _number(30, 1, 36500)
    """Days until a quarantined file expires, and as many until it is removed."""
    point_in_time_recovery: bool = argument(False, flag)
    """Whether the table can be restored to any second of 35 days, for a price."""
    protect_data: bool = argument(True, flag)
    """Whether buckets and table refuse to be deleted, by `pulumi destroy` too."""
    kms_key_arn: "Input[str] | None" = argument(None, later_or(shapes.key_arn))
    """ARN of a KMS key of yours for all that is stored; docs/reuse.md. Default: AWS's keys."""
    permissions_boundary_arn: "Input[str] | None" = argument(None, later_or(shapes.policy_arn))
    """ARN of a policy beyond which no role of the pipeline may ever reach. Default: none."""
    tags: "dict[str, Input[str]]" = argument(
        {}, shapes.told_apart(map_of(shapes.tag_name, later_or(shapes.tag_value), at_most=49))
    )
    """Tags for everything that takes them, beside `silent-scalper:pipeline`."""

    @property
    def door(self) -> EventsFrom:
        """What `events_from` comes to."""
        if self.events_from is not None:
            return self.events_from
        return EventsFrom.S3 if self.input_bucket_name is None else EventsFrom.EVENTBRIDGE

    @property
    def rules(self) -> dict[str, object]:
        """The rules for files that differ from their defaults, as the Lambda code reads them."""
        usual = RuleSettings()
        return {
            it.name: value
            for it in fields(RuleSettings)
            if (value := getattr(self, it.name)) != getattr(usual, it.name)
        }


CHECKS = checks_of(Settings)
"""How each argument is checked by itself."""
