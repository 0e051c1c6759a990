"""One example of each argument, for every test that wants them all.

An argument that is missing here is named by tests/arguments/test_declarations.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components import Architecture, EmailOn, EventsFrom

CODE = pulumi.AssetArchive(
    {"main.py": pulumi.StringAsset("def process(file): ...\ndef other(file): ...\n")}
)
STATEMENT = (
    '{"Sid": "AuditorsRead", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, '
    '"Action": "s3:GetObject"}'
)
LAYER = "arn:aws-mock:lambda:eu-north-1:123456789012:layer:pandas:7"


@dataclass(frozen=True)
class Decides:
    """A file that is taken by default but not with the example's value."""

    key: str
    size_bytes: int
    code: str | None
    """The reason code it is rejected with; None where it is passed over."""
    by_default: str = "TAKEN"
    """What is decided without the argument."""
    takes_more: bool = False
    """True where it is the other way round: the example's value takes the file."""


@dataclass(frozen=True, kw_only=True)
class Example:
    value: Any
    """Any value that is not the default."""
    wrong: Any
    says: str
    """What the error about the wrong value says behind the argument's name."""
    needs: Mapping[str, Any] = field(default_factory=dict)
    """Other arguments without which it does nothing."""
    decides: Decides | None = None
    """Of a rule: `check` and `ignores` in the handler are tried with it."""


