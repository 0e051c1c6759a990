"""The function's environment, read and checked once."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import Code, Fault
from .rules import Rules

EMAIL_ON = ("all", "failures", "none")


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """When a file is tried again by itself, and what EventBridge Scheduler needs for it."""

    delays_minutes: tuple[int, ...]
    """Before the first automatic retry, the second and so on; after the last none comes."""
    group: str
    role_arn: str
    processor_arn: str
    kept_events_arn: str
    """The queue for a retry that EventBridge Scheduler could not hand to the processor."""
    kms_key_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the deployment says; see `components/functions.py` for who writes it."""

    pipeline: str
    """Tells it from all others of an account: the names of project, stack and component."""
    stack: str
    """As `scalper --stack` takes it, in the folder of the program."""
    input_bucket: str
    quarantine_bucket: str
    table: str
    topic_arn: str
    """Read by people: alarms, and the outcomes that are e-mailed."""
    quiet_topic_arn: str
    """The outcomes that are not e-mailed."""
    email_on: str
    rules: Rules
    record_retention_days: int | None
    process_entry: str | None
    event_rule: str | None = None
    """Name of the EventBridge rule that brings uploads; None where S3 does so itself."""
    retry_plan: RetryPlan | None = None
    """Only the rescuer has one, and only where files are tried again by themselves."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Raise a `Fault` (CONFIGURATION) that names the variable which is missing or wrong."""

        def required(name: str) -> str:
            if value := environment.get(name):
                return value
            raise _wrong(f"the environment variable {name} is missing")

        email_on = required("SCALPER_EMAIL_ON")
        if email_on not in EMAIL_ON:
            raise _wrong(f"SCALPER_EMAIL_ON must be one of {', '.join(EMAIL_ON)} (got {email_on})")
        return cls(
            pipeline=required("SCALPER_PIPELINE"),
            stack=required("SCALPER_STACK"),
            input_bucket=required("SCALPER_INPUT_BUCKET"),
            quarantine_bucket=required("SCALPER_QUARANTINE_BUCKET"),
            table=required("SCALPER_TABLE"),
            topic_arn=required("SCALPER_TOPIC_ARN"),
            quiet_topic_arn=required("SCALPER_QUIET_TOPIC_ARN"),
            email_on=email_on,
            rules=_rules(required("SCALPER_RULES")),
            record_retention_days=_days(environment.get("SCALPER_RECORD_RETENTION_DAYS")),
            process_entry=environment.get("SCALPER_PROCESS_ENTRY") or None,
            event_rule=environment.get("SCALPER_EVENT_RULE") or None,
            retry_plan=RetryPlan(
                delays_minutes=_minutes(delays),
                group=required("SCALPER_RETRY_GROUP"),
                role_arn=required("SCALPER_RETRY_ROLE_ARN"),
                processor_arn=required("SCALPER_PROCESSOR_ARN"),
                kept_events_arn=required("SCALPER_KEPT_EVENTS_ARN"),
                kms_key_arn=environment.get("SCALPER_RETRY_KMS_KEY_ARN") or None,
            )
            if (delays := environment.get("SCALPER_RETRY_DELAYS_MINUTES"))
            else None,
        )


def _rules(text: str) -> Rules:
    try:
        return Rules.read(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"SCALPER_RULES cannot be read ({error}): {text}") from error


def _days(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise _wrong(f"SCALPER_RECORD_RETENTION_DAYS must be whole days (got {text})")
    return int(text)


def _minutes(text: str) -> tuple[int, ...]:
    delays = text.split(",")
    if not all(delay.isdecimal() and int(delay) > 0 for delay in delays):
        raise _wrong(f"SCALPER_RETRY_DELAYS_MINUTES must be minutes such as 10,120 (got {text})")
    return tuple(map(int, delays))


def _wrong(what: str) -> Fault:
    return Fault(Code.CONFIGURATION, f"{what}; deploy the stack again with `pulumi up`")
