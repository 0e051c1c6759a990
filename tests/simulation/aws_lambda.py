"""Lambda's asynchronous invocations: a queue that retries, gives up, and says so.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from .coverage import Coverage
from .invocation import Death, Died, Invocation
from .story import Story
from .timeline import Timeline
from .turns import Task

ATTEMPTS = 3
RETRY_SECONDS = 60
"""Before the first retry, and twice that before the second."""
BACKOFF_SECONDS = (1, 300)
"""Between tries that Lambda could not start: doubled each time, up to the second number."""
MAX_AGE_SECONDS = 6 * 3600

Payload = dict[str, Any]
Handler = Callable[[Any, Any], None]

_EXITS = {
    Death.CRASH: ("Runtime.ExitError", "Runtime exited with error: exit status 1"),
    Death.OUT_OF_MEMORY: ("Runtime.ExitError", "Runtime exited with error: signal: killed"),
    Death.STOPPED: ("Sandbox.Timedout", "Task timed out after {timeout}.00 seconds"),
}


_LOOP: Payload = {"responsePayload": {"__type": "RecursiveInvocationException"}}
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""


@dataclass
class _Queued:
    request_id: str
    payload: Payload
    accepted_at: float
    attempts: int = 0
    is_loop: bool = False
    backoff_seconds: float = BACKOFF_SECONDS[0]
    last_failure: Payload = field(default_factory=dict)


class Lambda:
    """What all functions share: sandboxes, and who is running."""

    def __init__(self, timeline: Timeline, story: Story, coverage: Coverage) -> None:
        self.timeline = timeline
        self.story = story
        self.coverage = coverage
        self.invocations: list[Invocation] = []
        self.account_concurrency: int | None = None
        """Shared by all functions; above it events wait."""
        self.jitter: Callable[[], float] = lambda: 1.0
        """Multiplies the time that Lambda backs off, so that events do not come in waves."""
        self._running: dict[Task, tuple[Invocation, Any]] = {}
        self._request_numbers = count(1)
        self.running = 0

    @property
    def is_full(self) -> bool:
        most = self.account_concurrency
        return most is not None and self.running >= most

    @property
    def current(self) -> Invocation | None:
        """The invocation that is moving right now; None when users or AWS itself are."""
        return self._running[Task.current][0] if Task.current else None

    @property
    def sandbox(self) -> Any:
        """What the current invocation's sandbox keeps between invocations."""
        assert Task.current is not None
        return self._running[Task.current][1]

    def new_request_id(self) -> str:
        return f"request-{next(self._request_numbers)}"

    def run(self, invocation: Invocation, sandbox: Any, work: Callable[[], None]) -> Task:
        """Start a thread for it; it goes on whenever its time has come."""
        self.invocations.append(invocation)
        task = Task(work, invocation.output)
        self._running[task] = (invocation, sandbox)
        task.resume()
        return task


