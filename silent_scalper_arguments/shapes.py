"""What AWS takes as an address, a key filter, a tag, an environment name, a layer and the like."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from .containers import kind
from .values import Check, Wrong, is_later, shown, text, whole_number

_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{2,}")
_KEY_FILTER = re.compile(r"[A-Za-z0-9!_.'()/=-]*")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_LAYER_ARN = re.compile(r"arn:[a-z0-9-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+")
_KEY_ARN = re.compile(r"arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_SUBNET_ID = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")
_SECURITY_GROUP_ID = re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")
_POLICY_ARN = re.compile(r"arn:[a-z0-9-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
# Of spaces all but those that break a line or are controls, as IAM takes them.
_TAG = re.compile(r"(?:[\w.:/=+@-]|[^\S\t-\r\x1c-\x1f\x85\u2028\u2029])*")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
_NO_BUCKETS = {
    "--x-s3": "a directory bucket, which has neither versions nor events",
    "--table-s3": "a table bucket, which holds tables and no files",
    "-s3alias": "the alias of an access point; events name the bucket behind it",
    "--ol-s3": "the alias of an Object Lambda access point; events name the bucket behind it",
}
_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
RESERVED = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip
"""What Lambda sets itself and refuses in a function's configuration."""
RUNTIMES = ("python3.12", "python3.13", "python3.14")
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
OWN = "SCALPER_"
"""How the pipeline's own variables begin."""
PIPELINE_TAG = "silent-scalper:pipeline"
"""The tag that everything of a pipeline has."""


def email(value: object) -> str:
    address = text(value).strip()
    if not _EMAIL.fullmatch(address) or len(address) > 254:
        raise Wrong(f"must be one e-mail address such as team@example.com (got {shown(value)})")
    return address


def key_filter(value: object) -> str:
    """S3 compares a filter with the encoded key; only what encoding leaves alone is certain."""
    given = text(value)
    if not _KEY_FILTER.fullmatch(given):
        raise Wrong(
            f"may hold letters, digits and ! _ . ' ( ) / = - (got {shown(value)}): S3 knows no "
            "wildcards there and encodes the rest; use ignore_patterns for finer choices"
        )
    if len(given) > 1024:
        raise Wrong(f"may have at most 1024 characters, as a key has (got {len(given)})")
    return given


def key_prefix(value: object) -> str:
    given = key_filter(value)
    if given.startswith("/"):
        raise Wrong(
            f"must not begin with / (got {given!r}): a key has none in front, so no file would "
            f"ever match; write {given.lstrip('/')!r}"
        )
    return given


def bucket_name(value: object) -> str:
    """A general purpose bucket, by its bare name."""
    given = text(value)
    if given.startswith(("arn:", "s3://")):
        raise Wrong(f"must be the bare name of a bucket (got {shown(value)}), e.g. partner-files")
    for ending, what in _NO_BUCKETS.items():
        if given.endswith(ending):
            raise Wrong(f"may not be {what} (got {shown(value)}); name a general purpose bucket")
    if not _BUCKET_NAME.fullmatch(given):
        raise Wrong(
            "must be the name of a bucket: 3 to 63 lower-case letters, digits, - and . "
            f"(got {shown(value)})"
        )
    return given


def entry(value: object) -> str:
    if not _ENTRY.fullmatch(text(value)) or len(text(value)) > 128:
        raise Wrong(
            "must be a module and a function, joined by dots, of at most 128 characters "
            f"(got {shown(value)}); main.process calls process() of main.py"
        )
    return text(value)


def environment_name(value: object) -> str:
    name = text(value)
    if name in RESERVED:
        raise Wrong("is reserved for Lambda, which sets it itself; take another")
    if name.startswith(OWN):
        raise Wrong("is reserved for the pipeline itself; take another")
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise Wrong("must be letters, digits and _, at least 2, the first a letter")
    return name


def environment_value(value: object) -> str:
    """Never shown: it may be a secret that belongs elsewhere, and errors end up in build logs."""
    if not isinstance(value, str):
        raise Wrong(f"must be text (got {kind(value)}); write it in quotes")
    if "\0" in value:
        raise Wrong("has a NUL character, which no environment variable can hold; remove it")
    return value


def layer_arn(value: object) -> str:
    if not _LAYER_ARN.fullmatch(text(value)):
        raise Wrong(
            f"must be the ARN of a layer with its version (got {shown(value)}), such as "
            "arn:aws:lambda:eu-north-1:123456789012:layer:pandas:7"
        )
    return text(value)


