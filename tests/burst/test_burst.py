"""Many files at once, direct from S3, while what lies between goes wrong. The judge decides.

What the emulator cannot show: Lambda keeps the id of a request when it tries again and the emulator
does not, so that every fate is told is shown by the simulation. Lambda keeps waiting events while
anything restarts, so here the test delivers them again. And it tries the rescuer again and keeps
its event at last, so here the faults spare it.
"""

import json
import time
from collections import Counter
from urllib.parse import unquote_plus

from .conftest import FILES, PATIENCE_SECONDS, Burst
from .faults import CALLS, every_fault_on_every_call

GOOD, WRONG_TYPE, CORRUPT = b"a,b\n1,2\n", b"MZ", b"a,b\n1\n"
TIMES = max(1, FILES // 20)
"""How often each fault happens to each call."""


def files(folder: str) -> list[tuple[str, bytes]]:
    """A half is accepted, a quarter refused by a rule, a quarter by `process`."""
    kinds = [("good.csv", GOOD), ("type.exe", WRONG_TYPE), ("good.csv", GOOD), ("bad.csv", CORRUPT)]
    return [
        (f"{folder}{n:03}-{name}", content)
        for n in range(FILES)
        for name, content in [kinds[n % len(kinds)]]
    ]


def test_what_nobody_could_record_is_kept_and_accounted_for(burst: Burst) -> None:
    """The table refuses every write, for longer than anyone tries again."""
    refuse = {**CALLS["PutItem"], "error": {"code": "InternalServerError", "status": 500}}
    burst.faults.make({"PutItem: 5xx": refuse})
    burst.send_rescuer_to(burst.faults.endpoint)
    burst.upload([("kept/file.csv", GOOD)])
    (event,) = burst.told()
    # The emulator calls the rescuer once and forgets; as an event of its own it is tried again.
    record = {"requestContext": {"condition": "EventAgeExceeded"}, "requestPayload": event}
    burst.cloud.lambda_.invoke(
        FunctionName=burst.outputs["rescuer_function"],
        InvocationType="Event",
        Payload=json.dumps(record),
    )
    assert_accounted_for(burst)
    assert burst.counts()["event_kept"] == 1
    assert burst.fates("kept/") == {}
    burst.faults.make({})
    burst.send_rescuer_to(burst.emulator.endpoint)
    burst.deliver(event)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not burst.fates("kept/") and time.monotonic() < deadline:
        burst.emulator.check()
        time.sleep(0.5)
    assert_accounted_for(burst)
    assert burst.counts()["event_kept"] == 0


def test_with_every_fault_on_every_call_all_is_accounted_for(burst: Burst) -> None:
    rules = every_fault_on_every_call(TIMES)
    burst.faults.make(rules)
    started = time.monotonic()
    burst.upload(files("faults/"))
    assert_accounted_for(burst)
    seconds = time.monotonic() - started
    made, fates = burst.faults.made(), burst.fates("faults/")
    show(
        f"{FILES} files, all accounted for in {seconds:.0f} s: {dict(Counter(fates.values()))}",
        f"{sum(made.values())} faults: {dict(by(made, 2))}",
        f"on calls: {dict(by(made, 0))}",
    )
    assert by(made, 0).keys() == CALLS.keys(), "a call went without any fault"
    if FILES >= 60:
        assert [name for name in rules if not made[name]] == [], "faults that were not made"
    assert_no_good_file_is_set_aside(fates)
    burst.faults.make({})


def test_with_a_restart_in_the_middle_all_is_accounted_for(burst: Burst) -> None:
    # Some take long, so that they are in the middle of it.
    slow = {**CALLS["PutItem"], "latency": {"min": 100, "max": 8_000}}
    burst.faults.make({"PutItem: slow": slow})
    burst.told()
    burst.upload(files("restart/"))
    events = burst.told()
    while len(events) < FILES or len(burst.fates("restart/")) < FILES / 4:
        burst.emulator.check()
        events += burst.told()
    burst.emulator.restart()
    burst.faults.make({})
    in_flight = {finding.about for finding in burst.findings()}
    assert in_flight, "the restart came too late to catch a file in flight"
    for event in events:
        if unquote_plus(event["Records"][0]["s3"]["object"]["key"]) in in_flight:
            burst.deliver(event)
    assert_accounted_for(burst)
    fates = burst.fates("restart/")
    show(
        f"{FILES} files, {len(in_flight)} of them in flight at the restart, all accounted for: "
        f"{dict(Counter(fates.values()))}"
    )
    assert_no_good_file_is_set_aside(fates)


def assert_accounted_for(burst: Burst) -> None:
    found = burst.findings_when_settled()
    assert not found, "\n".join(map(str, found))


def assert_no_good_file_is_set_aside(fates: dict[str, str]) -> None:
    assert len(fates) == FILES
    expected = {"good.csv": "PROCESSED", "type.exe": "QUARANTINED", "bad.csv": "QUARANTINED"}
    wrong = {
        key: status
        for key, status in fates.items()
        if status not in ("HELD", expected[key.partition("-")[2]])
    }
    assert wrong == {}


def by(made: Counter[str], part: int) -> Counter[str]:
    """How often, by call (0) or by kind of fault (2)."""
    return Counter(name.partition(": ")[part] for name in made.elements())


def show(*lines: str) -> None:
    """What `make burst` prints."""
    print("\n" + "\n".join(lines))  # noqa: T201
