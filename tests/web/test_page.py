"""The page in a real browser: what a person sees, by mouse, and what the address holds."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from operate.web.asked import Visitor
from tests.operate.conftest import Uploaded, World

from .conftest import ALL, NewTab, Processor, Tab, logged, record_of, serving

HOSTILE = (
    "<img src=x onerror=alert(1)>.csv",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "invoice\u202efdp.exe",
    "zero\u200bwidth\u00a0and\ttab",
    "line\nbreak.csv",
    " leading and trailing ",
    "../../etc/passwd",
    "#/waiting?status=HELD&x",
    "a?b=c&key=other%00",
    "'\"`${7*7}{{7*7}}",
    "é" * 400,
    "\U000e0041tag",
    "عربي.csv",
)


def test_the_token_leaves_the_address_and_the_history_and_stays_in_its_tab(
    new_tab: NewTab, world: World
) -> None:
    world.hold("a.csv")
    tab = new_tab()
    tab.sign_in()
    assert tab.place == "#/"
    expect(tab.page.locator("h1")).to_have_text("1 file needs you")
    assert tab.server.token not in tab.page.content()
    assert tab.page.evaluate("localStorage.length") == 0
    tab.page.reload()
    expect(tab.page.locator("h1")).to_have_text("1 file needs you")
    other = tab.page.context.new_page()
    other.goto(tab.base)
    expect(other.get_by_text("This tab is not signed in")).to_be_visible()


@pytest.mark.parametrize("token", ["", "#token=wrong"])
def test_without_the_token_there_is_no_data(new_tab: NewTab, world: World, token: str) -> None:
    world.hold("secret-name.csv")
    tab = new_tab()
    tab.expected = ("401",)
    tab.page.goto(tab.base + token)
    expect(tab.page.get_by_text("This tab is not signed in")).to_be_visible()
    assert "secret-name" not in tab.page.content()


def test_a_link_that_was_passed_on_is_kept_through_the_sign_in(tab: Tab, world: World) -> None:
    world.hold("a.csv")
    world.reject("b.csv")
    tab.page.goto(f"{tab.base}#/waiting?status=HELD")
    tab.page.get_by_label("Address or token").fill(tab.server.address)
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.locator("table.files tbody tr")).to_have_count(1)
    assert tab.place == "#/waiting?status=HELD"
    assert tab.names() == ["a.csv"]


def test_filters_combine_and_outlive_reload_back_and_another_tab(
    tab: Tab, new_tab: NewTab, world: World
) -> None:
    world.hold("partners/a.csv")
    world.hold("partners/b.csv", "OUT_OF_TIME")
    world.hold("devices/c.csv")
    world.reject("partners/d.csv")
    tab.sign_in("#/waiting")
    assert len(tab.names()) == 4
    tab.page.get_by_label("Outcome").select_option("HELD")
    expect(tab.page.locator("table.files tbody tr")).to_have_count(3)
    tab.page.get_by_label("Name begins with").fill("partners/")
    tab.page.get_by_label("Reason").fill("OUT_OF_TIME")
    tab.page.get_by_role("button", name="Show").click()
    expect(tab.page.locator("table.files tbody tr")).to_have_count(1)
    chosen = "#/waiting?status=HELD&reason=OUT_OF_TIME&prefix=partners%2F"
    assert tab.place == chosen
    tab.page.reload()
    tab.settle()
    assert tab.names() == ["partners/b.csv"]
    assert tab.page.get_by_label("Reason").input_value() == "OUT_OF_TIME"
    tab.page.go_back()
    expect(tab.page.locator("table.files tbody tr")).to_have_count(3)
    other = new_tab()
    other.sign_in(chosen)
    assert other.names() == ["partners/b.csv"]
    other.page.get_by_role("link", name="Clear").click()
    expect(other.page.locator("table.files tbody tr")).to_have_count(4)
    other.page.get_by_label("Decided in").select_option("1h")
    expect(other.page.locator("table.files tbody tr")).to_have_count(4)
    assert other.place == "#/waiting?since=1h"


def test_files_of_one_sender_are_chosen_by_a_pattern(tab: Tab, world: World) -> None:
    for key, sender in (("a.csv", "AWS:AROAACME:nightly"), ("b.csv", "AWS:AROAZENITH:x")):
        world.change(world.hold(key), sender={"S": sender})
    world.hold("c.csv")
    tab.sign_in("#/waiting?sender=AWS%3AAROAACME%3A*")
    assert tab.names() == ["a.csv"]
    assert tab.page.get_by_label("Sender").input_value() == "AWS:AROAACME:*"


def test_pages_of_fifty_follow_one_another(tab: Tab, world: World) -> None:
    for number in range(60):
        world.hold(f"{number:03}.csv")
    tab.sign_in("#/waiting")
    seen = []
    for count in (50, 10):
        expect(tab.page.locator("table.files tbody tr")).to_have_count(count)
        seen += tab.names()
        if count == 50:
            first = tab.page.locator("table.files tbody .file a").first.inner_text()
            tab.page.get_by_role("link", name="Older").click()
            expect(tab.page.locator("table.files tbody .file a").first).not_to_have_text(first)
    assert sorted(seen) == [f"{number:03}.csv" for number in range(60)]
    assert seen == sorted(seen, reverse=True)
    tab.page.get_by_role("link", name="Newest").click()
    expect(tab.page.locator("table.files tbody .file a").first).to_have_text("059.csv")


@pytest.mark.parametrize("view", ["#/waiting", "#/find?text=", "#/recent", "file"])
def test_a_hostile_name_is_shown_harmlessly(tab: Tab, world: World, view: str) -> None:
    """Nothing runs, nothing is hidden, and each leads to its own file."""
    uploads = [world.reject(key) for key in HOSTILE]
    logged(world, *(line_of(upload) for upload in uploads))
    tab.sign_in()
    if view == "file":
        for upload in uploads if ALL else uploads[2:5]:
            tab.open("#/waiting")
            at = [it.replace("\n", "") for it in tab.names()].index(shown(upload.key))
            tab.page.locator("table.files tbody .file a").nth(at).click()
            expect(tab.page.locator("h1 .key")).to_have_text(shown(upload.key))
            record = tab.page.get_by_text("The record as it is")
            record.click()
            told = tab.page.locator("pre").inner_text()
            assert f'"upload_id": "{record_of(world, upload)["upload_id"]}"' in told
            assert told.isascii()
    else:
        tab.open(view + ("zero" if "text=" in view else ""))
        text = tab.page.locator("main").inner_text()
        assert not re.search("[\u200b\u202e\u00a0\U000e0041]", text)
        if view == "#/recent":
            assert sorted(it.replace("\n", "") for it in tab.names()) == sorted(map(shown, HOSTILE))
    assert tab.page.locator("main img, main script").count() == 0


def line_of(upload: Uploaded) -> dict[str, object]:
    """What the processor logs of it."""
    id = upload.delivery.upload.upload_id
    return {"status": "QUARANTINED", "key": upload.key, "upload_id": id, "size": 7, "ms": 3}


def shown(key: str) -> str:
    """As the page writes a name."""
    visible = re.sub("[\u200b\u202e\u00a0\t\n]", lambda it: f"\\u{ord(it[0]):04x}", key)
    visible = visible.replace("\U000e0041", "\\u{e0041}")
    return re.sub("^ | $", "␣", visible)


def test_a_retry_is_seen_to_its_end(tab: Tab, world: World, processor: Processor) -> None:
    upload = world.reject("partners/orders.csv", "PROCESS_FAILED")
    tab.sign_in("#/file?key=partners/orders.csv")
    expect(tab.page.locator(".timeline li")).to_have_count(2)
    tab.page.get_by_role("button", name="Try again …").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("project-stack-intake")
    expect(dialog).to_contain_text("arn:aws:iam::123456789012:user/ada")
    expect(dialog).to_contain_text("would be tried again, for the 1st time")
    assert not world.invoked, "a dry run asks for nothing"
    dialog.get_by_role("button", name="Try again: 1 file").click()
    expect(dialog.locator(".result")).to_have_text("1 file tried again.")
    finish = processor.begin()
    dialog.get_by_role("button", name="Close").click()
    expect(tab.page.locator(".timeline li.now")).to_contain_text("Being tried again")
    finish()
    expect(tab.page.locator(".timeline li").last).to_contain_text("PROCESSED")
    expect(tab.page.locator(".timeline li.quarantined")).to_contain_text("PROCESS_FAILED")
    assert record_of(world, upload)["status"] == "PROCESSED"
    expect(tab.page.get_by_role("button", name="Try again …")).to_have_count(0)


def test_a_retry_to_come_is_dashed(tab: Tab, world: World) -> None:
    upload = world.hold("later.csv")
    world.change(upload, retry_at={"S": "2099-01-01T00:00:00.000Z"})
    tab.sign_in("#/file?key=later.csv")
    expect(tab.page.locator(".timeline li.to-come")).to_contain_text("2099-01-01 00:00:00")
    style = "getComputedStyle(document.querySelector('.to-come'), '::before').borderTopStyle"
    assert tab.page.evaluate(style) == "dashed"
    tab.open("#/")
    expect(tab.page.locator("h1")).to_have_text("Nothing needs you")


def test_a_discard_asks_for_the_count_and_escape_sends_nothing(tab: Tab, world: World) -> None:
    uploads = [world.reject(f"{number}.csv") for number in range(3)]
    tab.sign_in("#/waiting")
    tab.page.get_by_label("Choose all that are shown").check()
    expect(tab.page.get_by_text("3 files chosen")).to_be_visible()
    tab.page.get_by_role("button", name="Discard …").click()
    dialog = tab.page.get_by_role("dialog")
    go_on = dialog.get_by_role("button", name="Discard: 3 files")
    expect(go_on).to_be_disabled()
    dialog.get_by_label("type how many files").fill("2")
    expect(go_on).to_be_disabled()
    dialog.get_by_label("type how many files").fill("3")
    expect(go_on).to_be_enabled()
    tab.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert [record_of(world, it)["status"] for it in uploads] == ["QUARANTINED"] * 3

    tab.page.get_by_role("button", name="Discard …").click()
    dialog.get_by_label("type how many files").fill("3")
    tab.page.keyboard.press("Enter")
    expect(dialog.locator(".result")).to_have_text("3 files discarded.")
    dialog.get_by_role("button", name="Close").click()
    expect(tab.page.get_by_text("No file waits.")).to_be_visible()
    assert [record_of(world, it)["status"] for it in uploads] == ["GONE"] * 3


def test_a_list_that_changes_between_look_and_act_leaves_the_new_file_alone(
    tab: Tab, world: World
) -> None:
    old, other = world.reject("orders.csv"), world.reject("others.csv")
    tab.sign_in("#/waiting")
    tab.page.get_by_label("Choose all that are shown").check()
    # Uploaded again under its name, and failed again, while somebody looks at the list.
    new = world.reject("orders.csv")
    later = {"S": "QUARANTINED#2099-01-01T00:00:00.000Z"}
    world.change(other, attention_at=later)
    tab.page.get_by_role("button", name="Discard …").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Left alone: 1 file.")
    expect(dialog).to_contain_text("has changed since you looked")
    dialog.get_by_label("type how many files").fill("1")
    dialog.get_by_role("button", name="Discard: 1 file").click()
    expect(dialog.locator(".result")).to_have_text("1 file discarded.")
    assert record_of(world, old)["status"] == "GONE"
    assert record_of(world, new)["status"] == "QUARANTINED"
    assert record_of(world, other)["status"] == "QUARANTINED"


def test_two_operators_at_once_do_no_harm(tab: Tab, new_tab: NewTab, world: World) -> None:
    upload = world.reject("one.csv")
    other = new_tab()
    for each in (tab, other):
        each.sign_in("#/file?key=one.csv")
        each.page.get_by_role("button", name="Discard …").click()
        each.page.get_by_label("type how many files").fill("1")
    tab.page.get_by_role("button", name="Discard: 1 file").click()
    expect(tab.page.locator(".result")).to_have_text("1 file discarded.")
    other.page.get_by_role("button", name="Discard: 1 file").click()
    expect(other.page.locator(".result")).to_have_text("0 files discarded, 1 not.")
    expect(other.page.get_by_role("dialog")).to_contain_text("has become GONE since you looked")
    assert record_of(world, upload)["status"] == "GONE"


def test_a_sign_in_that_ends_in_the_middle_of_work_keeps_the_filters(
    tab: Tab, world: World
) -> None:
    tab.expected = ("401",)
    world.hold("partners/a.csv")
    world.hold("b.csv")
    tab.sign_in("#/waiting?prefix=partners%2F")
    token, tab.server.token = tab.server.token, "anew"
    tab.page.get_by_label("Outcome").select_option("HELD")
    expect(tab.page.get_by_text("This tab is not signed in")).to_be_visible()
    assert tab.place == "#/waiting?status=HELD&prefix=partners%2F"
    tab.server.token = token
    tab.page.get_by_label("Address or token").fill(token)
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.locator("table.files tbody tr")).to_have_count(1)
    assert tab.names() == ["partners/a.csv"]


def test_when_the_network_is_away_nothing_is_lost_and_it_comes_back_by_itself(
    tab: Tab, world: World
) -> None:
    tab.expected = ("ERR_INTERNET_DISCONNECTED",)
    world.hold("a.csv")
    tab.sign_in("#/waiting")
    tab.page.get_by_label("Choose a.csv").check()
    tab.page.context.set_offline(True)
    tab.page.get_by_role("button", name="Try again …").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("The answer did not arrive")
    tab.page.keyboard.press("Escape")
    assert tab.names() == ["a.csv"]
    tab.page.get_by_role("link", name="Recent").click()
    expect(tab.page.get_by_text("The server does not answer")).to_be_visible()
    tab.page.context.set_offline(False)
    tab.page.get_by_role("button", name="Ask again").click()
    expect(tab.page.get_by_text("The server does not answer")).to_have_count(0)
    expect(tab.page.get_by_text("Nothing was decided")).to_be_visible()
    tab.page.get_by_role("link", name="Waiting").click()
    expect(tab.page.get_by_label("Choose a.csv")).to_be_checked()


def test_who_may_only_look_has_no_button_to_act(world: World, new_tab: NewTab) -> None:
    world.hold("a.csv")
    with serving(world, Visitor("viewer", may_act=False)) as looking:
        tab = new_tab(looking)
        tab.sign_in("#/waiting")
        tab.page.get_by_label("Choose a.csv").check()
        for name in ("Try again …", "Discard …"):
            expect(tab.page.get_by_role("button", name=name)).to_be_disabled()
        tab.open("#/file?key=a.csv")
        expect(tab.page.get_by_role("button", name="Try again …")).to_be_disabled()
        expect(tab.page.get_by_role("button", name="Download")).to_be_enabled()


def test_a_file_is_saved_and_never_shown(
    tab: Tab, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.reject("page.html")
    with ThreadingHTTPServer(("127.0.0.1", 0), Attachment) as storage:
        threading.Thread(target=storage.serve_forever, args=(0.05,), daemon=True).start()
        address = f"http://127.0.0.1:{storage.server_address[1]}/"
        monkeypatch.setattr(world.clients.s3, "generate_presigned_url", lambda *_, **__: address)
        tab.sign_in("#/file?key=page.html")
        with tab.page.expect_download() as saving:
            tab.page.get_by_role("button", name="Download").click()
        assert saving.value.suggested_filename == "page.html"
        assert saving.value.path().read_bytes() == b"<script>1</script>"
        storage.shutdown()
    assert tab.place == "#/file?key=page.html"


class Attachment(BaseHTTPRequestHandler):
    """Answers as S3 does to a link of ours."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Disposition", "attachment; filename*=UTF-8''page.html")
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        self.wfile.write(b"<script>1</script>")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_what_is_away_is_said_to_be_away(tab: Tab, world: World) -> None:
    upload = world.hold("a.csv")
    tab.sign_in("#/file?key=a.csv")
    expect(tab.page.get_by_text("looked up")).to_be_visible()
    world.remove("input", "a.csv", upload.version_id)
    tab.page.reload()
    expect(tab.page.get_by_text("it is not there")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Download")).to_have_count(0)


def test_times_are_in_utc_until_a_person_wants_their_own(new_tab: NewTab, world: World) -> None:
    upload = world.hold("a.csv")
    world.change(upload, attention_at={"S": "HELD#2026-01-01T23:30:00.000Z"})
    tab = new_tab(timezone_id="Asia/Kolkata")
    tab.sign_in("#/waiting")
    expect(tab.page.locator("td.since")).to_contain_text("2026-01-01 23:30:00")
    tab.page.get_by_label("by this browser's clock").check()
    expect(tab.page.locator("td.since")).to_contain_text("2026-01-02 05:00:00")
    tab.page.get_by_role("link", name="Recent").click()
    tab.settle()
    tab.page.get_by_role("link", name="Waiting").click()
    expect(tab.page.locator("td.since")).to_contain_text("2026-01-02 05:00:00")


def test_a_list_for_a_spreadsheet_holds_no_formula(tab: Tab, world: World) -> None:
    for key in ("=1+1", "+1", "-1", "@x", 'say "hi",\n'):
        world.reject(key)
    tab.sign_in("#/waiting")
    with tab.page.expect_download() as saving:
        tab.page.get_by_role("button", name="Save as CSV").click()
    text = saving.value.path().read_text(encoding="utf-8-sig")
    for key in ("=1+1", "+1", "-1", "@x"):
        assert f'\n"\'{key}",' in text
    assert '"say ""hi"",\n",' in text
    assert not re.search(r"^[=+\-@]", text, re.MULTILINE)


def test_nothing_is_asked_while_nobody_looks(tab: Tab, world: World) -> None:
    tab.page.clock.install()
    tab.sign_in("#/recent")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    hide(tab.page, "hidden")
    tab.page.clock.run_for(120_000)
    assert asked == []
    hide(tab.page, "visible")
    expect(tab.page.locator("h1")).to_have_text("Recent")
    assert asked


def hide(page: Page, state: str) -> None:
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', { value: state, "
        "configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )
