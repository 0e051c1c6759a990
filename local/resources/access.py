"""IAM roles and their policies."""

from collections.abc import Mapping
from typing import Any

from .base import (
    Inputs,
    Parameters,
    Resource,
    State,
    as_dict,
    present,
    reasons,
    tag_changes,
)
from .s3 import NOT_EVALUATED


class Role(Resource):
    token = "aws:iam/role:Role"
    named_by = "name"
    computed = ("arn", "uniqueId")
    without_effect = reasons(
        assumeRolePolicy=NOT_EVALUATED,
        forceDetachPolicies="says only how to delete",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        return present(
            RoleName=inputs.name(),
            AssumeRolePolicyDocument=inputs.require("assumeRolePolicy"),
            Description=inputs.take("description"),
            Path=inputs.take("path"),
            MaxSessionDuration=inputs.take("maxSessionDuration"),
            PermissionsBoundary=inputs.take("permissionsBoundary"),
            Tags=inputs.tag_list() or None,
        )

    def create(self, parameters: Parameters) -> State:
        self.cloud.iam.create_role(**parameters)
        return self._state(parameters["RoleName"])

    def update(self, id: str, parameters: Parameters) -> State:
        iam, policy = self.cloud.iam, parameters["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(RoleName=id, PolicyDocument=policy)
        iam.update_role(
            RoleName=id,
            Description=parameters.get("Description", ""),
            MaxSessionDuration=parameters.get("MaxSessionDuration", 3600),
        )
        if boundary := parameters.get("PermissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=id)
        old = as_dict(iam.list_role_tags(RoleName=id)["Tags"])
        _, gone = tag_changes(old, as_dict(parameters.get("Tags", [])))
        if gone:
            iam.untag_role(RoleName=id, TagKeys=gone)
        iam.tag_role(RoleName=id, Tags=parameters.get("Tags", []))
        return self._state(id)

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.iam.delete_role(RoleName=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.cloud.iam.get_role(RoleName=id)
        return {}

    def _state(self, name: str) -> State:
        role = self.cloud.iam.get_role(RoleName=name)["Role"]
        return State(name, {"name": name, "arn": role["Arn"], "uniqueId": role["RoleId"]})


class RolePolicy(Resource):
    token = "aws:iam/rolePolicy:RolePolicy"
    named_by = "name"
    without_effect = reasons(policy=NOT_EVALUATED)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {
            "RoleName": inputs.require("role"),
            "PolicyName": inputs.name(),
            "PolicyDocument": inputs.require("policy"),
        }

    def create(self, parameters: Parameters) -> State:
        self.cloud.iam.put_role_policy(**parameters)
        name = parameters["PolicyName"]
        return State(f"{parameters['RoleName']}:{name}", {"name": name})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        role, _, policy = id.partition(":")
        self.cloud.iam.delete_role_policy(RoleName=role, PolicyName=policy)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        role, _, policy = id.partition(":")
        self.cloud.iam.get_role_policy(RoleName=role, PolicyName=policy)
        return {}


TYPES: tuple[type[Resource], ...] = (Role, RolePolicy)
