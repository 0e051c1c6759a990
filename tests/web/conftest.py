"""The page on moto, asked by programs and by a real browser.

The browser is Debian's Chromium or another one on the PATH; nothing is downloaded for it.
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto import mock_aws
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from handler.aws.records import plain_item
from operate.act.pace import Pace
from operate.web.asked import Visitor
from operate.web.server import Remembered, Server
from tests.conftest import NO_BROWSER
from tests.operate.conftest import World, clients  # noqa: F401

ALL = os.environ.get("BROWSER_TESTS") == "all"
"""`make browser` looks at every screen in both schemes, `make test` at those with most in them."""

FOLLOW = """view => view === location.hash || new Promise((done) => {
    addEventListener('hashchange', () => setTimeout(done), { once: true });
    location.hash = view;
})"""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPERATOR = "arn:aws:iam::123456789012:user/ada"


def browser_path() -> str | None:
    """The browser that there is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)


@pytest.fixture
def world(clients: Any) -> Iterator[World]:  # noqa: F811
    """As for the command, but a browser must be able to reach the server."""
    with mock_aws():
        deployed = World(*clients)
        for name in ("processor", "rescuer"):
            deployed.clients.logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        emitters = [it.meta.events for it in (deployed.lambda_, deployed.clients.patient_lambda)]
        for emitter in emitters:
            emitter.register("before-call.lambda.Invoke", deployed.invoke)
        yield deployed
        for emitter in emitters:
            emitter.unregister("before-call.lambda.Invoke", deployed.invoke)


@contextmanager
def serving(world: World, visitor: Visitor) -> Iterator[Server]:
    """`scalper web`, for that person."""
    with Server(Remembered(world.deployment), visitor) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with serving(world, Visitor(OPERATOR, may_act=True)) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        # Root has no sandbox of its own to begin with; every page here is ours.
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Tab:
    """A tab of a browser, in which everything that goes wrong is noted."""

    page: Page
    server: Server
    troubles: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of what the browser's console may say in this test."""

    @property
    def base(self) -> str:
        return f"http://{self.server.host}/"

    def sign_in(self, view: str = "#/") -> None:
        self.page.goto(self.server.address)
        self.settle()
        if view != "#/":
            self.open(view)

    def open(self, view: str) -> None:
        """Go there as by a link, and wait until it is shown."""
        self.page.evaluate(FOLLOW, view)
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_selector("main h1")
        self.page.wait_for_selector("main .loading", state="detached")

    @property
    def place(self) -> str:
        return self.page.url.removeprefix(self.base)

    def names(self) -> list[str]:
        """Of the files in the list."""
        return self.page.locator("table.files tbody .file a").all_inner_texts()


NewTab = Callable[..., Tab]


@pytest.fixture
def new_tab(browser: Browser, server: Server) -> Iterator[NewTab]:
    """Opens tabs, each of a browser of its own; at the end none may have complained."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def make(at: Server = server, **options: Any) -> Tab:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        tab = Tab(page, at)
        tabs.append(tab)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error("
            "`CSP ${event.violatedDirective} ${event.blockedURI}`))"
        )
        page.on("console", lambda message: _note(tab, message.type, message.text))
        page.on("pageerror", lambda error: tab.troubles.append(str(error)))
        page.on("dialog", lambda dialog: tab.troubles.append(f"dialog: {dialog.message}"))
        return tab

    yield make
    for context in contexts:
        context.close()
    found = [
        it for tab in tabs for it in tab.troubles if not any(map(it.__contains__, tab.expected))
    ]
    assert not found


def _note(tab: Tab, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        tab.troubles.append(text)


@pytest.fixture
def tab(new_tab: NewTab) -> Tab:
    return new_tab()


class Processor:
    """Does what it is asked for, when the test says so."""

    def __init__(self, world: World) -> None:
        self._world = world

    def begin(self) -> Any:
        """Claim the newest retry that was asked for."""
        _, _, event = self._world.invoked[-1]
        pipeline = self._world._pipeline()
        delivery = pipeline.reattempts.claim(
            event, f"retry-{len(self._world.invoked)}", rescuing=False
        )
        assert delivery is not None
        return lambda: pipeline.fates.accept(delivery)


@pytest.fixture
def processor(world: World) -> Processor:
    return Processor(world)


def logged(world: World, *lines: dict[str, Any], ago_seconds: int = 5) -> None:
    """Lines of the processor, as CloudWatch has them."""
    logs, group = world.clients.logs, "/aws/lambda/processor"
    stream = secrets.token_hex(4)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    at = round((time.time() - ago_seconds) * 1000)
    events: Any = [
        {"timestamp": at + number, "message": json.dumps(line, separators=(",", ":"))}
        for number, line in enumerate(lines)
    ]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def record_of(world: World, upload: Any) -> dict[str, Any]:
    """As it is now."""
    return plain_item(world.item(upload))
