"""Topics, subscriptions and queues."""

import json
from collections.abc import Mapping
from typing import Any

from .base import (
    Inputs,
    Parameters,
    Resource,
    State,
    account_of,
    as_dict,
    pascal,
    present,
    reasons,
    tag_changes,
)
from .s3 import NOT_EVALUATED


class Topic(Resource):
    token = "aws:sns/topic:Topic"
    named_by = "name"
    computed = ("arn", "owner")

    def parameters(self, inputs: Inputs) -> Parameters:
        attributes = present(
            DisplayName=inputs.take("displayName"),
            KmsMasterKeyId=inputs.take("kmsMasterKeyId"),
            SignatureVersion=_text(inputs.take("signatureVersion")),
        )
        return {"Name": inputs.name(), "Tags": inputs.tag_list(), "Attributes": attributes}

    def create(self, parameters: Parameters) -> State:
        arn = self.cloud.sns.create_topic(**parameters)["TopicArn"]
        return State(arn, {"arn": arn, "name": parameters["Name"], "owner": account_of(arn)})

    def update(self, id: str, parameters: Parameters) -> State:
        sns = self.cloud.sns
        # What is left out of an update stays as it is: what is unset must be said.
        attributes = {"DisplayName": "", "KmsMasterKeyId": "", **parameters["Attributes"]}
        for name, value in attributes.items():
            sns.set_topic_attributes(TopicArn=id, AttributeName=name, AttributeValue=value)
        old = as_dict(sns.list_tags_for_resource(ResourceArn=id)["Tags"])
        _, dropped = tag_changes(old, as_dict(parameters["Tags"]))
        if dropped:
            sns.untag_resource(ResourceArn=id, TagKeys=dropped)
        sns.tag_resource(ResourceArn=id, Tags=parameters["Tags"])
        return State(id, {"arn": id, "name": parameters["Name"], "owner": account_of(id)})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.sns.delete_topic(TopicArn=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.sns.get_topic_attributes(TopicArn=id)
        return {}


class TopicPolicy(Resource):
    token = "aws:sns/topicPolicy:TopicPolicy"
    computed = ("owner",)
    without_effect = reasons(policy=NOT_EVALUATED)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"TopicArn": inputs.require("arn"), "AttributeValue": inputs.require("policy")}

    def create(self, parameters: Parameters) -> State:
        self.cloud.sns.set_topic_attributes(AttributeName="Policy", **parameters)
        return State(parameters["TopicArn"], {"owner": account_of(parameters["TopicArn"])})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        # A topic has a policy always; the provider puts SNS's own back.
        policy = json.dumps({"Version": "2008-10-17", "Statement": []})
        self.cloud.sns.set_topic_attributes(
            TopicArn=id, AttributeName="Policy", AttributeValue=policy
        )

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.sns.get_topic_attributes(TopicArn=id)
        return {}


class TopicSubscription(Resource):
    token = "aws:sns/topicSubscription:TopicSubscription"
    computed = ("arn",)
    without_effect = reasons(
        endpoint="an e-mail is never sent: the emulator logs the address and drops the text",
        confirmationTimeoutInMinutes="the emulator confirms at once",
        endpointAutoConfirms="the emulator confirms at once",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        attributes = present(
            FilterPolicy=inputs.take("filterPolicy"),
            FilterPolicyScope=inputs.take("filterPolicyScope"),
            RawMessageDelivery=_switch(inputs.take("rawMessageDelivery")),
            RedrivePolicy=inputs.take("redrivePolicy"),
        )
        return {
            "TopicArn": inputs.require("topic"),
            "Protocol": inputs.require("protocol"),
            "Endpoint": inputs.require("endpoint"),
            "Attributes": attributes,
        }

    def create(self, parameters: Parameters) -> State:
        answer = self.cloud.sns.subscribe(ReturnSubscriptionArn=True, **parameters)
        return State(answer["SubscriptionArn"], {"arn": answer["SubscriptionArn"]})

    def update(self, id: str, parameters: Parameters) -> State:
        for name, value in parameters["Attributes"].items():
            self.cloud.sns.set_subscription_attributes(
                SubscriptionArn=id, AttributeName=name, AttributeValue=value
            )
        return State(id, {"arn": id})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.sns.unsubscribe(SubscriptionArn=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.sns.get_subscription_attributes(SubscriptionArn=id)
        return {}


class Queue(Resource):
    token = "aws:sqs/queue:Queue"
    named_by = "name"
    computed = ("arn", "url")

    def parameters(self, inputs: Inputs) -> Parameters:
        attributes = present(
            DelaySeconds=_text(inputs.take("delaySeconds")),
            MaximumMessageSize=_text(inputs.take("maxMessageSize")),
            MessageRetentionPeriod=_text(inputs.take("messageRetentionSeconds")),
            ReceiveMessageWaitTimeSeconds=_text(inputs.take("receiveWaitTimeSeconds")),
            VisibilityTimeout=_text(inputs.take("visibilityTimeoutSeconds")),
            SqsManagedSseEnabled=_switch(inputs.take("sqsManagedSseEnabled")),
            KmsMasterKeyId=inputs.take("kmsMasterKeyId"),
            RedrivePolicy=inputs.take("redrivePolicy"),
            RedriveAllowPolicy=inputs.take("redriveAllowPolicy"),
            Policy=inputs.take("policy"),
        )
        return {"QueueName": inputs.name(), "Attributes": attributes, "tags": inputs.tags()}

    def create(self, parameters: Parameters) -> State:
        url = self.cloud.sqs.create_queue(**parameters)["QueueUrl"]
        return self._state(url, parameters["QueueName"])

    def update(self, id: str, parameters: Parameters) -> State:
        sqs = self.cloud.sqs
        attributes = parameters["Attributes"]
        if "KmsMasterKeyId" not in attributes:
            attributes = {"KmsMasterKeyId": "", **attributes}
        sqs.set_queue_attributes(QueueUrl=id, Attributes=attributes)
        old = sqs.list_queue_tags(QueueUrl=id).get("Tags", {})
        new, dropped = tag_changes(old, parameters["tags"])
        if dropped:
            sqs.untag_queue(QueueUrl=id, TagKeys=dropped)
        if new:
            sqs.tag_queue(QueueUrl=id, Tags=new)
        return self._state(id, parameters["QueueName"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.sqs.delete_queue(QueueUrl=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["QueueArn"])
        return {}

    def _state(self, url: str, name: str) -> State:
        answer = self.cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return State(url, {"url": url, "arn": answer["Attributes"]["QueueArn"], "name": name})


class QueuePolicy(Resource):
    token = "aws:sqs/queuePolicy:QueuePolicy"

    def parameters(self, inputs: Inputs) -> Parameters:
        return {
            "QueueUrl": inputs.require("queueUrl"),
            "Attributes": pascal({"policy": inputs.require("policy")}),
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.sqs.set_queue_attributes(**parameters)
        return State(parameters["QueueUrl"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.sqs.set_queue_attributes(QueueUrl=id, Attributes={"Policy": ""})

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["Policy"])
        return {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _switch(value: object) -> str | None:
    return None if value is None else str(bool(value)).lower()


TYPES: tuple[type[Resource], ...] = (Topic, TopicPolicy, TopicSubscription, Queue, QueuePolicy)
