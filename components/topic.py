"""Two topics: what people read by e-mail, and the outcomes that nobody is e-mailed.

Every outcome is published to one of them. Which one is the handler's choice, so that no e-mail
subscription needs a filter. One by attributes drops every alarm: CloudWatch's messages have none,
and SNS lets no filter match such a message. One by the body takes JSON, which the text of an e-mail
is not. Sources:
https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
https://docs.aws.amazon.com/sns/latest/dg/message-filtering.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input
from pulumi_aws import sns

from silent_scalper_arguments.settings import Settings

from .iam import Statement, render
from .scope import Scope

OWNER_ACTIONS = [
    "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:AddPermission",
    "sns:RemovePermission", "sns:DeleteTopic", "sns:Subscribe",
    "sns:ListSubscriptionsByTopic", "sns:Publish",
]  # fmt: skip
"""What SNS's own default policy, which a topic policy replaces, leaves to the owner's account."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Each outcome is published to exactly one of the two."""

    alerts: sns.Topic
    """ScalperAlerts: alarms, the daily check, and the outcomes that are e-mailed."""
    quiet: sns.Topic
    """ScalperQuietOutcomes: the outcomes that `email_on` or the e-mail budget leaves out."""

    @property
    def arns(self) -> list[Input[str]]:
        """Of both, for whoever publishes outcomes."""
        return [self.alerts.arn, self.quiet.arn]


def topics(scope: Scope, settings: Settings, *, account_id: Input[str]) -> Topics:
    """Without a key of their own unless one is given: alarms cannot publish to a topic encrypted
    with `alias/aws/sns`, and a customer key costs money every month.
    """
    made = Topics(
        alerts=_topic(scope, settings, "ScalperAlerts"),
        quiet=_topic(scope, settings, "ScalperQuietOutcomes"),
    )
    _set_policy(scope, "ScalperAlerts", made.alerts, account_id, alarms_publish=True)
    _set_policy(scope, "ScalperQuietOutcomes", made.quiet, account_id, alarms_publish=False)
    _subscribe_people(scope, made.alerts, settings.alert_emails)
    return made


def _topic(scope: Scope, settings: Settings, name: str) -> sns.Topic:
    return sns.Topic(
        scope.child(name),
        kms_master_key_id=settings.kms_key_arn,
        tags=scope.tags,
        opts=scope.options(),
    )


def _subscribe_people(scope: Scope, topic: sns.Topic, addresses: Sequence[str]) -> None:
    """Named by address, so that removing one leaves the others and their confirmation alone."""
    for address in addresses:
        sns.TopicSubscription(
            scope.child(f"ScalperAlerts-{address}"),
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            opts=scope.options(),
        )


def _set_policy(
    scope: Scope, name: str, topic: sns.Topic, account_id: Input[str], *, alarms_publish: bool
) -> None:
    sns.TopicPolicy(
        scope.child(f"{name}-policy"),
        arn=topic.arn,
        policy=render(
            [
                _owner_keeps_its_rights(topic, account_id),
                *([_alarms_of_this_account(topic, account_id)] if alarms_publish else []),
                _deny_plain_http(topic),
            ]
        ),
        opts=scope.options(),
    )


def _owner_keeps_its_rights(topic: sns.Topic, account_id: Input[str]) -> Statement:
    return {
        "Sid": "OwnerKeepsItsRights",
        "Effect": "Allow",
        "Principal": {"AWS": account_id},
        "Action": OWNER_ACTIONS,
        "Resource": [topic.arn],
    }


def _alarms_of_this_account(topic: sns.Topic, account_id: Input[str]) -> Statement:
    return {
        "Sid": "AlarmsOfThisAccountPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": [topic.arn],
        "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
    }


def _deny_plain_http(topic: sns.Topic) -> Statement:
    """SNS takes no wildcard action in a topic policy."""
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sns:Publish"],
        "Resource": [topic.arn],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
