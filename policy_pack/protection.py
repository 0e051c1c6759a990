"""Data protected in production: no command and no slip removes files or records.

A stack is production unless its name says otherwise, so that a new name is on the safe side.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pulumi_policy import (
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from .resources import BUCKET, TABLE, known, of_type, settings_of

TRIAL_STACKS = ["dev", "dev-*", "test", "test-*", "local", "pr-*"]
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"

_TRIAL_STACKS = PolicyConfigSchema(
    properties={
        "trial_stacks": {"type": "array", "items": {"type": "string"}, "default": TRIAL_STACKS}
    }
)


def _is_production(urn: str, config: Mapping[str, Any]) -> bool:
    stack = urn.split("::", maxsplit=1)[0].removeprefix("urn:pulumi:")
    return not any(fnmatchcase(stack, p) for p in config.get("trial_stacks", TRIAL_STACKS))


def _data_protected(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type not in (BUCKET, TABLE) or not _is_production(args.urn, args.get_config()):
        return
    if not args.opts.protect:
        report("Pulumi may delete it with all it holds. Set protect (protect_data).", None)
    if args.resource_type == BUCKET and args.props.get("forceDestroy"):
        report("It is emptied when it is deleted. Remove force_destroy.", None)
    if args.resource_type == TABLE and not args.props.get("deletionProtectionEnabled"):
        report("AWS lets it be deleted. Set deletion_protection_enabled.", None)


def _versioned(args: StackValidationArgs, report: ReportViolation) -> None:
    for bucket in of_type(args.resources, BUCKET):
        if not _is_production(bucket.urn, args.get_config()):
            continue
        settings = settings_of(args.resources, VERSIONING, "bucket", bucket)
        states = [known(one.props, "versioningConfiguration") or {} for one in settings]
        if not any(state.get("status") == "Enabled" for state in states):
            report(
                f"{bucket.name} forgets what is overwritten. Enable versioning for it.", bucket.urn
            )


DATA_PROTECTED = ResourceValidationPolicy(
    name="data-protected-in-production",
    description="Buckets and tables refuse to be deleted, except in stacks to try things in.",
    config_schema=_TRIAL_STACKS,
    validate=_data_protected,
)
VERSIONED = StackValidationPolicy(
    name="buckets-versioned-in-production",
    description="Buckets keep what is overwritten, except in stacks to try things in.",
    config_schema=_TRIAL_STACKS,
    validate=_versioned,
)
