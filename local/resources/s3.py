"""Buckets and what is attached to them."""

from collections.abc import Mapping
from typing import Any

from .base import Inputs, Parameters, Resource, State, pascal, present, reasons

NOT_EVALUATED = "evaluated only by an emulator that `enforces_access`, as one of the tests has it"

SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


class Bucket(Resource):
    token = "aws:s3/bucket:Bucket"
    named_by = "bucket"
    computed = ("arn", "bucketDomainName", "bucketRegionalDomainName")
    without_effect = reasons(forceDestroy="says only how to delete")

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"Bucket": inputs.name("bucket"), "TagSet": inputs.tag_list()}

    def create(self, parameters: Parameters) -> State:
        s3, name = self.cloud.s3, parameters["Bucket"]
        if self.cloud.region == "us-east-1":
            s3.create_bucket(Bucket=name)
        else:
            location = pascal({"locationConstraint": self.cloud.region})
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=location)
        if parameters["TagSet"]:
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": parameters["TagSet"]})
        return self._state(name)

    def update(self, id: str, parameters: Parameters) -> State:
        if parameters["TagSet"]:
            self.cloud.s3.put_bucket_tagging(Bucket=id, Tagging={"TagSet": parameters["TagSet"]})
        else:
            self.cloud.s3.delete_bucket_tagging(Bucket=id)
        return self._state(id)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        if inputs.get("forceDestroy"):
            self._empty(id)
        self.cloud.s3.delete_bucket(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.head_bucket(Bucket=id)
        return {}

    def _state(self, name: str) -> State:
        return State(
            name,
            {
                "bucket": name,
                "arn": f"arn:aws:s3:::{name}",
                "bucketDomainName": f"{name}.s3.amazonaws.com",
                "bucketRegionalDomainName": f"{name}.s3.{self.cloud.region}.amazonaws.com",
            },
        )

    def _empty(self, bucket: str) -> None:
        for page in self.cloud.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for kept in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self.cloud.s3.delete_object(
                    Bucket=bucket, Key=kept["Key"], VersionId=kept["VersionId"]
                )


class BucketVersioning(Resource):
    token = "aws:s3/bucketVersioning:BucketVersioning"

    def parameters(self, inputs: Inputs) -> Parameters:
        return {
            "Bucket": inputs.require("bucket"),
            "VersioningConfiguration": pascal(inputs.require("versioningConfiguration")),
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_versioning(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        suspended = pascal({"status": "Suspended"})
        self.cloud.s3.put_bucket_versioning(Bucket=id, VersioningConfiguration=suspended)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        status = self.cloud.s3.get_bucket_versioning(Bucket=id).get("Status", "Disabled")
        return {"versioningConfiguration": {**inputs["versioningConfiguration"], "status": status}}


class BucketServerSideEncryptionConfiguration(Resource):
    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    without_effect = reasons(rules="kept; the emulator encrypts nothing at rest")

    def parameters(self, inputs: Inputs) -> Parameters:
        words = {
            "sseAlgorithm": "SSEAlgorithm",
            "kmsMasterKeyId": "KMSMasterKeyID",
            "blockedEncryptionTypes": "BlockedEncryptionTypes",
        }
        rules = pascal(inputs.require("rules"), renamed=words)
        for rule in rules:
            # The API wraps in an object what Pulumi has as a list.
            if blocked := rule.get("BlockedEncryptionTypes"):
                rule["BlockedEncryptionTypes"] = {"EncryptionType": blocked}
        return {
            "Bucket": inputs.require("bucket"),
            "ServerSideEncryptionConfiguration": {"Rules": rules},
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_encryption(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.delete_bucket_encryption(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.get_bucket_encryption(Bucket=id)
        return {}


class BucketLifecycleConfiguration(Resource):
    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    without_effect = reasons(
        rules="kept; a deployment here does not live for days",
        transitionDefaultMinimumObjectSize="the emulator moves nothing to another storage class",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        rules = pascal(inputs.require("rules"), renamed={"id": "ID"})
        for rule in rules:
            # The API has no rule without a filter; an empty one means every object.
            rule.setdefault("Filter", {})
        return {
            "Bucket": inputs.require("bucket"),
            "LifecycleConfiguration": {"Rules": rules},
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_lifecycle_configuration(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.delete_bucket_lifecycle(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.get_bucket_lifecycle_configuration(Bucket=id)
        return {}


class BucketPublicAccessBlock(Resource):
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    without_effect = reasons(
        skipDestroy="says only how to delete",
        **dict.fromkeys(SWITCHES, "kept; the emulator knows no public access to block"),
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        block = {key: bool(inputs.take(key)) for key in SWITCHES}
        return {
            "Bucket": inputs.require("bucket"),
            "PublicAccessBlockConfiguration": pascal(block),
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_public_access_block(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.delete_public_access_block(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self.cloud.s3.get_public_access_block(Bucket=id)
        block: Mapping[str, Any] = answer["PublicAccessBlockConfiguration"]
        return {key: block[key[:1].upper() + key[1:]] for key in SWITCHES}


class BucketOwnershipControls(Resource):
    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"

    def parameters(self, inputs: Inputs) -> Parameters:
        return {
            "Bucket": inputs.require("bucket"),
            "OwnershipControls": {"Rules": [pascal(inputs.require("rule"))]},
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_ownership_controls(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.delete_bucket_ownership_controls(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.get_bucket_ownership_controls(Bucket=id)
        return {}


class BucketPolicy(Resource):
    token = "aws:s3/bucketPolicy:BucketPolicy"
    without_effect = reasons(policy=NOT_EVALUATED)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"Bucket": inputs.require("bucket"), "Policy": inputs.require("policy")}

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_policy(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.delete_bucket_policy(Bucket=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.get_bucket_policy(Bucket=id)
        return {}


class BucketNotification(Resource):
    """Functions and EventBridge: what the component uses. Others are refused by name."""

    token = "aws:s3/bucketNotification:BucketNotification"

    def parameters(self, inputs: Inputs) -> Parameters:
        configuration: Parameters = {
            "LambdaFunctionConfigurations": [
                _function_configuration(function)
                for function in inputs.take("lambdaFunctions") or []
            ]
        }
        if inputs.take("eventbridge"):
            configuration["EventBridgeConfiguration"] = {}
        return {"Bucket": inputs.require("bucket"), "NotificationConfiguration": configuration}

    def create(self, parameters: Parameters) -> State:
        self.cloud.s3.put_bucket_notification_configuration(**parameters)
        return State(parameters["Bucket"])

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.s3.put_bucket_notification_configuration(Bucket=id, NotificationConfiguration={})

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.s3.head_bucket(Bucket=id)
        return {}


def _function_configuration(function: Parameters) -> Parameters:
    function = dict(function)
    filters = {"prefix": function.pop("filterPrefix", None)}
    filters["suffix"] = function.pop("filterSuffix", None)
    rules = [{"Name": name, "Value": value} for name, value in filters.items() if value]
    return present(
        Filter={"Key": {"FilterRules": rules}} if rules else None,
        **pascal(function, renamed={"lambdaFunctionArn": "LambdaFunctionArn"}),
    )


TYPES: tuple[type[Resource], ...] = (
    Bucket,
    BucketVersioning,
    BucketServerSideEncryptionConfiguration,
    BucketLifecycleConfiguration,
    BucketPublicAccessBlock,
    BucketOwnershipControls,
    BucketPolicy,
    BucketNotification,
)
