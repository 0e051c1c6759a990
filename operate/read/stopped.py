"""Whether the processor is stopped, and by whom."""

from dataclasses import dataclass

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
