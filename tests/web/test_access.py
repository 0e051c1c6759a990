"""For who has no mouse, no large screen or no good eyes: keyboard alone, a phone, axe."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.operate.conftest import World

from .conftest import ALL, NewTab, Tab, logged

_PACKAGE = find_spec("axe_playwright_python")
assert _PACKAGE is not None
assert _PACKAGE.origin is not None, "requirements-dev.txt brings it"
AXE = Path(_PACKAGE.origin).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LONG = f"partners/{'a-very-long-name' * 40}.csv"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def full(world: World) -> World:
    """Something on every screen."""
    world.hold("partners/acme/orders.csv")
    world.hold("partners/acme/late.csv", "OUT_OF_TIME")
    upload = world.reject(LONG)
    world.change(world.hold("soon.csv"), retry_at={"S": "2099-01-01T00:00:00.000Z"})
    world.accept("good.csv")
    world.keep_event({"requestPayload": {}})
    line = {"key": upload.key, "upload_id": upload.delivery.upload.upload_id, "size": 7, "ms": 3}
    logged(world, {"status": "QUARANTINED", **line, "code": "WRONG_TYPE"})
    return world


SCREENS = {
    "overview": "#/",
    "waiting": "#/waiting",
    "a filter that matches nothing": "#/waiting?reason=NO_SUCH",
    "file": f"#/file?key={LONG}",
    "recent": "#/recent",
    "find": "#/find?text=partners",
    "nowhere": "#/nowhere",
    "signed out": "",
    "dialog": "#/waiting",
}


MOST = ("overview", "file", "dialog")
"""The screens that have the most of everything."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS if ALL else MOST)
def test_axe_finds_nothing(new_tab: NewTab, full: World, screen: str, scheme: str) -> None:
    tab = new_tab(color_scheme=scheme, bypass_csp=True)  # axe itself is put into the page
    if screen == "signed out":
        tab.page.goto(tab.base)
        expect(tab.page.get_by_text("This tab is not signed in")).to_be_visible()
    else:
        tab.sign_in(SCREENS[screen])
    if screen == "file":
        for summary in tab.page.locator("summary").all():
            summary.click()
        expect(tab.page.get_by_role("button", name="Ask again")).to_be_visible()
    if screen == "dialog":
        tab.page.get_by_label("Choose all that are shown").check()
        tab.page.get_by_role("button", name="Discard …").click()
        expect(tab.page.get_by_label("type how many files")).to_be_visible()
    assert axe(tab) == []


def axe(tab: Tab) -> list[str]:
    """Each rule that is broken, and where."""
    tab.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.page.evaluate(
        "rules => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        f"{broken['id']}: {node['target']} {node.get('failureSummary', '')}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]


def test_axe_would_find_what_is_wrong(new_tab: NewTab) -> None:
    tab = new_tab(bypass_csp=True)
    tab.sign_in()
    tab.page.evaluate(
        "document.querySelector('main').append(document.createElement('button')); "
        "document.querySelector('h1').style.color = '#999'"
    )
    assert {it.partition(":")[0] for it in axe(tab)} >= {"button-name", "color-contrast"}


@pytest.mark.parametrize("screen", (it for it in SCREENS if it != "signed out") if ALL else MOST)
def test_a_phone_never_scrolls_sideways(new_tab: NewTab, full: World, screen: str) -> None:
    tab = new_tab(viewport=PHONE, has_touch=True, is_mobile=True)
    tab.sign_in(SCREENS[screen])
    if screen == "dialog":
        tab.page.get_by_label("Choose all that are shown").check()
        tab.page.get_by_role("button", name="Try again …").click()
        expect(tab.page.get_by_role("dialog")).to_contain_text("would be tried again")
    if screen == "file":
        for summary in tab.page.locator("summary").all():
            summary.click()
    width = tab.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    small = tab.page.evaluate(
        "[...document.querySelectorAll('button, .button, select, input')].filter((it) => "
        "it.offsetParent && Math.min(it.closest('label')?.offsetHeight ?? 99, "
        "it.offsetHeight) < 18).map((it) => it.outerHTML)"
    )
    assert small == []


def test_all_of_it_works_by_keyboard_alone(tab: Tab, world: World) -> None:
    upload = world.hold("a.csv")
    world.hold("b.csv")
    tab.sign_in()
    press = tab.page.keyboard.press
    # The heading has the focus when a view begins, so that it is read out.
    expect(tab.page.locator("h1")).to_be_focused()
    walk(tab, "link", "Skip to the content", backwards=True)
    press("Enter")
    expect(tab.page.locator("main")).to_be_focused()
    walk(tab, "link", "Waiting", backwards=True)
    press("Enter")
    tab.settle()
    walk(tab, "checkbox", "Choose a.csv")
    press("Space")
    expect(tab.page.get_by_text("1 file chosen")).to_be_visible()
    expect(tab.page.get_by_label("Choose a.csv")).to_be_focused()
    walk(tab, "button", "Try again …")
    press("Enter")
    expect(tab.page.get_by_role("button", name="Try again: 1 file")).to_be_focused()
    press("Enter")
    expect(tab.page.locator(".result")).to_have_text("1 file tried again.")
    expect(tab.page.get_by_role("button", name="Close")).to_be_focused()
    press("Enter")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    assert [event["Retry"]["upload_id"] for _, _, event in world.invoked] == [
        upload.delivery.upload.upload_id
    ]


def walk(tab: Tab, role: str, name: str, *, backwards: bool = False) -> None:
    """With the tab key, as far as it takes."""
    wanted = tab.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(60):
        tab.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            outline = wanted.evaluate("it => getComputedStyle(it).outlineStyle")
            assert outline != "none", "nobody sees where the focus is"
            return
    raise AssertionError(f"the tab key never reaches {name}")
