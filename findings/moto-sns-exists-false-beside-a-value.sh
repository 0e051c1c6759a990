#!/usr/bin/env bash
# moto 5.2.5: a filter policy of SNS that lists {"exists": false} beside a value drops every message
# that lacks the attribute, though each of the two alone is enough by Amazon's documentation; the
# same condition alone, or in an "$or", lets them through. It even lets a message through that has
# no attributes at all, which Amazon SNS by its documentation does not: "exists: false" needs one
# other attribute there. So neither a test that passes nor one that fails on moto says what such a
# filter does to a message without attributes, such as a CloudWatch alarm's.
# https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106 'moto[sns,sqs]==5.2.5'
cat > "$dir/try.py" <<'PY'
import json, os
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
import boto3
from moto import mock_aws

OTHER = {"other": {"DataType": "String", "StringValue": "x"}}
POLICIES = [
    {"word": [{"exists": False}]},
    {"$or": [{"word": ["yes"]}, {"word": [{"exists": False}]}]},
    {"word": ["yes", {"exists": False}]},
]
with mock_aws():
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    for number, policy in enumerate(POLICIES):
        topic = sns.create_topic(Name=f"topic{number}")["TopicArn"]
        url = sqs.create_queue(QueueName=f"queue{number}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": json.dumps(policy)})
        for what, more in (("no attributes", {}), ("another attribute", {"MessageAttributes": OTHER})):
            sns.publish(TopicArn=topic, Message="m", **more)
            got = sqs.receive_message(QueueUrl=url).get("Messages")
            print(f"{json.dumps(policy)}, {what}: {'arrives' if got else 'dropped'}")
PY
seen=$("$dir/venv/bin/python" "$dir/try.py")
echo "$seen"
[ "$seen" = '{"word": [{"exists": false}]}, no attributes: arrives
{"word": [{"exists": false}]}, another attribute: arrives
{"$or": [{"word": ["yes"]}, {"word": [{"exists": false}]}]}, no attributes: arrives
{"$or": [{"word": ["yes"]}, {"word": [{"exists": false}]}]}, another attribute: arrives
{"word": ["yes", {"exists": false}]}, no attributes: dropped
{"word": ["yes", {"exists": false}]}, another attribute: dropped' ] || { echo "CHANGED: moto 5.2.5 behaves in another way than it did" >&2; exit 1; }
