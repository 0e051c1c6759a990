"""The emergency stop: the processor may not run at all, and nothing is lost or set aside.

With a reserved concurrency of 0 Lambda hands every event that waits or comes to the rescuer, which
records the file as HELD (NOT_STARTED), untouched in the input bucket. What was reserved before is
noted in a tag of the function, so that whoever resumes need not know.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from .deployment import Deployment
from .errors import OperateError, told_plainly

TAG = "silent-scalper:paused"
NOT_RESERVED = "none"


@dataclass(frozen=True, slots=True)
class Paused:
    """What the tag says."""

    at: str
    """ISO 8601 in UTC."""
    by: str
    """The ARN of who did it."""
    before: int | None
    """What was reserved for the processor before; None when nothing was."""

    def __str__(self) -> str:
        before = NOT_RESERVED if self.before is None else self.before
        return f"concurrency={before} at={self.at} by={self.by}"[:256]

    @classmethod
    def read(cls, tag: str) -> "Paused":
        values = dict(part.partition("=")[::2] for part in tag.split(" "))
        before = values.get("concurrency", "")
        if not (before == NOT_RESERVED or before.isdecimal()) or "at" not in values:
            raise OperateError(
                f"The processor's tag {TAG} cannot be read: {tag}. Say what to reserve for it: "
                "scalper resume --concurrency none, or a number."
            )
        reserved = None if before == NOT_RESERVED else int(before)
        return cls(values["at"], values.get("by", ""), reserved)


def concurrency(deployment: Deployment) -> int | None:
    """What is reserved for the processor; None when nothing is."""
    name = deployment.outputs.processor_function
    with told_plainly(f"read the concurrency of the function {name}"):
        answer = deployment.clients.lambda_.get_function_concurrency(FunctionName=name)
    return answer.get("ReservedConcurrentExecutions")


def paused(deployment: Deployment) -> Paused | None:
    """Who stopped the processor, as noted on it; None when nobody did."""
    arn = deployment.processor_arn
    with told_plainly(f"read the tags of the function {deployment.outputs.processor_function}"):
        tags = deployment.clients.lambda_.list_tags(Resource=arn).get("Tags", {})
    return Paused.read(tags[TAG]) if TAG in tags else None


def pause(deployment: Deployment) -> Paused | None:
    """Stop the processor; None when it was stopped already, which changes nothing."""
    before = concurrency(deployment)
    if before == 0:
        return None
    with told_plainly("tell who you are"):
        who = deployment.clients.sts.get_caller_identity()["Arn"]
    note = Paused(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", who, before)
    lambda_, name = deployment.clients.lambda_, deployment.outputs.processor_function
    with told_plainly(f"stop the function {name}"):
        # First, so that whoever finds it stopped finds out how it was.
        lambda_.tag_resource(Resource=deployment.processor_arn, Tags={TAG: str(note)})
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    return note


def start(deployment: Deployment, reserved: int | None) -> None:
    """Let the processor run again."""
    lambda_, name = deployment.clients.lambda_, deployment.outputs.processor_function
    with told_plainly(f"start the function {name}"):
        if reserved is None:
            lambda_.delete_function_concurrency(FunctionName=name)
        else:
            lambda_.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=reserved
            )


def forget(deployment: Deployment) -> None:
    """Remove the note: everything that was held is released."""
    with told_plainly("remove the note of the pause"):
        deployment.clients.lambda_.untag_resource(Resource=deployment.processor_arn, TagKeys=[TAG])