def one_version_of_each(check: Check) -> Check:
    """A list of layers of which none comes twice, in whatever versions."""

    def checked(value: object) -> list[Any]:
        layers: list[Any] = check(value)
        versions: dict[str, str] = {}
        for arn in layers:
            if is_later(arn):
                continue
            layer, _, version = arn.rpartition(":")
            if layer in versions:
                raise Wrong(
                    f"names the layer {layer} twice (versions {versions[layer]} and {version}), "
                    "and Lambda takes one of them; remove the other"
                )
            versions[layer] = version
        return layers

    return checked


def key_arn(value: object) -> str:
    """No alias and no bare id: the functions' policies and CloudWatch Logs take an ARN alone."""
    if not _KEY_ARN.fullmatch(text(value)):
        raise Wrong(
            f"must be the ARN of a KMS key, not of an alias (got {shown(value)}), such as "
            "arn:aws:kms:eu-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        )
    return text(value)


def subnet_id(value: object) -> str:
    if not _SUBNET_ID.fullmatch(text(value)):
        raise Wrong(f"must be the id of a subnet (got {shown(value)}), such as subnet-0a1b2c3d")
    return text(value)


def security_group_id(value: object) -> str:
    if not _SECURITY_GROUP_ID.fullmatch(text(value)):
        raise Wrong(f"must be the id of a security group (got {shown(value)}), such as sg-0a1b2c3d")
    return text(value)


def policy_arn(value: object) -> str:
    if not _POLICY_ARN.fullmatch(text(value)):
        raise Wrong(
            f"must be the ARN of a managed policy (got {shown(value)}), such as "
            "arn:aws:iam::123456789012:policy/functions-boundary"
        )
    return text(value)


def tag_name(value: object) -> str:
    name = text(value)
    if not 1 <= len(name) <= 128 or not _TAG.fullmatch(name):
        raise Wrong("must be 1 to 128 letters, digits, spaces and . : / = + @ _ -")
    if name.lower().startswith("aws:"):
        raise Wrong("may not begin with aws:, which is reserved for AWS")
    return name


def tag_value(value: object) -> str:
    if len(text(value)) > 256 or not _TAG.fullmatch(text(value)):
        raise Wrong(
            "must be at most 256 letters, digits, spaces and . : / = + @ _ - "
            f"(got {len(text(value))} characters, {shown(value)})"
        )
    return text(value)


def told_apart(check: Check) -> Check:
    """Tags of which no two names are the same but for their case: to IAM they are one."""

    def checked(value: object) -> dict[str, Any]:
        tags: dict[str, Any] = check(value)
        seen = {PIPELINE_TAG.lower(): PIPELINE_TAG}
        for name in tags:
            other = seen.setdefault(name.lower(), name)
            if other != name:
                raise Wrong(
                    f"has {other!r} and {name!r}, which IAM takes for one name; remove one of them"
                )
        return tags

    return checked


def code_path(value: object) -> str:
    """The path of a folder or .zip that is there, as a config file names it."""
    if not isinstance(value, str):
        raise Wrong(f"must be the path of a folder or a .zip, or an archive (got {shown(value)})")
    path = Path(value)
    try:
        there, is_file = path.exists(), path.is_file()
    except OSError as error:
        raise Wrong(
            f"must be a folder or a .zip that can be read (got {value!r}): {error.strerror}"
        ) from None
    if not there:
        raise Wrong(f"must be a folder or a .zip; there is no {value!r} in {Path.cwd()}")
    if is_file and path.suffix.lower() != ".zip":
        raise Wrong(f"must be a folder or a .zip (got the file {value!r})")
    return value


def runtime(value: object) -> str:
    """A Python that Lambda still maintains and this code runs on."""
    if text(value) not in RUNTIMES:
        raise Wrong(f"must be one of {', '.join(RUNTIMES)} (got {shown(value)})")
    return text(value)


def choice(options: type[StrEnum]) -> Check:
    def check(value: object) -> StrEnum:
        try:
            return options(text(value))
        except ValueError:
            listed = ", ".join(options)
            raise Wrong(f"must be one of {listed} (got {shown(value)})") from None

    return check


def log_retention_days(value: object) -> int:
    """One of the numbers that CloudWatch takes; an error names the nearest."""
    number: int = whole_number(1, otherwise="take one of CloudWatch's values")(value)
    if number not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda other: (abs(other - number), -other))
        listed = ", ".join(map(str, LOG_RETENTION_DAYS))
        raise Wrong(
            f"must be one of CloudWatch's values, {listed} (got {number}); {nearest} is nearest"
        )
    return number
