"""Puts the real handler on the stage: its own code, with our clocks, clients and threads."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any

import handler.aws.clients
import handler.aws.copies
import handler.clock
import handler.deadline
import handler.processor
import handler.rescuer
import handler.user_code
from handler.aws.clients import Clients
from handler.pipeline import Pipeline

from .aws_lambda import Lambda
from .timeline import Timeline
from .wire import Carrier, Client, Terms

INPUT, QUARANTINE = "input", "quarantine"
ALERTS, QUIET = "arn:aws:sns:::ScalperAlerts", "arn:aws:sns:::ScalperQuietOutcomes"
ONE_CALL_BYTES, PART_BYTES = 1000, 400
"""Instead of 5 GB and 512 MB, so that large files are small."""

ENVIRONMENT = {
    "SCALPER_PIPELINE": "project-stack-intake",
    "SCALPER_STACK": "dev",
    "SCALPER_INPUT_BUCKET": INPUT,
    "SCALPER_QUARANTINE_BUCKET": QUARANTINE,
    "SCALPER_TABLE": "FileMetadata",
    "SCALPER_TOPIC_ARN": ALERTS,
    "SCALPER_QUIET_TOPIC_ARN": QUIET,
    "SCALPER_EMAIL_ON": "all",
    "SCALPER_RULES": "{}",
}
RETRY_GROUP = "retries"
PROCESSOR_ARN = "arn:aws:lambda:::function:processor"
RETRY_ENVIRONMENT = {
    "SCALPER_RETRY_GROUP": RETRY_GROUP,
    "SCALPER_RETRY_ROLE_ARN": "arn:aws:iam:::role/retries",
    "SCALPER_PROCESSOR_ARN": PROCESSOR_ARN,
    "SCALPER_KEPT_EVENTS_ARN": "arn:aws:sqs:::kept-events",
}
"""The rescuer's alone, where files are tried again by themselves."""


class ModelClients(Clients):
    """Clients of the model, in place of botocore's."""

    def __init__(self, carrier: Carrier, s3: Any, dynamodb: Any, sns: Any, scheduler: Any) -> None:
        self._models = {"s3": s3, "dynamodb": dynamodb, "sns": sns, "scheduler": scheduler}
        self._carrier = carrier

    def _client(self, service: str, config: Any) -> Client:
        seconds = config.connect_timeout + config.read_timeout
        terms = Terms(config.retries["total_max_attempts"], seconds)
        return Client(service, self._models[service], self._carrier, terms)

    @cached_property
    def s3(self) -> Any:
        return self._client("s3", handler.aws.clients.S3_CONFIG)

    @cached_property
    def s3_for_copies(self) -> Any:
        return self._client("s3", handler.aws.clients.S3_COPY_CONFIG)

    @cached_property
    def dynamodb(self) -> Any:
        return self._client("dynamodb", handler.aws.clients.CONFIG)

    @cached_property
    def sns(self) -> Any:
        return self._client("sns", handler.aws.clients.SNS_CONFIG)

    @cached_property
    def scheduler(self) -> Any:
        return self._client("scheduler", handler.aws.clients.CONFIG)


class OneByOne:
    """A pool of threads that does one thing after the other, so that calls keep their order."""

    def __init__(self, workers: int) -> None:
        """However many workers were asked for."""

    def submit(self, work: Callable[..., Any], *args: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *rows: Iterable[Any]) -> Iterator[Any]:
        return map(work, *rows)

    def shutdown(self, **_: Any) -> None:
        """Nothing is left running."""


@contextmanager
def handler_on_stage(timeline: Timeline, functions: Lambda) -> Iterator[None]:
    """Within the block, the handler's modules live in this world's time and sandboxes."""
    replaced = [
        (module, name, getattr(module, name), stand_in)
        for module, name, stand_in in _stand_ins(timeline, functions)
    ]
    for module, name, _, stand_in in replaced:
        setattr(module, name, stand_in)
    try:
        yield
    finally:
        for module, name, original, _ in replaced:
            setattr(module, name, original)


def _stand_ins(timeline: Timeline, functions: Lambda) -> Iterator[tuple[Any, str, Any]]:
    def deployed() -> Pipeline:
        pipeline: Pipeline = functions.sandbox()
        return pipeline

    yield handler.processor, "deployed", deployed
    yield handler.rescuer, "deployed", deployed
    for name, stand_in in {
        "now": timeline.datetime_now,
        "seconds": timeline.time,
        "monotonic": timeline.monotonic,
        "sleep": partial(_sleep, functions),
        "uniform": lambda least, most: most / 2 * functions.jitter(),
    }.items():
        yield handler.clock, name, stand_in
    yield handler.deadline, "signal", _Signals(functions)
    # To the handler, the thread of an invocation is its main thread.
    me = SimpleNamespace(current_thread=lambda: None, main_thread=lambda: None)
    yield handler.deadline, "threading", me
    # Nor does its `process` keep other time than the world's.
    yield handler.user_code, "deadline_of_user_code", nullcontext
    # Many invocations share this process and its descriptors.
    yield handler.user_code, "limited", lambda: nullcontext(SimpleNamespace(lost=False))
    yield handler.aws.copies, "ThreadPoolExecutor", OneByOne
    yield handler.aws.copies, "ONE_CALL_BYTES", ONE_CALL_BYTES
    yield handler.aws.copies, "PART_BYTES", PART_BYTES


def _sleep(functions: Lambda, seconds: float) -> None:
    invocation = functions.current
    assert invocation is not None
    invocation.wait(seconds)


class _Signals:
    """The one timer that the handler uses, in virtual time."""

    SIGALRM = ITIMER_REAL = None

    def __init__(self, functions: Lambda) -> None:
        self._functions = functions
        self._ring: Callable[[], object] = lambda: None

    def signal(self, _: None, ring: Any) -> None:
        if ring is not None:
            self._ring = ring

    def setitimer(self, _: None, seconds: float) -> None:
        invocation = self._functions.current
        assert invocation is not None
        invocation.set_alarm(seconds, self._ring)
