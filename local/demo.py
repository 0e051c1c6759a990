"""`make demo`: real files go in, and each is shown to end where it should."""

import time
from datetime import UTC, datetime

from rich.console import Console

from operate.read.day_book import day_book
from operate.read.figures import Figures

from . import screen
from .alerts import Alert, Listener
from .deployment import Deployment
from .fates import Fate, look_up, problems_of, records, upload
from .samples import PASSED_OVER, varied

PATIENCE_SECONDS = 90
POLL_SECONDS = 0.25
QUIET_SECONDS = 1.5
"""How long to wait, once all is told, for an alert too many."""
SHOWN_AS_EMAIL = "CORRUPT_CSV"


def demo(console: Console) -> bool:
    """Run it; True when every file ended where it should."""
    started = time.monotonic()
    screen.title(console)
    with screen.deploying(console) as deployment:
        listener = Listener(deployment.cloud, deployment.topic_arns, "demo")
        fates = _drop_in(console, deployment, listener)
        verdicts = [(fate, problems_of(deployment, fate)) for fate in fates]
        screen.table(console, deployment, verdicts)
        if emailed := _emailed_failure(fates):
            screen.email(console, deployment, emailed)
        right = screen.verdict(console, verdicts, time.monotonic() - started)
        screen.figures(console, figures_of(deployment))
        return right


def figures_of(deployment: Deployment) -> Figures:
    """What `scalper figures --from-table` counts."""
    with day_book() as book:
        for item in records(deployment):
            book.add(item)
        days = list(book.days())
    now = datetime.now(UTC)
    first = min((day.date for day in days), default=f"{now:%Y-%m-%d}")
    return Figures(first, f"{now:%Y-%m-%d}", now, days)


def _emailed_failure(fates: list[Fate]) -> Alert | None:
    """An alert that did go out as e-mail; the one about the corrupt file if it did."""
    emailed = [
        alert
        for fate in fates
        for alert in fate.alerts
        if alert.attributes.get("email") == "yes" and alert.message["status"] != "PROCESSED"
    ]
    emailed.sort(key=lambda alert: alert.message.get("reason_code") != SHOWN_AS_EMAIL)
    return emailed[0] if emailed else None


def _drop_in(console: Console, deployment: Deployment, listener: Listener) -> list[Fate]:
    samples = varied()
    with screen.Watch(console, len(samples)) as watch:
        uploads = []
        for sample in samples:
            uploads.append(upload(deployment, sample, deployment.emulator.folder))
            watch.show(look_up(deployment, listener, uploads))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            fates = look_up(deployment, listener, uploads)
            watch.show(fates)
            if all(it.is_told for it in fates if it.upload.sample.fate != PASSED_OVER):
                break
            deployment.emulator.check()
            time.sleep(POLL_SECONDS)
        time.sleep(QUIET_SECONDS)
        return look_up(deployment, listener, uploads)
