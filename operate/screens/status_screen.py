"""`scalper status` for a person: one screen, the bad news last and with what to type."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..read import status
from ..read.status import RECENT_MINUTES, Health
from ..read.words import age, number, time_of
from .plain import plain

GOOD, BAD, UNSURE = Text("●", "green"), Text("●", "red"), Text("●", "yellow")
SHOWN_GROUPS = 12
NOBODY, OPERATOR, SENDER = "nobody", "operator", "sender"


def show(health: Health, console: Console) -> None:
    """Write the screen."""
    troubles = list(health.troubles())
    facts = Table.grid(padding=(0, 2))
    facts.add_column(width=1)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for light, name, value in _facts(health):
        facts.add_row(light, name, value)
    console.print(plain(f"{health.pipeline}  {health.asked_at:%Y-%m-%d %H:%M:%S} UTC", "bold"))
    console.print(facts)
    if health.groups:
        console.print()
        console.print(_groups(health))
    console.print()
    if not troubles:
        console.print(Text("All is well.", "bold green"))
        return
    things = "thing needs" if len(troubles) == 1 else "things need"
    console.print(Text(f"{len(troubles):,} {things} somebody:", "bold red"))
    for trouble in troubles:
        console.print(Text("  ") + plain(trouble.what))
        for command in trouble.type_next:
            console.print(Text(f"    {command}", "cyan"))


def _facts(health: Health) -> Iterator[tuple[Text, str, RenderableType]]:
    yield _processor(health)
    yield _files(health)
    flow = health.flow
    if flow.received is None and flow.oldest_seconds is None:
        yield GOOD, "In flight", f"Lambda counted no event in {RECENT_MINUTES} min"
    else:
        oldest = flow.oldest_seconds or 0
        words = [f"{number(flow.received or 0, 'event')} in {RECENT_MINUTES} min"]
        words.append(f"the longest waited {oldest:,.0f} s")
        if flow.throttled:
            words.append(f"{flow.throttled:,} throttled")
        yield (UNSURE if flow.throttled else GOOD), "In flight", ", ".join(words)
    kept = health.kept_events
    yield (BAD if kept else GOOD), "Kept events", f"{kept:,}" if kept else "none"
    yield _alarms(health)
    yield _email(health)
    yield GOOD, "Records", _records(health)


def _processor(health: Health) -> tuple[Text, str, RenderableType]:
    if health.concurrency == 0:
        who = f", by {health.paused.by}" if health.paused else ", but not by `scalper pause`"
        since = f" since {health.paused.at}" if health.paused else ""
        return BAD, "Processor", plain(f"STOPPED{since}{who}", "bold red")
    if not health.notified:
        return BAD, "Processor", Text("nobody tells it of uploads", "bold red")
    reserved = health.concurrency
    return GOOD, "Processor", f"running, {reserved} at once" if reserved else "running"


def _files(health: Health) -> tuple[Text, str, RenderableType]:
    by = {who: sum(it.by.get(who, 0) for it in health.groups) for who in (OPERATOR, NOBODY, SENDER)}
    oldest = health.oldest
    words = []
    if by[OPERATOR]:
        words.append(f"{by[OPERATOR]:,} need{'s' if by[OPERATOR] == 1 else ''} somebody")
    if by[NOBODY]:
        words.append(f"{by[NOBODY]:,} tried again by themselves")
    if by[SENDER]:
        words.append(f"{by[SENDER]:,} rejected, for their senders")
    text = plain("; ".join(words) or "no file waits")
    if oldest:
        text += plain(f"; the oldest for {age(oldest.since, health.asked_at)}: {oldest.key}")
    return (BAD if by[OPERATOR] else UNSURE if by[NOBODY] else GOOD), "Files", text


def _alarms(health: Health) -> tuple[Text, str, RenderableType]:
    if not health.alarms:
        return BAD, "Alarms", Text("none tells the topic: run pulumi up --refresh", "bold red")
    states = [alarm.state for alarm in health.alarms]
    words = [f"{states.count('OK')} of {len(states)} OK"]
    if on := [alarm.name for alarm in health.alarms if alarm.state == "ALARM"]:
        words.append(f"ALARM: {', '.join(on)}")
    if states.count("INSUFFICIENT_DATA"):
        words.append(f"{states.count('INSUFFICIENT_DATA')} not evaluated yet")
    return (BAD if on else GOOD), "Alarms", plain(", ".join(words))


def _email(health: Health) -> tuple[Text, str, RenderableType]:
    if not health.expects_email and not health.subscriptions:
        return GOOD, "E-mail", "none is set up"
    bad = [it for it in health.subscriptions if it.state != "confirmed"]
    words = [f"{len(health.subscriptions) - len(bad)} confirmed"]
    words += [f"{it.address} {it.state}" for it in bad]
    light = BAD if bad or not health.subscriptions else GOOD
    return light, "E-mail", plain(", ".join(words))


def _records(health: Health) -> str:
    if health.counts is not None:
        return ", ".join(f"{count:,} {name}" for name, count in health.counts.items())
    return (
        f"about {number(health.records, 'item')} in the table (files, and the e-mail budget's "
        "counters), as DynamoDB counted up to 6 h ago; --count counts each fate now"
    )


def _groups(health: Health) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in (
        ("FILES", "right"),
        ("STATUS", "left"),
        ("REASON", "left"),
        ("OLDEST (UTC)", "left"),
        ("NEXT", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=name != "NEXT")  # type: ignore[arg-type]
    for group in health.groups[:SHOWN_GROUPS]:
        assert group.oldest is not None
        table.add_row(
            f"{group.files:,}",
            plain(group.status),
            plain(group.reason_code),
            time_of(group.oldest.since),
            _next(group, health),
        )
    left = len(health.groups) - SHOWN_GROUPS
    more = Text(f"… and {number(left, 'reason')} more; --json has all") if left > 0 else Text()
    return Group(table, more) if left > 0 else table


def _is_to_come(iso: str, health: Health) -> bool:
    return datetime.fromisoformat(iso) > health.asked_at


def _next(group: status.Group, health: Health) -> Text:
    parts = []
    if operator := group.by.get(OPERATOR):
        parts.append(Text(f"{operator:,} need{'s' if operator == 1 else ''} somebody", "red"))
    if nobody := group.by.get(NOBODY):
        due = group.next_retry
        when = f"in {age(due, health.asked_at)}" if due and _is_to_come(due, health) else "now"
        parts.append(Text(f"{nobody:,} tried again by themselves, first {when}"))
    if group.by.get(SENDER):
        parts.append(Text("for the sender"))
    return Text(", ").join(parts)
