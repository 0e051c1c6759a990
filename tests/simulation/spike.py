"""Ten thousand files at once, with the limits of a real account in a small region.

The limits are those of the AWS documentation: SNS takes 300 messages a
second in small regions, a new on-demand table 4,000 writes a second and 1,000 for one partition,
S3 3,500 writes and 5,500 reads a second for one prefix. Lambda's back-off is as documented, spread
by half of itself.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .histories import History, Upload
from .invariants import violations
from .story import Story
from .timeline import START
from .troubles import Kind, error_of
from .wire import Perform, Request, Terms, Wire
from .world import World

CALL_SECONDS = {"s3": (0.02, 0.06), "dynamodb": (0.004, 0.012), "sns": (0.01, 0.04)}
CLIENT_BACKOFF_SECONDS = 20.0

_S3_READS = ("head_object", "get_object", "list_object_versions", "get_object_tagging")


@dataclass
class Quota:
    """A token bucket that holds one second's worth."""

    a_second: float
    left: float = field(init=False)
    at: float = START

    def __post_init__(self) -> None:
        self.left = self.a_second

    def allows(self, now: float, units: int = 1) -> bool:
        self.left = min(self.a_second, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left < units:
            return False
        self.left -= units
        return True


class CrowdedWire(Wire):
    """Calls take their time, meet quotas, and are tried again by botocore."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.random = random.Random(1)
        self.sent: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self._quotas = {
            "sns": Quota(300),
            "dynamodb": Quota(4000),
            "s3 writes": Quota(3500),
            "s3 reads": Quota(5500),
        }
        self._partitions: dict[str, Quota] = {}

    def carry(
        self, service: str, operation: str, request: Request, perform: Perform, terms: Terms
    ) -> Any:
        invocation = self._current()
        self.calls += 1
        for attempt in range(terms.attempts):
            if attempt:
                most = min(2.0 ** (attempt - 1), CLIENT_BACKOFF_SECONDS)
                invocation.wait(self.random.uniform(0, most))
            invocation.wait(self.random.uniform(*CALL_SECONDS[service]))
            self.sent[service] += 1
            if self._allowed(service, operation, request):
                return perform()
            self.throttled[service] += 1
        raise error_of(Kind.THROTTLED, service, operation)

    def _allowed(self, service: str, operation: str, request: Request) -> bool:
        now = self._timeline.now
        if service == "dynamodb":
            key = (request.get("Item") or request["Key"])["object_key"]["S"]
            partition = self._partitions.setdefault(key, Quota(1000, at=now))
            # A write unit is a kilobyte, which the key of the e-mail budget exceeds alone.
            units = 2 if len(key) > 1024 else 1
            return partition.allows(now, units) and self._quotas[service].allows(now, units)
        if service == "s3":
            service = "s3 reads" if operation in _S3_READS else "s3 writes"
        return self._quotas[service].allows(now)


class Untold(Story):
    """Nobody reads a hundred thousand lines."""

    def tell(self, who: str, what: str) -> None:
        """Not kept."""

    def add(self, who: str, what: Callable[[], str]) -> None:
        """Not kept."""


@dataclass(frozen=True)
class Spike:
    """What became of it."""

    files: int
    concurrency: int
    fates: Counter[str]
    seconds: float
    """Until the last file had its fate and its alert."""
    calls: int
    """That the handler made; botocore's own retries are in `sent`."""
    sent: Counter[str]
    throttled: Counter[str]
    invocations: int
    throttled_starts: int
    rescued: int
    kept: int
    emails: int
    notices: int
    most_emails_in_a_second: int
    broken: list[str]

    def __str__(self) -> str:
        fates = ", ".join(f"{n:,} {fate}" for fate, n in sorted(self.fates.items()))
        sent = ", ".join(f"{n:,} {service}" for service, n in sorted(self.sent.items()))
        throttled = ", ".join(f"{n:,} {service}" for service, n in sorted(self.throttled.items()))
        return (
            f"{self.files:,} files at once, concurrency {self.concurrency:,}: {fates}\n"
            f"  backlog empty after {self.seconds:,.0f} s, {self.invocations:,} invocations "
            f"({self.throttled_starts:,} starts put off), {self.rescued:,} events rescued, "
            f"{self.kept:,} kept\n"
            f"  {self.calls:,} calls, {self.calls / self.files:.2f} a file; sent with botocore's "
            f"retries: {sent}; throttled: {throttled or 'none'}\n"
            f"  {self.emails:,} e-mails, at most {self.most_emails_in_a_second} in any second; "
            f"{self.notices} notices that not every failure is e-mailed"
        )


def spike(files: int, concurrency: int, *, rejected_every: int = 10) -> Spike:
    """Upload so many files at once, every tenth of them empty, and wait until all is quiet."""
    uploads = tuple(
        Upload(key=f"in/{number:05}.csv", size=0 if number % rejected_every == 0 else 12)
        for number in range(files)
    )
    world = World(History(uploads, has_process=False), make_story=Untold, make_wire=CrowdedWire)
    wire = world.wire
    assert isinstance(wire, CrowdedWire)
    world.functions.account_concurrency = concurrency
    world.functions.jitter = lambda: wire.random.uniform(0.5, 1.5)
    world.live()
    ends = [message.moment for message in world.topic.published]
    return Spike(
        files=files,
        concurrency=concurrency,
        fates=Counter(fact.status or "without a record" for fact in world.watch.facts),
        seconds=max(ends) - START,
        calls=wire.calls,
        sent=wire.sent,
        throttled=wire.throttled,
        invocations=len(world.functions.invocations),
        throttled_starts=world.coverage.world["throttled by Lambda"],
        rescued=sum(i.function == "rescuer" for i in world.functions.invocations),
        kept=len(world.kept),
        emails=len(world.watch.emails),
        notices=len(world.watch.notices),
        most_emails_in_a_second=densest(sorted(m.moment for m in world.watch.emails)),
        broken=violations(world),
    )


def densest(moments: list[float]) -> int:
    """The most of them in any window of one second."""
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
