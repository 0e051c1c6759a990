"""Topics, subscriptions and queues."""

from .base import Inputs, Parameters, Resource, State, account_of, pascal, present, reasons
from .s3 import NOT_EVALUATED


class Topic(Resource):
    token = "aws:sns/topic:Topic"

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


class TopicPolicy(Resource):
    token = "aws:sns/topicPolicy:TopicPolicy"
    without_effect = reasons(policy=NOT_EVALUATED)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"TopicArn": inputs.require("arn"), "AttributeValue": inputs.require("policy")}

    def create(self, parameters: Parameters) -> State:
        self.cloud.sns.set_topic_attributes(AttributeName="Policy", **parameters)
        return State(parameters["TopicArn"], {"owner": account_of(parameters["TopicArn"])})


class TopicSubscription(Resource):
    token = "aws:sns/topicSubscription:TopicSubscription"
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


class Queue(Resource):
    token = "aws:sqs/queue:Queue"

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
        sqs = self.cloud.sqs
        url = sqs.create_queue(**parameters)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = answer["Attributes"]["QueueArn"]
        return State(url, {"url": url, "arn": arn, "name": parameters["QueueName"]})


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


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _switch(value: object) -> str | None:
    return None if value is None else str(bool(value)).lower()


TYPES: tuple[type[Resource], ...] = (Topic, TopicPolicy, TopicSubscription, Queue, QueuePolicy)
