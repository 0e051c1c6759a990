"""The table."""

from typing import Any

from ..errors import UnsupportedError
from .base import Inputs, Parameters, Resource, State, pascal, present, reasons


class Table(Resource):
    """An on-demand table: provisioned capacity bills while idle, so it is not translated."""

    token = "aws:dynamodb/table:Table"
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
        if ttl := parameters["ttl"]:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        if recovery := parameters["recovery"]:
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=recovery
            )
        return State(name, {"name": name, "arn": arn})


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


def _recovery(recovery: dict[str, Any]) -> Parameters:
    if unknown := recovery.keys() - {"enabled", "recoveryPeriodInDays"}:
        raise UnsupportedError(f"pointInTimeRecovery: {', '.join(sorted(unknown))} is not known.")
    return present(
        PointInTimeRecoveryEnabled=bool(recovery.get("enabled")),
        RecoveryPeriodInDays=recovery.get("recoveryPeriodInDays"),
    )


TYPES: tuple[type[Resource], ...] = (Table,)
