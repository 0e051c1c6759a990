"""The ScalperAlerts topic, who may publish to it, and the people who are told by e-mail."""

import json
from collections.abc import Sequence

from pulumi import Input
from pulumi_aws import sns

from .args import Settings
from .iam import Statement, render
from .scope import Scope

EMAIL_FILTER = {"email": ["yes", {"exists": False}]}
"""Outcomes say whether they are for e-mail. Alarms carry no attributes and must come through."""

OWNER_ACTIONS = [
    "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:AddPermission",
    "sns:RemovePermission", "sns:DeleteTopic", "sns:Subscribe",
    "sns:ListSubscriptionsByTopic", "sns:Publish",
]  # fmt: skip
"""What SNS's own default policy, which a topic policy replaces, leaves to the owner's account."""


def alerts_topic(scope: Scope, settings: Settings, *, account_id: Input[str]) -> sns.Topic:
    """Without a key of its own unless one is given: alarms cannot publish to a topic encrypted with
    `alias/aws/sns`, and a customer key costs money every month.
    """
    topic = sns.Topic(
        scope.child("ScalperAlerts"),
        kms_master_key_id=settings.kms_key_arn,
        tags=scope.tags,
        opts=scope.options(),
    )
    sns.TopicPolicy(
        scope.child("ScalperAlerts-policy"),
        arn=topic.arn,
        policy=render(_policy(topic, account_id)),
        opts=scope.options(),
    )
    _subscribe_people(scope, topic, settings.alert_emails)
    return topic


def _subscribe_people(scope: Scope, topic: sns.Topic, addresses: Sequence[str]) -> None:
    """Named by address, so that removing one leaves the others and their confirmation alone."""
    for address in addresses:
        sns.TopicSubscription(
            scope.child(f"ScalperAlerts-{address}"),
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            filter_policy=json.dumps(EMAIL_FILTER),
            filter_policy_scope="MessageAttributes",
            opts=scope.options(),
        )


def _policy(topic: sns.Topic, account_id: Input[str]) -> list[Statement]:
    return [
        {
            "Sid": "OwnerKeepsItsRights",
            "Effect": "Allow",
            "Principal": {"AWS": account_id},
            "Action": OWNER_ACTIONS,
            "Resource": [topic.arn],
        },
        {
            "Sid": "AlarmsOfThisAccountPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": [topic.arn],
            "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
        },
        {
            # SNS takes no wildcard action in a topic policy.
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sns:Publish"],
            "Resource": [topic.arn],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
