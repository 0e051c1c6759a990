"""IAM roles and their policies."""

from .base import Inputs, Parameters, Resource, State, present, reasons
from .s3 import NOT_EVALUATED


class Role(Resource):
    token = "aws:iam/role:Role"
    without_effect = reasons(
        assumeRolePolicy=NOT_EVALUATED,
        forceDetachPolicies="nothing is destroyed alone",
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
        role = self.cloud.iam.create_role(**parameters)["Role"]
        return State(
            role["RoleName"],
            {"name": role["RoleName"], "arn": role["Arn"], "uniqueId": role["RoleId"]},
        )


class RolePolicy(Resource):
    token = "aws:iam/rolePolicy:RolePolicy"
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


TYPES: tuple[type[Resource], ...] = (Role, RolePolicy)