class Function:
    """One function with its queue; `on_failure` gets the record of an event that was given up."""

    def __init__(
        self,
        service: Lambda,
        name: str,
        handler: Handler,
        *,
        timeout_seconds: int,
        make_sandbox: Callable[[], Any],
        limit: Callable[[], int | None],
        on_failure: Callable[[Payload], None],
        is_loop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self._is_loop = is_loop
        self._service = service
        self._handler = handler
        self._timeout_seconds = timeout_seconds
        self._make_sandbox = make_sandbox
        self._limit = limit
        self._on_failure = on_failure
        self._running = 0
        self._idle: list[Any] = []

    def invoke(self, payload: Payload, doubled_after: float | None = None) -> str:
        """Queue an event and answer at once with its request id."""
        request_id = self._service.new_request_id()
        # What crosses the wire is JSON.
        payload = json.loads(json.dumps(payload))
        now = self._service.timeline.now
        is_loop = "Records" in payload and self._is_loop()
        self._later(0, _Queued(request_id, payload, now, is_loop=is_loop))
        if doubled_after is not None:
            self._service.coverage.world["event delivered twice by Lambda's queue"] += 1
            self._later(doubled_after, _Queued(request_id, payload, now))
        return request_id

    def _later(self, seconds: float, event: _Queued) -> None:
        self._service.timeline.after(seconds, lambda: self._try(event))

    def _try(self, event: _Queued) -> None:
        limit = self._limit()
        if event.is_loop:
            self._tell(f"{event.request_id} is stopped: it is part of a loop")
            event.last_failure = _LOOP
            self._give_up(event, "RetriesExhausted")
        elif self._service.timeline.now - event.accepted_at > MAX_AGE_SECONDS:
            self._tell(f"{event.request_id} is too old")
            self._give_up(event, "EventAgeExceeded")
        elif limit == 0:
            self._tell(f"{event.request_id} is not started: concurrency is zero")
            event.last_failure = {}
            self._give_up(event, "RetriesExhausted")
        elif self._service.is_full or (limit is not None and self._running >= limit):
            self._service.coverage.world["throttled by Lambda"] += 1
            self._back_off(event)
        else:
            self._start(event)

    def begin(
        self,
        payload: Payload,
        request_id: str,
        ended: Callable[[Invocation], None] = lambda invocation: None,
    ) -> tuple[Invocation, Task]:
        """Start a try now; `ended` is called when it is over, whatever its end."""
        service = self._service
        service.coverage.invocations += 1
        self._running += 1
        service.running += 1
        sandbox = self._idle.pop() if self._idle else self._make_sandbox()
        request = payload.get("requestContext", {})
        invocation = Invocation(
            service.timeline,
            self.name,
            request_id=request_id,
            owner=request.get("requestId", request_id),
            number=len(service.invocations) + 1,
            timeout_seconds=self._timeout_seconds,
            is_retry="Retry" in payload.get("requestPayload", payload),
        )

        def work() -> None:
            try:
                self._handler(payload, invocation)
            except Died:
                pass
            except BaseException as error:  # noqa: BLE001
                invocation.error = error
            service.timeline.after(0, lambda: self._over(invocation, sandbox))
            service.timeline.after(0, lambda: ended(invocation))

        service.story.tell(invocation.name, f"starts for {request_id}")
        return invocation, service.run(invocation, sandbox, work)

    def _over(self, invocation: Invocation, sandbox: Any) -> None:
        self._running -= 1
        self._service.running -= 1
        if invocation.death is None:
            self._idle.append(sandbox)
        how = "returns"
        if invocation.failed:
            died = invocation.death
            how = f"dies: {died}" if died else f"raises {invocation.error}"
        self._service.story.tell(invocation.name, how)

    def _start(self, event: _Queued) -> None:
        self.begin(event.payload, event.request_id, partial(self._ended, event))

    def _ended(self, event: _Queued, invocation: Invocation) -> None:
        if not invocation.failed:
            return
        if invocation.death is Death.HOST_LOST:
            # A failure of Lambda's own uses no attempt.
            self._back_off(event)
            return
        event.attempts += 1
        event.last_failure = failure_of(invocation, self._timeout_seconds)
        if event.attempts == ATTEMPTS:
            self._give_up(event, "RetriesExhausted")
        else:
            self._later(RETRY_SECONDS * event.attempts, event)

    def _back_off(self, event: _Queued) -> None:
        self._later(event.backoff_seconds * self._service.jitter(), event)
        event.backoff_seconds = min(event.backoff_seconds * 2, BACKOFF_SECONDS[1])

    def _give_up(self, event: _Queued, condition: str) -> None:
        self._service.coverage.world[f"given up: {condition}"] += 1
        self._on_failure(
            failure_record(
                event.request_id, event.payload, event.last_failure, condition, event.attempts
            )
        )

    def _tell(self, what: str) -> None:
        self._service.story.tell("Lambda", f"{self.name}: {what}")


def failure_of(invocation: Invocation, timeout_seconds: int) -> Payload:
    """How Lambda puts the end of a failed invocation."""
    if invocation.death:
        kind, message = _EXITS[invocation.death]
        message = message.format(timeout=timeout_seconds)
        message = f"RequestId: {invocation.request_id} Error: {message}"
    else:
        kind, message = type(invocation.error).__name__, str(invocation.error)
    return {
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"errorType": kind, "errorMessage": message},
    }


def failure_record(
    request_id: str,
    payload: Payload,
    failure: Payload,
    condition: str = "RetriesExhausted",
    attempts: int = ATTEMPTS,
) -> Payload:
    """What a failure destination is sent.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    return {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": "arn:aws:lambda:::function:this:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": payload,
        **failure,
    }
