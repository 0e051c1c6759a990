"""The resources that a Pulumi program registers, found by running it on mocks. Needs Pulumi.

The only module of this package that knows Pulumi; nothing reaches AWS.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.runtime import mocks

from local.errors import UnsupportedError
from local.evaluation import evaluate, plain, read_yaml, stack_config

from .errors import CostError
from .resources import COMPONENT, Resource

REGION, ACCOUNT = "us-east-1", "123456789012"
SUFFIX = "1a2b3c4"
"""As long as what Pulumi adds to a name: names are stored with every record."""


def registered_resources(
    root: Path, stack: str | None = None, arguments: Mapping[str, Any] | None = None
) -> list[Resource]:
    """What the program in `root` registers, with the settings of `stack` or without any.

    `arguments` of the component win over those of the stack. Raises a `CostError` for what the
    program refuses.
    """
    try:
        project = read_yaml(root / "Pulumi.yaml")
        own = read_yaml(root / f"Pulumi.{stack}.yaml") if stack else {}
        config = stack_config(project, own)
    except UnsupportedError as error:
        raise CostError(
            f"{error} Run this in the folder of the Pulumi program, with --stack NAME for each "
            "Pulumi.NAME.yaml in it."
        ) from None
    if arguments:
        key = f"{project['name']}:pipeline"
        config[key] = json.dumps({**json.loads(config.get(key, "{}")), **arguments})
    register = _Register()
    try:
        evaluate(root, stack or "cost", config, register)
    except (ValueError, TypeError, UnsupportedError) as error:
        raise CostError(f"The program refused its settings: {error}") from error
    return register.resources


class _Register(mocks.Mocks):
    """Lists what is registered, and gives every output that another resource may ask for."""

    def __init__(self) -> None:
        self.resources: list[Resource] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs = plain(args.inputs)
        if args.custom or args.typ == COMPONENT:
            self.resources.append(Resource(args.typ, args.name, inputs))
        named = f"{args.name}-{SUFFIX}"
        service = args.typ.split(":")[1].partition("/")[0]
        arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{named}"
        return named, {"arn": arn, **dict.fromkeys(("bucket", "name", "url"), named), **inputs}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        answers = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
            "aws:index/getRegion:getRegion": {"region": REGION, "name": REGION},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
        }
        if args.token not in answers:
            raise UnsupportedError(f"it calls {args.token}; add the answer to cost/registered.py")
        return {"id": REGION, **answers[args.token]}, []
