"""Lambda entry point: an event tells of uploads, and each is brought to its fate.

A schedule or an operator asks for a retry of one that was set aside or held.
"""

from typing import Any

import botocore

from . import log
from .aws.clients import require_botocore
from .dispatch import deal_with_each, retry, uploads
from .model.delivery import Delivery, Outcome
from .model.errors import UNFINISHED, Code, DeadlineReached, Fault, ObjectMissing, Rejection
from .model.event import is_retry, is_test
from .pipeline import Pipeline, deployed


def handler(event: Any, context: Any) -> None:
    """Deal with every upload of an event, or with a retry; raise a `Fault` if that fails.

    Lambda then tries the event again, and at last gives it to the rescuer.
    """
    if is_test(event):
        log.note("S3 test event: the notification works")
        return
    require_botocore(botocore.__version__)
    pipeline, owner = deployed(), context.aws_request_id
    finds = retry(pipeline, event, owner) if is_retry(event) else uploads(pipeline, event, owner)
    deal_with_each(pipeline, finds, context, lambda delivery: decide(pipeline, delivery))


def decide(pipeline: Pipeline, delivery: Delivery) -> Outcome:
    """The rules, then the user's `process`, then the fate."""
    fates = pipeline.fates
    try:
        pipeline.settings.rules.check(delivery.upload)
        result = None
        if pipeline.process:
            from . import user_code  # noqa: PLC0415 - no other pipeline needs it

            file = user_code.file_in_s3(
                delivery.upload, lambda: pipeline.clients.s3, delivery.source
            )
            result = user_code.call(pipeline.process, file)
    except Rejection as rejection:
        try:
            return fates.reject(delivery, rejection.code, rejection.reason)
        except DeadlineReached as late:
            # The rescuer has more time, and goes by this.
            reason = f"{UNFINISHED}{rejection.code}: {rejection.reason}"
            raise Fault(Code.OUT_OF_TIME, reason) from late
    except ObjectMissing:
        return fates.mark_gone(delivery)
    return fates.accept(delivery, result)
