"""What must be true of every upload once all is over, whatever happened."""

from collections import Counter
from collections.abc import Iterator

from handler.doors.s3_notification import parse
from handler.model.errors import Code
from handler.model.item import NEEDS_SOMEBODY

from . import retry_invariants
from .fact import Fact, PlainItem
from .histories import BLAMES_THE_FILE
from .invocation import Death
from .process import REJECTION
from .stage import INPUT
from .world import World

_DEATHS = (Death.CRASH, Death.OUT_OF_MEMORY, Death.STOPPED)
METRICS = {"HELD": "FilesHeld", "QUARANTINED": "FilesQuarantined"}
EMAILS_A_SECOND = 10
"""SNS suspends a subscription that is offered more."""


def violations(world: World) -> list[str]:
    """Empty when the promise was kept."""
    found = list(world.watch.wrong)
    tries = Counter(invocation.owner for invocation in world.functions.invocations)
    metrics = _metrics(world)
    for fact in world.watch.facts:
        checks = (
            fate(fact),
            place(fact),
            refusals(world, fact),
            copies(world, fact),
            truth(fact),
            blame(world, fact),
            told(world, fact, tries),
            counted(fact, metrics),
            retry_invariants.violations(world, fact),
        )
        found += [f"{fact}: {what}" for check in checks for what in check]
    return found + list(emails(world)) + list(items(world))


def fate(fact: Fact) -> Iterator[str]:
    """Exactly one fate; where even recording failed, an alarm that keeps the event."""
    if fact.record is None and not fact.loose_ends:
        yield "it has no fate, and nobody knows"


def items(world: World) -> Iterator[str]:
    """At most one item an upload, and none for anything else."""
    known = {(fact.event.key, fact.event.upload_id) for fact in world.watch.facts}
    for key in world.table.items:
        if key not in known and not _is_no_files(key[0]) and not world.watch.is_ghost(*key):
            yield f"there is a record {key} of no upload"


def _is_no_files(key: str) -> bool:
    """S3 takes no key that is longer."""
    return len(key.encode()) > 1024


def place(fact: Fact) -> Iterator[str]:
    """The file is where its fate says, and nothing else was touched."""
    if fact.status == "QUARANTINED":
        known = fact.event.version_id in undeleted(fact)
        if fact.removed_by is None and not fact.loose_ends and not known:
            yield "it is QUARANTINED and still in the input bucket"
    elif fact.removed_by not in (None, "a user") and not fact.was_set_aside:
        yield f"it is {fact.status} and was removed by {fact.removed_by}"
    is_unsaid = fact.removed_by is None and fact.event.version_id not in undeleted(fact)
    if "restored_from" in (fact.record or {}) and is_unsaid and not fact.loose_ends:
        yield "it was restored, and what was uploaded is still in the input bucket too"
    if fact.status == "GONE" and fact.removed_by is None:
        yield "it is called GONE and is there"


def refusals(world: World, fact: Fact) -> Iterator[str]:
    """What S3 refuses to delete for good is recorded and published as it is, and stops nothing."""
    record, history = fact.record, world.history
    for version_id in undeleted(fact):
        if not world.refused_to_delete(version_id):
            yield f"its record says that S3 refuses to delete {version_id}, which it never did"
    final = [
        message.machines.get("undeleted")
        for message, _ in fact.alerts
        if record and message.machines.get("processed_at") == record["processed_at"]
    ]
    if record and final and final[-1] != record.get("undeleted") and not fact.loose_ends:
        yield f"{final[-1]} was published, and its record says {record.get('undeleted')}"
    others = (history.mishaps, history.outages, history.limits, history.sendings)
    if history.kept and fact.loose_ends and not any(others):
        yield "S3 refused to delete it, and its event was kept"


def undeleted(fact: Fact) -> set[str]:
    """The ids of the versions that S3 refuses to delete, as the record says."""
    return {one["version_id"] for one in (fact.record or {}).get("undeleted", [])}


def copies(world: World, fact: Fact) -> Iterator[str]:
    """One whole copy of what is QUARANTINED or was left there, and none of anything else.

    A copy that nobody names may stay behind only where the invocation that made it failed, and so
    could not clear up; where its answer was lost while another invocation made a copy too, so that
    neither can tell whose is whose; where it found the file HELD, which may have been giving way to
    a fate that named this copy, in the rescuer or in one of two deliveries of a retry of which the
    other was given up; or where the rescuer could not look at its copy and held the file.
    """
    named = (fact.record or {}).get("location_version_id")
    there = world.watch.copies_in_quarantine(fact)
    if named in [copy.version_id for copy in there]:
        if fact.discarded:
            yield "it was discarded and is still in quarantine"
    elif named and named not in fact.copies_removed_by_user and not fact.discarded:
        yield "the copy that its record names is not in quarantine"
    restored_from = (fact.record or {}).get("restored_from")
    was_held = any(item["status"] == "HELD" for item, _ in fact.written)
    held_by = {(item["owner"], it.number) for item, it in fact.written if item["status"] == "HELD"}
    makers = {copy.version_id: maker for copy, maker in fact.copies}
    one_made_all = len(set(makers.values())) == 1
    for copy in there:
        maker = makers[copy.version_id]
        excused = (
            maker.failed
            or (maker.met_trouble and not one_made_all)
            or (was_held and maker.function == "rescuer")
            or any(owner == maker.owner and number != maker.number for owner, number in held_by)
            or (maker.met_trouble and maker.function == "rescuer")
        )
        if copy.version_id == restored_from:
            excused = bool(fact.loose_ends) or copy.version_id in undeleted(fact)
        elif world.refused_to_delete(copy.version_id):
            excused = True
        if copy.version_id != named and not excused:
            yield f"{maker.name} left a stray copy, {copy.version_id}, in quarantine"


