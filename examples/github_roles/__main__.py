"""Two roles that a GitHub repository's workflows take for an hour; no key is stored anywhere.

The reader, for pull requests and the drift check, sees settings and state, and no file or record.
The deployer is given to the repository's environments alone, whose reviewers approve. Whatever
role it makes for a pipeline's functions is bound to that pipeline's policy of
`functions_boundary_arns`: give that to the pipeline as `permissions_boundary_arn`.
"""

import pulumi
import pulumi_aws as aws
from permissions import (
    Place,
    Statement,
    deploying,
    document,
    encrypting,
    fitted,
    granting,
    keeping_state,
    reading,
    running,
    without_a_name,
)

ROLE_PATH = "/github-workflows/"
GITHUB = "token.actions.githubusercontent.com"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MANAGED, INLINE, POLICY_NAME = 6_144, 10_240, 128

config = pulumi.Config()
repository = config.require("repository")
environments = config.get_object("environments", ["dev", "prod"])
place = Place(
    partition=aws.get_partition().partition,
    region=aws.get_region().region,
    account=aws.get_caller_identity().account_id,
    pipelines=tuple(config.get_object("pipelines", ["intake"])),
    kms_key_arn=config.get("kms_key_arn"),
    name_pattern=config.get("name_pattern") or "{pipeline}-*",
)
state = (config.require("state_bucket"), config.get("state_prefix") or "")


def policy(statements: list[Statement]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(document(statements))


def managed(name: str, description: str, statements: list[Statement]) -> aws.iam.Policy:
    fitted(name, statements, MANAGED, place)
    return aws.iam.Policy(name, description=description, policy=policy(statements))


def attach(role: aws.iam.Role, name: str, statements: list[Statement]) -> None:
    made = managed(name, f"What {name} says, of the named pipelines", statements)
    aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=made.arn)


def inline(role: aws.iam.Role, name: str, statements: list[Statement]) -> None:
    fitted(name, statements, INLINE, place)
    aws.iam.RolePolicy(name, role=role.name, policy=policy(statements))


def role(name: str, description: str, subjects: list[str]) -> aws.iam.Role:
    """Taken by tokens with exactly one of these subjects; no `*`, so that none is forgotten."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": github_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{GITHUB}:aud": "sts.amazonaws.com",
                f"{GITHUB}:sub": [f"repo:{repository}:{subject}" for subject in subjects],
            }
        },
    }
    # On a path of their own: `role/NAME-*` of a pipeline is never one of these, whatever NAME is.
    return aws.iam.Role(
        name, path=ROLE_PATH, description=description, assume_role_policy=policy([trusted])
    )


# An account has one of GitHub's; where there is one already, it is named in the settings.
github_arn: pulumi.Input[str] | None = config.get("identity_provider_arn")
if not github_arn:
    github_arn = aws.iam.OpenIdConnectProvider(
        "github", url=f"https://{GITHUB}", client_id_lists=["sts.amazonaws.com"]
    ).arn

boundaries = {
    pipeline: managed(
        f"{pipeline}-functions-boundary",
        f"The most that the functions of {pipeline} may do",
        running(place.of(pipeline)),
    )
    for pipeline in place.pipelines
}

reader = role(
    "reader", "Previews pull requests, looks for drift", ["pull_request", "ref:refs/heads/main"]
)
for group, statements in reading(place).items():
    attach(reader, f"reader-{group}", statements)
inline(
    reader,
    "reader-policy",
    [*without_a_name(write=False), *keeping_state(place, *state, write=False)],
)

deployer = role("deployer", "Deploys main", [f"environment:{one}" for one in environments])
may_destroy = config.get_bool("may_destroy", False)
for group, statements in deploying(place, may_destroy=may_destroy).items():
    attach(deployer, f"deployer-{group}", statements)
# The names of the boundaries are still to be made: they are taken for as long as a name may be.
longest = f"arn:{place.partition}:iam::{place.account}:policy/{'x' * POLICY_NAME}"
fitted("deployer-grants", granting(place, dict.fromkeys(boundaries, longest)), MANAGED, place)
grants = aws.iam.Policy(
    "deployer-grants",
    description="Roles for the functions, inside their pipeline's boundary",
    policy=policy(granting(place, {name: made.arn for name, made in boundaries.items()})),
)
aws.iam.RolePolicyAttachment("deployer-grants", role=deployer.name, policy_arn=grants.arn)
inline(
    deployer,
    "deployer-policy",
    [
        *without_a_name(write=True),
        *encrypting(place),
        *keeping_state(place, *state, write=True),
    ],
)

pulumi.export("reader_role_arn", reader.arn)
pulumi.export("deployer_role_arn", deployer.arn)
pulumi.export("functions_boundary_arns", {name: made.arn for name, made in boundaries.items()})
