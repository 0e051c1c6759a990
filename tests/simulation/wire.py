"""What lies between the handler and AWS: every call takes time, and may go wrong on the way."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, NamedTuple, Protocol

from .coverage import Coverage
from .histories import History
from .invocation import Death, Invocation
from .story import Story
from .timeline import START, Timeline
from .troubles import DEATHS, Kind, Trouble, error_of

PACE_SECONDS = 0.02
"""What a call takes when the history does not say otherwise."""

Request = dict[str, Any]
Perform = Callable[[], Any]


class Terms(NamedTuple):
    """How botocore makes the calls of a client."""

    attempts: int = 4
    timeout_seconds: float = inf
    """How long one attempt waits for its answer."""

    @property
    def are_final(self) -> bool:
        """Whether botocore leaves it to the handler what to do about a lost answer."""
        return self.attempts == 1


AS_USUAL = Terms()


class Carrier(Protocol):
    """Carries a call to AWS and its answer back."""

    def carry(
        self, service: str, operation: str, request: Request, perform: Perform, terms: Terms
    ) -> Any:
        """What `perform` answers, or what went wrong."""
        ...


class Client:
    """Looks like botocore's client of a service; `model` has a method for each call."""

    def __init__(self, service: str, model: Any, carrier: Carrier, terms: Terms = AS_USUAL) -> None:
        self._service = service
        self._model = model
        self._carrier = carrier
        self._terms = terms

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        perform = getattr(self._model, operation)

        def call(**request: Any) -> Any:
            answer = self._carrier.carry(
                self._service, operation, request, lambda: perform(request), self._terms
            )
            if "Body" in answer:
                answer["Body"] = _Body(answer["Body"], self._carrier, self._terms)
            return answer

        return call

    def get_paginator(self, operation: str) -> "_Paginator":
        return _Paginator(getattr(self, operation))


class _Paginator:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, *, PaginationConfig: dict[str, int], **request: Any) -> Iterator[Any]:  # noqa: N803
        request["MaxKeys"] = PaginationConfig["PageSize"]
        while True:
            page = self._call(**request)
            yield page
            if not page["IsTruncated"]:
                return
            request["KeyMarker"] = page["NextKeyMarker"]
            request["VersionIdMarker"] = page["NextVersionIdMarker"]


class _Body:
    """The bytes of an object come in a while after its headers, or do not."""

    def __init__(self, body: Any, carrier: Carrier, terms: Terms) -> None:
        self._body = body
        self._carrier = carrier
        self._terms = terms

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._carrier.carry(
            "s3", "read_body", {}, lambda: self._body.read(size), self._terms
        )
        return chunk

    def close(self) -> None:
        self._body.close()


class Wire:
    """Carries the calls of invocations, and brings about the history's troubles."""

    def __init__(
        self,
        history: History,
        timeline: Timeline,
        story: Story,
        coverage: Coverage,
        current: Callable[[], Invocation],
    ) -> None:
        self.calls = 0
        self.before_each: Callable[[Invocation], Trouble | None] | None = None
        """Decides in the history's place what becomes of the next call."""
        self.after_each: Callable[[Invocation, Any], None] | None = None
        """Is shown what a call answered."""
        self.repeats: Counter[str] = Counter()
        """By operation, how often a call took effect and was, or may have been, made again."""
        self.refused: set[str] = set()
        """The operations that were denied at least once."""
        self.undeleted: set[str] = set()
        """The ids of the versions whose deletion was denied at least once."""
        self._history = history
        self._timeline = timeline
        self._story = story
        self._coverage = coverage
        self._current = current
        self._mishaps = iter(history.mishaps)
        self._mishap = next(self._mishaps, None)
        self._countdown = self._mishap.after_calls if self._mishap else 0
        self._calm = False

    def calm_down(self) -> None:
        """From now on nothing goes wrong any more."""
        self._calm = True
        self.before_each = self.after_each = None

    def carry(
        self, service: str, operation: str, request: Request, perform: Perform, terms: Terms
    ) -> Any:
        invocation = self._current()
        invocation.check_alive()
        if self.before_each:
            trouble = self.before_each(invocation)
        else:
            trouble = self._trouble(service)
            seconds = self._pace(invocation)
            if terms.are_final and seconds > terms.timeout_seconds:
                seconds, trouble = terms.timeout_seconds, Trouble(Kind.NO_ANSWER, True)
            invocation.wait(seconds)
        if terms.are_final and trouble and trouble.kind is Kind.REPEATED:
            trouble = Trouble(Kind.NO_ANSWER, True)
        invocation.calls += 1
        self.calls += 1
        if self.after_each:
            perform = partial(self._shown, invocation, perform)
        tell = self._story.call(invocation, service, operation, request)
        if trouble is None:
            return tell(perform)
        invocation.met_trouble = True
        self._coverage.trouble(trouble, invocation, service, operation)
        if trouble.kind is Kind.DENIED:
            self.refused.add(operation)
            if operation == "delete_object":
                self.undeleted.add(request["VersionId"])
        tell.trouble(trouble)
        if trouble.took_effect:
            self.repeats[operation] += 1
            # An error is an answer too, and it is the answer that is lost.
            with suppress(Exception):
                tell(perform)
        return self._bring_about(trouble, invocation, service, operation, lambda: tell(perform))

    def _shown(self, invocation: Invocation, perform: Perform) -> Any:
        assert self.after_each
        try:
            answer = perform()
        except Exception as error:
            self.after_each(invocation, error)
            raise
        self.after_each(invocation, answer)
        return answer

    def _bring_about(
        self,
        trouble: Trouble,
        invocation: Invocation,
        service: str,
        operation: str,
        perform: Perform,
    ) -> Any:
        kind = trouble.kind
        if kind in DEATHS:
            invocation.die(Death(kind))
        if kind is Kind.HANG:
            invocation.hang()
        if kind is Kind.REPEATED:
            invocation.wait(self._pace(invocation))
            return perform()
        raise error_of(kind, service, operation)

    def _trouble(self, service: str) -> Trouble | None:
        if self._calm:
            return None
        if self._mishap is not None:
            if self._countdown == 0:
                trouble = self._mishap.trouble
                self._mishap = next(self._mishaps, None)
                self._countdown = self._mishap.after_calls if self._mishap else 0
                return trouble
            self._countdown -= 1
        elapsed = self._timeline.now - START
        for outage in self._history.outages:
            if outage.service in (service, "all") and (
                outage.at <= elapsed < outage.at + outage.seconds
            ):
                return outage.trouble
        return None

    def _pace(self, invocation: Invocation) -> float:
        paces = self._history.paces
        if invocation.number <= len(paces):
            mine = paces[invocation.number - 1]
            if invocation.calls < len(mine):
                return mine[invocation.calls]
        return PACE_SECONDS