def truth(fact: Fact) -> Iterator[str]:
    """The record says what was uploaded, by whom it was dealt with and how often."""
    record = fact.record
    if record is None:
        return
    event = fact.event
    etags = {event.version_id: event.etag}
    if "restored_from" in record:
        etags = {made.version_id: made.etag.strip('"') for made, _ in fact.restored}
    expected = {
        "bucket": event.bucket,
        "version_id": record["version_id"] if record["version_id"] in etags else event.version_id,
        "etag": etags.get(record["version_id"], event.etag),
        "size_bytes": event.size_bytes,
    }
    for name, value in expected.items():
        if record[name] != value:
            yield f"its record says {name} {record[name]}, it is {value}"
    if ("attention_shard" in record) != (record["status"] in NEEDS_SOMEBODY):
        yield "its record is in the list of what needs somebody, or missing there, wrongly"
    if record["status"] == "HELD" and parse(record["event"], INPUT) != event:
        yield "the event that its record keeps would not try it again"
    owners = set(_counted(fact))
    if record["owner"] not in owners:
        yield f"its record belongs to {record['owner']}, who never wrote it"
    if not len(owners) <= record["attempt"] <= len(fact.written):
        yield f"its record says attempt {record['attempt']}, it was recorded by {sorted(owners)}"


def _counted(fact: Fact) -> Iterator[str]:
    """Who recorded a fate or an attempt; to note a copy that took another's place is neither."""
    before: PlainItem = {}
    for item, invocation in fact.written:
        if any(item[name] != before.get(name) for name in ("status", "owner", "attempt")):
            yield invocation.owner
        before = item


def blame(world: World, fact: Fact) -> Iterator[str]:
    """A file is set aside only for what it, or `process` on it, did; reasons are true."""
    set_aside = [item for item, _ in fact.written if item["status"] == "QUARANTINED"]
    if not set_aside:
        return
    # Whatever befalls a retry, it stays there.
    code = set_aside[0]["reason_code"]
    rejected = fact.plan.size == 0
    blamed = [answer for answer, _ in fact.answers if answer in BLAMES_THE_FILE]
    if code == Code.EMPTY_FILE:
        if not rejected:
            yield "it was set aside as empty and is not"
    elif code == REJECTION[0]:
        if not any("rejects" in answer for answer in blamed):
            yield "it was set aside as rejected, which process never did"
    elif code in (Code.PROCESS_CRASHED, Code.PROCESS_OUT_OF_MEMORY, Code.PROCESS_TIMED_OUT):
        if not _died_of_it(fact, late=code == Code.PROCESS_TIMED_OUT):
            yield f"it was set aside as {code}, and process had nothing to do with it"
    elif code != Code.PROCESS_FAILED or not blamed:
        yield f"it was set aside as {code}, for nothing that it did"


def _died_of_it(fact: Fact, *, late: bool) -> bool:
    """A try of the owner that set it aside ended the function, or was late, with it in hand.

    A sandbox that dies does not say whose code was running: from its claim on, `process`'s own.
    """
    aside = next(writer for item, writer in fact.written if item["status"] == "QUARANTINED")
    tries = [*(one for _, one in fact.answers), *fact.counted_in_hand]
    mine = [one for one in tries if one.owner == aside.owner]
    return any(one.death in _DEATHS or (late and one.met_trouble) for one in mine)


def told(world: World, fact: Fact, tries: Counter[str]) -> Iterator[str]:
    """Its fate was told; once, and once more at most for each retry and each lost answer."""
    record = fact.record
    if record is None:
        return
    final = [
        message
        for message, _ in fact.alerts
        if all(message.machines.get(name) == record[name] for name in ("status", "processed_at"))
    ]
    # Who discards a file tells of it.
    if not final and not fact.loose_ends and not fact.discarded:
        yield f"nobody was told that it is {record['status']}"
    recorders = {(item["status"], writer.owner) for item, writer in fact.written}
    repeated = Counter(
        (message.machines["status"], invocation.owner) for message, invocation in fact.alerts
    )
    for (status, owner), times in repeated.items():
        if (status, owner) not in recorders and not fact.discarded:
            yield f"{owner} told that it is {status}, which it had not recorded"
        most = tries[owner] + world.wire.repeats["publish"]
        if times > most:
            yield f"{owner} told {times} times that it is {status}, in {tries[owner]} tries"


def counted(fact: Fact, metrics: set[tuple[str, str]]) -> Iterator[str]:
    """What needs somebody was counted where the alarms look."""
    metric = METRICS.get(fact.status or "")
    if fact.loose_ends or not metric or (metric, fact.event.upload_id) in metrics:
        return
    # Who recorded it may die before it is counted, and be overtaken by a retry.
    first = next(writer for item, writer in fact.written if item["status"] == fact.status)
    if not (first.failed and fact.claims and fact.claims[-1] != first.owner):
        yield f"it is {fact.status} and {metric} was never counted"


def _metrics(world: World) -> set[tuple[str, str]]:
    """Which metric was counted for which upload."""
    return {
        (metric, line["upload_id"])
        for invocation in world.functions.invocations
        for line in invocation.log_lines()
        for metric in METRICS.values()
        if metric in line
    }


def emails(world: World) -> Iterator[str]:
    """No second in which an address is offered more than SNS allows."""
    moments = sorted(message.moment for message in world.watch.emails)
    for at, moment in enumerate(moments):
        following = moments[at : at + EMAILS_A_SECOND + 1]
        if len(following) > EMAILS_A_SECOND and following[-1] - moment < 1:
            yield f"{len(following)} e-mails were offered within a second"
            return
