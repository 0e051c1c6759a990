"""The public face of the arguments, written by `make arguments`.

Change it in silent_scalper_arguments/, where each is declared with its default and check.

The schema for other languages is inferred from this class and its docstrings. That is why the
set is flat, free of unions and of pulumi_aws types, and read without postponed annotations.
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input

from silent_scalper_arguments.settings import Architecture, EmailOn, EventsFrom


class SilentScalperPipelineArgs(TypedDict):
    """What a pipeline can be told. Nothing is required."""

    accepted_types: NotRequired[list[str]]
    """Extensions that are taken, such as `csv` or `tar.gz`, in any case. Default: every type."""
    min_size_bytes: NotRequired[int]
    """Smallest file that is taken; empty files are ruled by `accept_empty`. Default: 0."""
    max_size_bytes: NotRequired[int]
    """Largest file that is taken. Default: no limit."""
    accept_empty: NotRequired[bool]
    """Whether a file of 0 bytes is taken. Default: false."""
    ignore_empty: NotRequired[bool]
    """Whether files of 0 bytes, which s3fs and SFTP send first, are passed over. Default: false."""
    ignore_patterns: NotRequired[list[str]]
    """Shell globs on the whole key, such as `*.tmp`; such files are passed over. Default: none."""

    alert_emails: NotRequired[list[str]]
    """Addresses that are told; AWS asks each to confirm its subscription. Default: none."""
    email_on: NotRequired[EmailOn]
    """Which outcomes are e-mailed: all (ten accepted files a day), failures, none. Default: all."""

    input_bucket_name: NotRequired[Input[str]]
    """Name of a bucket that exists, which is used and never changed. Default: a new bucket."""
    events_from: NotRequired[EventsFrom]
    """Who tells of uploads: s3, eventbridge. Default: s3; of an existing bucket eventbridge."""
    eventbridge: NotRequired[bool]
    """Whether a new bucket sends its events to EventBridge too, for others. Default: false."""
    senders: NotRequired[dict[str, Input[str]]]
    """Accounts, roles or organisations that may put objects, each with a prefix or ''."""
    bucket_policy_statements: NotRequired[list[Input[str]]]
    """More statements, each as JSON, for a new bucket's policy. Default: none."""
    prefix: NotRequired[str]
    """Only keys that begin with this are dealt with. Default: all."""
    suffix: NotRequired[str]
    """Only keys that end with this are dealt with. Default: all."""

    process_code: NotRequired[Input[pulumi.Archive]]
    """Your code: a folder or .zip with a `main.py`, deployed as `process/`. Default: none."""
    process_entry: NotRequired[str]
    """Module and function in `process_code` that is called for a file. Default: main.process."""
    process_environment: NotRequired[dict[str, Input[str]]]
    """Environment variables for your code, readable in AWS: name a secret, never hold one."""
    process_layers: NotRequired[list[Input[str]]]
    """ARNs, with version, of at most 5 layers your code needs, built for its architecture."""
    process_runtime: NotRequired[str]
    """Python of your code, to python3.14; those after 3.12 are less tried. Default: python3.12."""
    architecture: NotRequired[Architecture]
    """Processor of all functions: arm64, or x86_64, which costs a quarter more. Default: arm64."""

    memory_mb: NotRequired[int]
    """Memory of the processor, 128 to 10240; its share of a CPU grows with it. Default: 512."""
    timeout_seconds: NotRequired[int]
    """Longest time for one file, 1 to 900; then it is tried twice more. Default: 60."""
    temporary_storage_mb: NotRequired[int]
    """Space in /tmp for your code, 512 to 10240. Default: 512."""
    reserved_concurrency: NotRequired[int]
    """Most files at once, taken from the account's concurrency. Default: not reserved."""

    subnet_ids: NotRequired[list[Input[str]]]
    """Private subnets for the processor; it then needs endpoints: docs/reuse.md. Default: none."""
    security_group_ids: NotRequired[list[Input[str]]]
    """Security groups of the processor in its subnets. Default: none."""

    daily_check: NotRequired[bool]
    """Whether a function looks once a day for files that have no fate. Default: true."""
    dashboard: NotRequired[bool]
    """A CloudWatch dashboard; $3 a month beyond the account's three free ones. Default: false."""
    retry_delays_minutes: NotRequired[list[int]]
    """Minutes before each retry of a file that failed; [] for none. Default: 10, 120, 1440."""

    log_retention_days: NotRequired[int]
    """Days logs are kept, one of the values CloudWatch takes. Default: 30."""
    record_retention_days: NotRequired[int]
    """Days after which a file's record expires, at least twice the buckets'. Default: never."""
    input_retention_days: NotRequired[int]
    """Days until an uploaded file expires, and as many until it is removed. Default: never."""
    quarantine_retention_days: NotRequired[int]
    """Days until a quarantined file expires, and as many until it is removed. Default: 30."""
    point_in_time_recovery: NotRequired[bool]
    """Whether the table can be restored to any second of 35 days, for a price. Default: false."""
    protect_data: NotRequired[bool]
    """Whether buckets and table refuse to be deleted, by `pulumi destroy` too. Default: true."""
    kms_key_arn: NotRequired[Input[str]]
    """ARN of a KMS key of yours for all that is stored; docs/reuse.md. Default: AWS's keys."""
    permissions_boundary_arn: NotRequired[Input[str]]
    """ARN of a policy beyond which no role of the pipeline may ever reach. Default: none."""
    tags: NotRequired[dict[str, Input[str]]]
    """Tags for everything that takes them, beside `silent-scalper:pipeline`."""
