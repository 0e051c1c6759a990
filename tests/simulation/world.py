"""The world around the handler: users, S3, Lambda, DynamoDB, SNS, and one history to live."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any
from urllib.parse import quote_plus

import handler.processor
import handler.rescuer
from handler.event import parse
from handler.pipeline import Pipeline

from .aws_lambda import Function, Lambda, Payload
from .buckets import Version
from .coverage import Coverage
from .dynamodb import DynamoDB
from .histories import Act, History, Sending, Upload, UserAct
from .invocation import Invocation
from .process import Scripted
from .s3 import S3
from .sns import SNS
from .stage import ENVIRONMENT, INPUT, QUARANTINE, ModelClients, handler_on_stage
from .story import Story
from .timeline import START, Timeline
from .watch import Fact, Watch
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
        self.topic = SNS(self.timeline.time)
        self.functions = Lambda(self.timeline, self.story, self.coverage)
        self.input, self.quarantine = self.s3.buckets[INPUT], self.s3.buckets[QUARANTINE]
        self.watch = Watch(
            self.story, self.functions, (self.input, self.quarantine), self.table, self.topic
        )
        self.wire = make_wire(history, self.timeline, self.story, self.coverage, self._current)
        self.process = Scripted(self.watch.fact_of, self._current, self.story, self.coverage)
        self.kept: list[Payload] = []
        """The queue of kept events; an alarm stands as long as there is one."""
        self._sendings = iter(history.sendings)
        self._calm = False
        self._untold: list[Fact] = []
        self.rescuer = self._function(
            "rescuer", handler.rescuer.handler, RESCUER_SECONDS, self._keep
        )
        self.processor = self._function(
            "processor", handler.processor.handler, PROCESSOR_SECONDS, self._send_to_rescuer
        )

    def live(self) -> "World":
        """Until nothing more will happen."""
        for upload in sorted(self.history.uploads, key=lambda upload: upload.at):
            self.timeline.after(upload.at, partial(self._upload, upload))
        for act in self.history.user_acts:
            self.timeline.after(act.at, partial(self._do, act))
        self._run()
        return self

    def live_on_in_calm(self) -> "World":
        """The morning after: all is well again, and operators try again what was held or kept."""
        self._calm = True
        self.wire.calm_down()
        self.story.tell("Operator", "all is well again: what was kept and what is held is retried")
        kept, self.kept = self.kept, []
        for record in kept:
            self.rescuer.invoke(record["requestPayload"])
        self._run()
        for fact in self.watch.facts:
            if fact.record and fact.record["status"] == "HELD":
                self.processor.invoke({"Records": [fact.record["event"]]})
        self._run()
        return self

    def conclude(self) -> None:
        """Count what this history has reached."""
        self.coverage.histories += 1
        self.coverage.calls += self.wire.calls
        for fact in self.watch.facts:
            self.coverage.fates[fact.status or "an alarm in place of a record"] += 1

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
            clients = ModelClients(self.wire, self.s3, self.table, self.topic)
            made = Pipeline(environment, clients)
            if self.history.has_process and name == "processor":
                made.process = self.process
            return made

        return Function(
            self.functions,
            name,
            entry,
            timeout_seconds=timeout_seconds,
            make_sandbox=lambda: cache(pipeline),
            limit=lambda: self._limit(name),
            on_failure=on_failure,
        )

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

    # Users, and what S3 tells of them.

    def upload(self, plan: Upload) -> Fact:
        """A user uploads a file; nobody is told yet."""
        number = len(self.watch.facts) + 1
        version = self.input.put(
            plan.key,
            bytes((number * 31 + at) % 251 for at in range(plan.size)),
            lock=plan.lock,
            metadata={"sent-by": f"partner {number}"},
            tags={"number": str(number)},
            headers={"ContentType": "text/csv"},
        )
        record = self._record(plan.key, number, version)
        fact = Fact(number, plan, parse(record, INPUT), version)
        self.watch.add(fact)
        self.story.tell("User", f"uploads {fact} as {version.version_id}, {plan.size} bytes")
        return fact

    def _upload(self, plan: Upload) -> None:
        fact = self.upload(plan)
        self._untold.append(fact)
        is_last = fact.number == len(self.history.uploads)
        if is_last or not plan.told_with_next:
            together, self._untold = self._untold, []
            for one in together:
                one.shares_an_event = len(together) > 1
            records = [one.event.record for one in together]
            self._notify_later(plan.told_after[0], records, plan.doubled_after)
        for duplicate in plan.told_after[1:]:
            self.coverage.world["duplicate event of S3"] += 1
            self._notify_later(duplicate, [fact.event.record])

    @staticmethod
    def _record(key: str, number: int, version: Version) -> Payload:
        # Sequencers differ in length; padded on the right they are in order.
        sequencer = f"0065A{number:03X}0".rstrip("0")
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": version.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "s3": {
                "bucket": {"name": INPUT},
                "object": {
                    "key": quote_plus(key),
                    "size": len(version.body or b""),
                    "eTag": version.etag.strip('"'),
                    "versionId": version.version_id,
                    "sequencer": sequencer,
                },
            },
        }

    def _notify_later(
        self, seconds: float, records: list[Payload], doubled_after: float | None = None
    ) -> None:
        def notify() -> None:
            request = self.processor.invoke({"Records": records}, doubled_after)
            versions = ", ".join(record["s3"]["object"]["versionId"] for record in records)
            self.story.tell("S3", f"tells Lambda of {versions}: {request}")

        self.timeline.after(seconds, notify)

    def _do(self, act: UserAct) -> None:
        if act.upload >= len(self.watch.facts):
            return
        fact = self.watch.facts[act.upload]
        self.story.tell("User", f"{act.act}: {fact}")
        self.coverage.world[f"a user {act.act}"] += 1
        if act.act is Act.DELETE:
            self.input.put(fact.event.key, None)
        else:
            self.delete_for_good(fact)

    def delete_for_good(self, fact: Fact) -> None:
        """A user deletes this version, if it is still there."""
        if fact.removed_by is None:
            self.input.remove(fact.version)

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
        """The uploads of a failure record, however deep the event of S3 lies in it."""
        while "requestPayload" in record:
            record = record["requestPayload"]
        versions = {entry["s3"]["object"]["versionId"] for entry in record["Records"]}
        for fact in self.watch.facts:
            if fact.version.version_id in versions:
                fact.loose_ends.append(why)
