"""The world around the handler: users, S3, Lambda, DynamoDB, SNS, and one history to live."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import handler.processor
import handler.rescuer
from handler.doors.s3_notification import parse
from handler.model.errors import Code, Fault
from handler.pipeline import Pipeline

from .aws_lambda import Function, Lambda, Payload
from .buckets import Version
from .coverage import Coverage
from .dynamodb import DynamoDB
from .histories import Firing, History, Load, Sending
from .invocation import Death, Invocation
from .loading import Loading
from .notifications import Notifications, how_made
from .operators import Operators
from .process import Scripted
from .s3 import S3
from .scheduler import Scheduler
from .sns import SNS
from .stage import (
    ALERTS,
    ENVIRONMENT,
    INPUT,
    PROCESSOR_ARN,
    QUARANTINE,
    QUIET,
    RETRY_ENVIRONMENT,
    RETRY_GROUP,
    ModelClients,
    handler_on_stage,
)
from .story import Story
from .timeline import START, Timeline
from .users import Users
from .watch import Watch
from .wire import Wire

PROCESSOR_SECONDS, RESCUER_SECONDS = 60, 900

_SENDING_SECONDS = {
    Sending.ONCE: (0.1,),
    Sending.LATE: (3600.0,),
    Sending.TWICE: (0.1, 30.0),
    Sending.NEVER: (),
}


class World:
    """Lives one history; what is left of it is for the invariants to judge."""

    def __init__(
        self,
        history: History,
        coverage: Coverage | None = None,
        *,
        make_story: Callable[[Timeline], Story] = Story,
        make_wire: Callable[..., Wire] = Wire,
    ) -> None:
        self.history = history
        self.coverage = coverage or Coverage()
        self.timeline = Timeline()
        self.story = make_story(self.timeline)
        self.s3 = S3(self.timeline.datetime_now, INPUT, QUARANTINE)
        self.table = DynamoDB()
        self.topic = SNS(self.timeline.time, (ALERTS, QUIET))
        self.functions = Lambda(self.timeline, self.story, self.coverage)
        self.input, self.quarantine = self.s3.buckets[INPUT], self.s3.buckets[QUARANTINE]
        self.input.keeps = "input" in history.kept
        self.quarantine.keeps = "quarantine" in history.kept
        firings = iter(history.firings)
        self.scheduler = Scheduler(
            self.timeline,
            self.story,
            self.coverage,
            group=RETRY_GROUP,
            invoke=self._invoke_target,
            next_firing=lambda: next(firings, Firing.ON_TIME),
        )
        buckets = (self.input, self.quarantine)
        self.watch = Watch(
            self.story,
            self.functions,
            buckets,
            self.table,
            self.topic,
            scheduled=self.scheduler.requests,
        )
        self.wire = make_wire(history, self.timeline, self.story, self.coverage, self._current)
        self.process = Scripted(self.watch, self._current, self.story, self.coverage)
        self.kept: list[Payload] = []
        """The queue of kept events; an alarm stands as long as there is one."""
        self._sendings = iter(history.sendings)
        self._loads = iter(history.loads)
        self._loops = iter(history.loops)
        self._calm = False
        self.rescuer = self._function(
            "rescuer", handler.rescuer.handler, RESCUER_SECONDS, self._keep
        )
        self.processor = self._function(
            "processor", handler.processor.handler, PROCESSOR_SECONDS, self._send_to_rescuer
        )
        self.notifications = Notifications(self.timeline, self.story, self.processor.invoke)
        people = (history, self.timeline, self.story, self.coverage)
        self.users = Users(
            *people, buckets=buckets, watch=self.watch, notifications=self.notifications
        )
        self.operators = Operators(
            *people,
            buckets=buckets,
            table=self.table,
            watch=self.watch,
            invoke=self.processor.invoke,
        )
        self.watch.on_restored = self._tell_of_restored

    def live(self) -> "World":
        """Until nothing more will happen."""
        self.users.begin()
        self.operators.begin()
        self._run()
        return self

    def live_on_in_calm(self) -> "World":
        """The morning after: all is well again, and operators try again what waits or was kept."""
        self._calm = True
        self.wire.calm_down()
        self.input.keeps = self.quarantine.keeps = False
        self.story.tell("Operator", "all is well again: what was kept and what waits is retried")
        kept, self.kept = self.kept, []
        for record in kept:
            self.rescuer.invoke(record["requestPayload"])
        self._run()
        self.operators.retry_all()
        self._run()
        return self

    def conclude(self) -> None:
        """Count what this history has reached."""
        self.coverage.histories += 1
        self.coverage.calls += self.wire.calls
        for fact in self.watch.facts:
            self.coverage.fates[fact.status or "an alarm in place of a record"] += 1

    def refused_to_delete(self, version_id: str) -> bool:
        """Whether S3 ever refused it, for good or in one call."""
        refused = self.input.refused | self.quarantine.refused | self.wire.undeleted
        return version_id in refused

    def on_stage(self) -> AbstractContextManager[None]:
        """Within the block the handler's modules live in this world."""
        return handler_on_stage(self.timeline, self.functions)

    def _run(self) -> None:
        with self.on_stage():
            self.timeline.run()

    def _function(self, name: str, entry: Any, timeout_seconds: int, on_failure: Any) -> Function:
        def pipeline() -> Pipeline:
            environment = dict(ENVIRONMENT)
            if self.history.has_process:
                environment["SCALPER_PROCESS_ENTRY"] = "main.process"
            if self.history.retry_delays and name == "rescuer":
                delays = ",".join(map(str, self.history.retry_delays))
                environment |= {**RETRY_ENVIRONMENT, "SCALPER_RETRY_DELAYS_MINUTES": delays}
            clients = ModelClients(self.wire, self.s3, self.table, self.topic, self.scheduler)
            if self.history.has_process and name == "processor":
                return Loading(environment, clients, self._load)
            return Pipeline(environment, clients)

        return Function(
            self.functions,
            name,
            entry,
            timeout_seconds=timeout_seconds,
            make_sandbox=lambda: cache(pipeline),
            limit=lambda: self._limit(name),
            on_failure=on_failure,
            is_loop=lambda: name == "processor" and not self._calm and next(self._loops, False),
        )

    def _load(self) -> Scripted:
        """The user's code, in the instance of the current invocation."""
        load = Load.WELL if self._calm else next(self._loads, Load.WELL)
        invocation = self._current()
        self.coverage.world[f"process {load}"] += 1
        self.story.tell(invocation.name, f"process {load}")
        match load:
            case Load.RAISES:
                raise Fault(Code.CONFIGURATION, "process_entry cannot be imported")
            case Load.CRASH:
                invocation.die(Death.CRASH)
            case Load.OUT_OF_MEMORY:
                invocation.die(Death.OUT_OF_MEMORY)
            case Load.STUCK:
                invocation.sleep_through_the_alarm()
        return self.process

    def _current(self) -> Invocation:
        invocation = self.functions.current
        assert invocation is not None, "only an invocation does this"
        return invocation

    def _limit(self, function: str) -> int | None:
        elapsed = self.timeline.now - START
        for limit in self.history.limits if not self._calm else ():
            if limit.function == function and limit.at <= elapsed < limit.at + limit.seconds:
                return limit.concurrency
        return None

    def _invoke_target(self, arn: str, payload: Payload, doubled_after: float | None) -> str:
        assert arn == PROCESSOR_ARN, "the one function that the role of the schedules may invoke"
        return self.processor.invoke(payload, doubled_after)

    def _tell_of_restored(self, version: Version) -> None:
        record = self.notifications.record_of(version, how_made(version))
        self.watch.expect_ghost(version.key, parse(record, INPUT).upload_id, version)
        for seconds in self.history.restored_told_after:
            self.notifications.tell_later(seconds, [record])

    # Destinations.

    def _send_to_rescuer(self, record: Payload) -> None:
        self._send(record, "rescue-undelivered", self.rescuer.invoke)

    def _keep(self, record: Payload) -> None:
        self._send(record, "keep-undelivered", self._put_into_kept_events)

    def _put_into_kept_events(self, record: Payload) -> None:
        self.story.tell("SQS", "the event is kept, and the alarm events-kept fires")
        self.kept.append(record)
        self._mark(record, "kept")

    def _send(self, record: Payload, alarm: str, deliver: Any) -> None:
        sending = Sending.ONCE if self._calm else next(self._sendings, Sending.ONCE)
        self.coverage.world[f"failure record delivered {sending}"] += 1
        condition = record["requestContext"]["condition"]
        self.story.tell("Lambda", f"gives up ({condition}); record is delivered {sending}")
        for seconds in _SENDING_SECONDS[sending]:
            self.timeline.after(seconds, lambda: deliver(record))
        if sending is Sending.NEVER:
            self.story.tell("Alarm", f"{alarm} fires")
            self._mark(record, alarm)

    def _mark(self, record: Payload, why: str) -> None:
        """The uploads of a failure record, however deep the event lies in it."""
        while "requestPayload" in record:
            record = record["requestPayload"]
        if "Retry" in record:
            versions = {record["Retry"]["upload_id"]}
        else:
            versions = {entry["s3"]["object"]["versionId"] for entry in record["Records"]}
        for fact in self.watch.facts:
            if {fact.version.version_id, fact.event.upload_id} & versions:
                fact.loose_ends.append(why)