EXAMPLES = {
    "accepted_types": Example(
        value=[".CSV", "tar.gz"],
        wrong="csv",
        says="must be a list (got 'csv'); write ['csv']",
        decides=Decides("in/a.exe", 5, "WRONG_TYPE"),
    ),
    "min_size_bytes": Example(
        value=2,
        wrong=-1,
        says="must be a whole number of at least 0 (got -1); omit it for no limit",
        decides=Decides("in/a.csv", 1, "TOO_SMALL"),
    ),
    "max_size_bytes": Example(
        value=1000,
        wrong=0,
        says="must be a whole number of at least 1 (got 0); omit it for no limit",
        decides=Decides("in/a.csv", 1001, "TOO_LARGE"),
    ),
    "accept_empty": Example(
        value=True,
        wrong="no",
        says="must be true or false, without quotes (got 'no')",
        decides=Decides("in/a.csv", 0, "EMPTY_FILE", takes_more=True),
    ),
    "ignore_empty": Example(
        value=True,
        wrong="yes",
        says="must be true or false, without quotes (got 'yes')",
        decides=Decides("in/a.csv", 0, None, by_default="EMPTY_FILE"),
    ),
    "ignore_patterns": Example(
        value=["*.tmp"],
        wrong=["**"],
        says="(entry 1) must leave some files to deal with (got '**'); write e.g. *.tmp",
        decides=Decides("in/a.tmp", 5, None),
    ),
    "alert_emails": Example(
        value=["ops@example.com", "data@example.com"],
        wrong=["ops"],
        says="(entry 1) must be one e-mail address such as team@example.com (got 'ops')",
    ),
    "email_on": Example(
        value=EmailOn.FAILURES,
        wrong="failure",
        says="must be one of all, failures, none (got 'failure')",
        needs={"alert_emails": ["ops@example.com"]},
    ),
    "input_bucket_name": Example(
        value="partner-files",
        wrong="s3://partner-files",
        says="must be the bare name of a bucket (got 's3://partner-files'), e.g. partner-files",
    ),
    "events_from": Example(
        value=EventsFrom.EVENTBRIDGE,
        wrong="sqs",
        says="must be one of s3, eventbridge (got 'sqs')",
    ),
    "eventbridge": Example(
        value=True, wrong="yes", says="must be true or false, without quotes (got 'yes')"
    ),
    "senders": Example(
        value={"111122223333": "in/partner/", "o-a1b2c3d4e5": "in/"},
        wrong={"11112222333": ""},
        says="(name '11112222333') must be an account of 12 digits (got 11 digits)",
    ),
    "bucket_policy_statements": Example(
        value=[STATEMENT],
        wrong=["s3:GetObject"],
        says="(entry 1) must be one statement as JSON (got 's3:GetObject')",
    ),
    "prefix": Example(
        value="in/",
        wrong="in/*",
        says="may hold letters, digits and ! _ . ' ( ) / = - (got 'in/*'): S3 knows no wildcards",
    ),
    "suffix": Example(value=".csv", wrong=["csv"], says="must be text (got ['csv'])"),
    "process_code": Example(
        value=CODE, wrong="no/such/folder", says="must be a folder or a .zip; there is no 'no/such"
    ),
    "process_entry": Example(
        value="main.other",
        wrong="process",
        says="must be a module and a function, joined by dots, of at most 128 characters (got 'p",
        needs={"process_code": CODE},
    ),
    "process_environment": Example(
        value={"STAGE": "test"},
        wrong={"AWS_REGION": "x"},
        says="(name 'AWS_REGION') is reserved for Lambda, which sets it itself; take another",
        needs={"process_code": CODE},
    ),
    "process_layers": Example(
        value=[LAYER],
        wrong=["pandas"],
        says="(entry 1) must be the ARN of a layer with its version (got 'pandas'), such as",
        needs={"process_code": CODE},
    ),
    "process_runtime": Example(
        value="python3.13",
        wrong="python3.11",
        says="must be one of python3.12, python3.13, python3.14 (got 'python3.11')",
        needs={"process_code": CODE},
    ),
    "architecture": Example(
        value=Architecture.X86_64, wrong="arm", says="must be one of arm64, x86_64 (got 'arm')"
    ),
    "memory_mb": Example(
        value=1024,
        wrong=64,
        says="must be a whole number from 128 to 10240 (got 64); omit it for 512",
    ),
    "timeout_seconds": Example(
        value=120,
        wrong=901,
        says="must be a whole number from 1 to 900 (got 901); omit it for 60; Lambda ends a call",
    ),
    "temporary_storage_mb": Example(
        value=2048,
        wrong=511,
        says="must be a whole number from 512 to 10240 (got 511); omit it for 512",
    ),
    "reserved_concurrency": Example(
        value=50,
        wrong=0,
        says="must be a whole number of at least 1 (got 0); omit it to share the account's. 0 wo",
    ),
    "subnet_ids": Example(
        value=["subnet-0a1b2c3d"],
        wrong=["vpc-0a1b2c3d"],
        says="(entry 1) must be the id of a subnet (got 'vpc-0a1b2c3d'), such as subnet-0a1b2c3d",
        needs={"subnet_ids": ["subnet-0e1f2a3b"], "security_group_ids": ["sg-0a1b2c3d"]},
    ),
    "security_group_ids": Example(
        value=["sg-0a1b2c3d4e5f60718"],
        wrong=["default"],
        says="(entry 1) must be the id of a security group (got 'default'), such as sg-0a1b2c3d",
        needs={"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]},
    ),
    "daily_check": Example(
        value=False, wrong=0, says="must be true or false, without quotes (got 0)"
    ),
    "dashboard": Example(
        value=True, wrong="yes", says="must be true or false, without quotes (got 'yes')"
    ),
    "retry_delays_minutes": Example(
        value=[1, 30], wrong=10, says="must be a list (got 10); write [10]"
    ),
    "log_retention_days": Example(
        value=90, wrong=10, says="must be one of CloudWatch's values, 1, 3, 5, 7, 14, 30, 60, 90,"
    ),
    "record_retention_days": Example(
        value=400,
        wrong=0,
        says="must be a whole number from 1 to 36500 (got 0); omit it to keep them for ever",
    ),
    "input_retention_days": Example(
        value=200,
        wrong=-3,
        says="must be a whole number from 1 to 36500 (got -3); omit it to keep them for ever",
    ),
    "quarantine_retention_days": Example(
        value=60,
        wrong=0,
        says="must be a whole number from 1 to 36500 (got 0); omit it for 30",
    ),
    "point_in_time_recovery": Example(
        value=True, wrong="yes", says="must be true or false, without quotes (got 'yes')"
    ),
    "protect_data": Example(
        value=False, wrong="false", says="must be true or false, without quotes (got 'false')"
    ),
    "kms_key_arn": Example(
        value="arn:aws-mock:kms:eu-north-1:123456789012:key/files",
        wrong="alias/files",
        says="must be the ARN of a KMS key, not of an alias (got 'alias/files'), such as arn:aws:",
    ),
    "permissions_boundary_arn": Example(
        value="arn:aws-mock:iam::123456789012:policy/boundary",
        wrong="boundary",
        says="must be the ARN of a managed policy (got 'boundary'), such as arn:aws:iam::1234567",
    ),
    "tags": Example(
        value={"team": "data"},
        wrong=["team"],
        says="must be a map of names to values (got ['team'])",
    ),
}


def every_argument() -> dict[str, Any]:
    """Every argument, none with its default but four: without the daily check there is less, an
    empty file that is taken contradicts a smallest size, a bucket that exists is not set up, and
    another door has other children.
    """
    return {name: it.value for name, it in EXAMPLES.items()} | {
        "accept_empty": False,
        "daily_check": True,
        "input_bucket_name": None,
        "events_from": None,
    }
