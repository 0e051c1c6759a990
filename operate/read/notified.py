"""Whom the input bucket notifies, and so which files the pipeline takes notice of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from botocore.exceptions import ClientError

from handler.model.rules import Rules

from .deployment import Deployment
from .errors import told_plainly
from .sources import Version, as_upload


@dataclass(frozen=True, slots=True)
class Filter:
    """Which keys the processor is told of."""

    prefix: str
    suffix: str

    def matches(self, key: str) -> bool:
        return key.startswith(self.prefix) and key.endswith(self.suffix)


class PassedOver(IntEnum):
    """Why the pipeline takes no notice of a key; NOT is false."""

    NOT = 0
    IGNORED = 1
    """By a pattern, or as the marker of a folder."""
    OUTSIDE = 2
    """Of the prefix and suffix: S3 tells nobody of it."""


def passed_over(version: Version, rules: Rules, filters: Sequence[Filter]) -> PassedOver:
    """Whether an upload is dealt with; where S3 tells of none, `filters` is empty."""
    if filters and not any(it.matches(version.key) for it in filters):
        return PassedOver.OUTSIDE
    return PassedOver.IGNORED if rules.ignores(as_upload(version)) else PassedOver.NOT


def filters(deployment: Deployment) -> list[Filter]:
    """Which uploads the processor is told of; empty when it is told of none."""
    answer = notification(deployment)
    if rule := deployment.settings.event_rule:
        through_rule = _rule_filter(deployment, rule)
        return [through_rule] if through_rule and sends_to_eventbridge(answer) else []
    found = []
    for config in answer.get("LambdaFunctionConfigurations", []):
        created = any(event.startswith("s3:ObjectCreated:") for event in config["Events"])
        # A notification may name a version or an alias of the function after its ARN.
        arn, processor = f"{config['LambdaFunctionArn']}:", f"{deployment.processor_arn}:"
        if not (created and arn.startswith(processor)):
            continue
        rules = config.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        named = {rule["Name"].lower(): rule["Value"] for rule in rules}
        found.append(Filter(named.get("prefix", ""), named.get("suffix", "")))
    return found


def notification(deployment: Deployment) -> Any:
    """The one notification of the input bucket, as S3 describes it."""
    bucket = deployment.settings.input_bucket
    with told_plainly(f"read whom the bucket {bucket} notifies"):
        return deployment.clients.s3.get_bucket_notification_configuration(Bucket=bucket)


def sends_to_eventbridge(notification: Any) -> bool:
    """Whether a bucket tells EventBridge of what happens in it."""
    return "EventBridgeConfiguration" in notification


def _rule_filter(deployment: Deployment, rule: str) -> Filter | None:
    """What the rule brings to the processor; None where it is gone, switched off or misled."""
    events = deployment.clients.events
    with told_plainly(f"look at the EventBridge rule {rule}"):
        try:
            described = events.describe_rule(Name=rule)
            targets = events.list_targets_by_rule(Rule=rule)["Targets"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return None
            raise
    if described.get("State") != "ENABLED":
        return None
    if all(target["Arn"] != deployment.processor_arn for target in targets):
        return None
    return filter_of(json.loads(described["EventPattern"]))


def filter_of(pattern: Any) -> Filter:
    """The filter that `components/event_rule.py` made the pattern of a rule from."""
    for alternative in pattern["detail"].get("object", {}).get("key", []):
        match alternative:
            case {"prefix": prefix}:
                return Filter(prefix, "")
            case {"suffix": suffix}:
                return Filter("", suffix)
            case {"wildcard": both}:
                prefix, _, suffix = both.partition("*")
                return Filter(prefix, suffix)
    return Filter("", "")
