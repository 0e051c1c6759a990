"""What CloudWatch publishes reaches every address, whatever `email_on` says."""

import json
from collections.abc import Iterator

import pytest

from components import SilentScalperPipeline, SilentScalperPipelineArgs
from tests.component.recorder import ACCOUNT, Deployment, Registered, deploy

from .conftest import REGION, Account, CloudThatDelivers

ADDRESSES = ["ops@example.com", "data@example.com"]


@pytest.fixture(scope="module", params=["all", "failures", "none"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    args: SilentScalperPipelineArgs = {"alert_emails": ADDRESSES, "email_on": request.param}
    return deploy(lambda: SilentScalperPipeline("intake", args))


@pytest.fixture
def account(cloud: CloudThatDelivers, deployment: Deployment) -> Iterator[Account]:
    account = Account(cloud.sns, cloud.sqs, deployment)
    yield account
    account.close()


def goes_off(account: Account, alarm: Registered) -> None:
    """Publish what CloudWatch does: no attributes, and JSON of this shape.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    inputs, name = alarm.inputs, alarm.outputs["name"]
    (action,) = inputs["alarmActions"]
    topic_arn = account.arn(action)
    message = {
        "AlarmName": name,
        "AlarmDescription": inputs["alarmDescription"],
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-03-01T11:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [12.0 (01/03/26 12:00:00)] was greater "
        f"than or equal to the threshold ({inputs['threshold']}).",
        "StateChangeTime": "2026-03-01T12:05:12.345+0000",
        "Region": "EU (Stockholm)",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}",
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": [topic_arn],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": inputs["metricName"],
            "Namespace": inputs["namespace"],
            "StatisticType": "Statistic",
            "Statistic": inputs["statistic"].upper(),
            "Unit": None,
            "Dimensions": [
                {"value": value, "name": name} for name, value in inputs["dimensions"].items()
            ],
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": inputs["comparisonOperator"],
            "Threshold": inputs["threshold"],
            "TreatMissingData": inputs["treatMissingData"],
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    subject = f'ALARM: "{name}" in EU (Stockholm)'
    account.sns.publish(TopicArn=topic_arn, Subject=subject, Message=json.dumps(message))


def test_every_alarm_reaches_every_address(account: Account, deployment: Deployment) -> None:
    alarms = deployment.of("MetricAlarm")
    assert alarms
    for alarm in alarms:
        goes_off(account, alarm)
    for address in ADDRESSES:
        delivered = account.mailboxes[address].receive()
        assert sorted(one.message["AlarmName"] for one in delivered) == sorted(
            alarm.outputs["name"] for alarm in alarms
        ), f"what {address} got"


def test_an_address_confirms_one_subscription(deployment: Deployment) -> None:
    subscriptions = deployment.of("TopicSubscription")
    assert sorted(one.inputs["endpoint"] for one in subscriptions) == sorted(ADDRESSES)
