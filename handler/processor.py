"""Lambda entry point: S3 tells of uploads, and each is brought to its fate."""

from typing import Any

from . import hook, log
from .batch import deal_with_each
from .errors import ObjectMissing, Rejection
from .event import is_test, records_of
from .fates import Delivery, Outcome
from .pipeline import Pipeline, deployed


def handler(event: Any, context: Any) -> None:
    """Deal with every record of an S3 event; raise a `Fault` if one could not be dealt with.

    Lambda then retries the event, and at last gives it to the rescuer.
    """
    if is_test(event):
        log.note("S3 test event: the notification works")
        return
    pipeline = deployed()
    deal_with_each(
        pipeline,
        records_of(event),
        context,
        lambda delivery: decide(pipeline, delivery),
        owner=context.aws_request_id,
    )


def decide(pipeline: Pipeline, delivery: Delivery) -> Outcome:
    """The rules, then the user's `process`, then the fate."""
    try:
        pipeline.settings.rules.check(delivery.upload)
        result = None
        if pipeline.process:
            file = hook.File(delivery.upload, lambda: pipeline.clients.s3)
            result = hook.call(pipeline.process, file)
    except Rejection as rejection:
        return pipeline.fates.reject(delivery, rejection.code, rejection.reason)
    except ObjectMissing:
        return pipeline.fates.lose(delivery)
    return pipeline.fates.accept(delivery, result)
