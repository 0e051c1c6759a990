"""What a write may do to a record that stands, by what it says it is."""

from collections.abc import Iterator

from handler.model.item import HISTORY_LENGTH

from .fact import PlainItem

_OF_A_CLAIM = {
    "retries",
    "attempt",
    "retry_owner",
    "claimed_at",
    "taken_from",
    "tries_in_hand",
    "retry_at",
    "parked",
}
_OF_A_NOTE = {
    "location_version_id",
    "attempt",
    "counted_by",
    "retry_at",
    "parked",
    "undeleted",
    "tries_in_hand",
}
_WAITING = ("QUARANTINED", "HELD")


def is_being_retried(item: PlainItem) -> bool:
    """A retry has begun, and it is not recorded yet what became of it."""
    return bool(item.get("retry_owner", item["owner"]) != item["owner"])


def is_claim(old: PlainItem, new: PlainItem) -> bool:
    return retries(new) > retries(old)


def is_new_fate(old: PlainItem, new: PlainItem) -> bool:
    """The status may be as before: a retry in vain is a fate as well."""
    concludes = is_being_retried(old) and not is_being_retried(new)
    return concludes or any(old[name] != new[name] for name in ("status", "processed_at"))


def is_discard(new: PlainItem) -> bool:
    return bool(new.get("reason_code") == "DISCARDED")


def retries(item: PlainItem) -> int:
    return int(item.get("retries", 0))


def wrongs(old: PlainItem, new: PlainItem) -> Iterator[str]:
    """Why `new` may not take the place of `old`."""
    if is_claim(old, new):
        yield from _wrong_claim(old, new)
    elif is_new_fate(old, new):
        yield from _wrong_fate(old, new)
    elif names := _changed(old, new) - _OF_A_NOTE:
        yield f"{sorted(names)} changed under the same fate"


def _wrong_claim(old: PlainItem, new: PlainItem) -> Iterator[str]:
    if old["status"] not in _WAITING:
        yield f"what is {old['status']} was claimed for a retry"
    if retries(new) != retries(old) + 1 or new["attempt"] != old["attempt"] + 1:
        yield f"a claim counted {_counts(old)} up to {_counts(new)}"
    if {"retry_at", "parked"} & new.keys():
        yield "what is being retried still says what would come"
    if names := _changed(old, new) - _OF_A_CLAIM:
        yield f"a claim changed {sorted(names)}"


def _wrong_fate(old: PlainItem, new: PlainItem) -> Iterator[str]:
    concludes = is_being_retried(old) and old["retry_owner"] == new["owner"]
    if not (
        old["status"] == "HELD" or concludes or (old["status"] in _WAITING and is_discard(new))
    ):
        yield (
            f"{new['status']} of {new['owner']} replaced {old['status']} of {old['owner']} "
            "as the fate"
        )
        return
    if retries(new) != retries(old):
        yield f"a fate changed the number of retries from {retries(old)} to {retries(new)}"
    if new["attempt"] < old["attempt"]:
        yield f"attempts were counted down from {old['attempt']} to {new['attempt']}"
    yield from _wrong_history(old, new)


def _wrong_history(old: PlainItem, new: PlainItem) -> Iterator[str]:
    *before, last = new.get("history", []) or [{}]
    if before != old.get("history", [])[-(HISTORY_LENGTH - 1) :]:
        yield "its history was changed"
    was = {"at": old["processed_at"], **{n: old[n] for n in ("status", "reason_code", "reason")}}
    if {name: last.get(name) for name in was} != was:
        yield f"its history says {last} of what was {was}"
    attempts = [entry["attempt"] for entry in new.get("history", [])]
    if attempts != sorted(set(attempts)) or attempts[-1:] > [new["attempt"]]:
        yield f"its history counts attempts {attempts} before attempt {new['attempt']}"


def _counts(item: PlainItem) -> str:
    return f"{retries(item)} retries in {item['attempt']} attempts"


def _changed(old: PlainItem, new: PlainItem) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
