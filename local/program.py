"""Deploys the repository's Pulumi program as it is: each resource is made on the emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi.runtime import mocks

from .cloud import Cloud
from .errors import UnsupportedError
from .evaluation import evaluate, plain, read_yaml, stack_config
from .existing_bucket import found_or_made
from .outputs import marked, require_unmarked
from .resources import resource_for


@dataclass(frozen=True)
class Made:
    """A resource that the program registered and the emulator now has."""

    token: str
    logical_name: str
    id: str


Listener = Callable[[Made], None]


def deploy(
    root: Path,
    stack: str,
    cloud: Cloud,
    on_made: Listener = lambda made: None,
    on_note: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Run the program in `root` for `stack` and return the stack's outputs."""
    config = stack_config(read_yaml(root / "Pulumi.yaml"), read_yaml(root / f"Pulumi.{stack}.yaml"))
    outputs = evaluate(root, stack, config, EmulatorMocks(cloud, on_made), on_note)
    require_unmarked("The stack", outputs)
    return outputs


class EmulatorMocks(mocks.Mocks):
    """Makes what the program registers; components and the stack are the SDK's own affair."""

    def __init__(self, cloud: Cloud, on_made: Listener) -> None:
        self._cloud = cloud
        self._on_made = on_made

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        # What is read instead of made comes without the mark of a custom resource.
        if args.resource_id:
            raise UnsupportedError(f"{args.name}: the emulator holds nothing to read or import.")
        if not args.custom:
            return "", args.inputs
        inputs = plain(args.inputs)
        require_unmarked(args.name, inputs)
        state = resource_for(args.typ, self._cloud).make(args.name, inputs)
        self._on_made(Made(args.typ, args.name, state.id))
        outputs = {"tagsAll": inputs.get("tags"), **inputs, **state.outputs}
        return state.id, marked(args.typ, args.name, outputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        region = {"id": self._cloud.region, "region": self._cloud.region}
        match args.token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                identity = self._cloud.sts.get_caller_identity()
                account = {"accountId": identity["Account"], "id": identity["Account"]}
                return {**account, "arn": identity["Arn"], "userId": identity["UserId"]}, []
            case "aws:index/getRegion:getRegion":
                return {**region, "name": self._cloud.region}, []
            case "aws:s3/getBucket:getBucket":
                return dict(found_or_made(self._cloud, args.args["bucket"])), []
            case "aws:index/getPartition:getPartition":
                return {**region, "partition": "aws", "dnsSuffix": "amazonaws.com"}, []
        raise UnsupportedError(
            f"The local deployment cannot answer {args.token}. Add the call to local/program.py."
        )
