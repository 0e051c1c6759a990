"""The emergency stop: the processor may not run at all, and nothing is lost or set aside.

With a reserved concurrency of 0 Lambda hands every event that waits or comes to the rescuer, which
records the file as HELD (NOT_STARTED), untouched in the input bucket. What was reserved before is
noted in a tag of the function, so that whoever resumes need not know.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from datetime import UTC, datetime

from ..read.deployment import Deployment
from ..read.errors import told_plainly
from ..read.stopped import TAG, Paused, concurrency


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
