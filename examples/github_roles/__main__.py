"""Two roles that a GitHub repository's workflows take for an hour; no key is stored anywhere.

The reader, for pull requests and the drift check, sees settings and state, and no file or record.
The deployer is given to the repository's environments alone, whose reviewers approve. Whatever
role it makes for a function is bound to `functions_boundary_arn`: give that to the pipeline as
`permissions_boundary_arn`.
"""

import pulumi
import pulumi_aws as aws
from permissions import Place, Statement, deploying, keeping_state, reading, running

GITHUB = "token.actions.githubusercontent.com"

config = pulumi.Config()
repository = config.require("repository")
environments = config.get_object("environments", ["dev", "prod"])
partition = aws.get_partition().partition
place = Place(
    partition=partition,
    region=aws.get_region().region,
    account=aws.get_caller_identity().account_id,
    pipelines=tuple(config.get_object("pipelines", ["intake"])),
    kms_key_arn=config.get("kms_key_arn"),
)
state_arn = f"arn:{partition}:s3:::{config.require('state_bucket')}"


def policy(statements: list[Statement]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def role(name: str, description: str, subjects: list[str]) -> aws.iam.Role:
    """Taken by tokens with exactly one of these subjects; no `*`, so that none is forgotten."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": github.arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{GITHUB}:aud": "sts.amazonaws.com",
                f"{GITHUB}:sub": [f"repo:{repository}:{subject}" for subject in subjects],
            }
        },
    }
    return aws.iam.Role(name, description=description, assume_role_policy=policy([trusted]))


# One an account. Where there is one already: pulumi import it.
github = aws.iam.OpenIdConnectProvider(
    "github", url=f"https://{GITHUB}", client_id_lists=["sts.amazonaws.com"]
)

boundary = aws.iam.Policy(
    "functions-boundary",
    description="The most that the functions of a pipeline may do",
    policy=policy(running(place)),
)

reader = role(
    "reader", "Previews pull requests, looks for drift", ["pull_request", "ref:refs/heads/main"]
)
aws.iam.RolePolicy(
    "reader-policy",
    role=reader.name,
    policy=policy([*reading(place), *keeping_state(state_arn, write=False)]),
)

deployer = role("deployer", "Deploys main", [f"environment:{one}" for one in environments])
aws.iam.RolePolicy(
    "deployer-policy",
    role=deployer.name,
    policy=policy(
        [
            *reading(place),
            *deploying(
                place,
                boundary_arn=boundary.arn,
                may_destroy=config.get_bool("may_destroy", False),
            ),
            *keeping_state(state_arn, write=True),
        ]
    ),
)

pulumi.export("reader_role_arn", reader.arn)
pulumi.export("deployer_role_arn", deployer.arn)
pulumi.export("functions_boundary_arn", boundary.arn)
