"""The table."""

from collections.abc import Mapping
from typing import Any

from ..errors import UnsupportedError
from .base import (
    Inputs,
    Parameters,
    Resource,
    State,
    as_dict,
    pascal,
    present,
    reasons,
    tag_changes,
)


class Table(Resource):
    """An on-demand table: provisioned capacity bills while idle, so it is not translated."""

    token = "aws:dynamodb/table:Table"
    named_by = "name"
    computed = ("arn",)
    without_effect = reasons(
        serverSideEncryption="the emulator encrypts nothing at rest",
        tableClass="changes the price alone",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        ttl, recovery = inputs.take("ttl"), inputs.take("pointInTimeRecovery")
        table = present(
            TableName=inputs.name(),
            BillingMode=inputs.require("billingMode"),
            AttributeDefinitions=[
                {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
                for attribute in inputs.require("attributes")
            ],
            KeySchema=_key_schema(inputs.require("hashKey"), inputs.take("rangeKey")),
            GlobalSecondaryIndexes=[
                _index(index) for index in inputs.take("globalSecondaryIndexes") or []
            ]
            or None,
            DeletionProtectionEnabled=inputs.take("deletionProtectionEnabled"),
            Tags=inputs.tag_list() or None,
        )
        return {
            "table": table,
            "ttl": pascal(ttl) if ttl else None,
            "recovery": _recovery(recovery) if recovery else None,
        }

    def create(self, parameters: Parameters) -> State:
        dynamodb, name = self.cloud.dynamodb, parameters["table"]["TableName"]
        arn = dynamodb.create_table(**parameters["table"])["TableDescription"]["TableArn"]
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        self._apart_from_the_table(name, parameters)
        return State(name, {"name": name, "arn": arn})

    def update(self, id: str, parameters: Parameters) -> State:
        dynamodb, table = self.cloud.dynamodb, parameters["table"]
        described = dynamodb.describe_table(TableName=id)["Table"]
        if _indexes(described) != _indexes(table):
            raise UnsupportedError(f"{id}: a change of the indexes is not translated.")
        arn = described["TableArn"]
        dynamodb.update_table(
            TableName=id,
            DeletionProtectionEnabled=table.get("DeletionProtectionEnabled", False),
        )
        self._apart_from_the_table(id, parameters)
        old = as_dict(dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"])
        _, gone = tag_changes(old, as_dict(table.get("Tags", [])))
        if gone:
            dynamodb.untag_resource(ResourceArn=arn, TagKeys=gone)
        dynamodb.tag_resource(ResourceArn=arn, Tags=table.get("Tags", []))
        return State(id, {"name": id, "arn": arn})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.dynamodb.delete_table(TableName=id)
        self.cloud.dynamodb.get_waiter("table_not_exists").wait(
            TableName=id, WaiterConfig={"Delay": 1}
        )

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.dynamodb.describe_table(TableName=id)
        return {}

    def _apart_from_the_table(self, name: str, parameters: Parameters) -> None:
        """What the API sets by calls of its own."""
        dynamodb = self.cloud.dynamodb
        if ttl := parameters["ttl"]:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        if recovery := parameters["recovery"]:
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=recovery
            )


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return schema + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])


def _index(index: dict[str, Any]) -> Parameters:
    index = dict(index)
    schema = [
        {"AttributeName": key["attributeName"], "KeyType": key["keyType"]}
        for key in index.pop("keySchemas", [])
    ] or _key_schema(index.pop("hashKey"), index.pop("rangeKey", None))
    projection = present(
        ProjectionType=index.pop("projectionType"),
        NonKeyAttributes=index.pop("nonKeyAttributes", None),
    )
    return {
        "IndexName": index.pop("name"),
        "KeySchema": schema,
        "Projection": projection,
        **pascal(index),
    }


def _indexes(table: Mapping[str, Any]) -> dict[str, Any]:
    """What a table's indexes are, as it was asked for or as it is described."""
    return {
        index["IndexName"]: (index["KeySchema"], index["Projection"])
        for index in table.get("GlobalSecondaryIndexes") or []
    }


def _recovery(recovery: dict[str, Any]) -> Parameters:
    if unknown := recovery.keys() - {"enabled", "recoveryPeriodInDays"}:
        raise UnsupportedError(f"pointInTimeRecovery: {', '.join(sorted(unknown))} is not known.")
    return present(
        PointInTimeRecoveryEnabled=bool(recovery.get("enabled")),
        RecoveryPeriodInDays=recovery.get("recoveryPeriodInDays"),
    )


TYPES: tuple[type[Resource], ...] = (Table,)
