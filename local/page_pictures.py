"""Draws docs/page-*.png: `scalper web`, really run on a local deployment, in a real browser.

    python -m local.page_pictures

It needs chromium and the packages of requirements-dev.txt. Files fail in it for what they are;
figures are counted by the daily check itself. What differs from run to run, such as times
and generated names, differs in the pictures too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from .deployment import ROOT, Deployment, deployed
from .recording import wait_for_fates

FOLDER = ROOT / "docs"
PATIENCE_SECONDS = 240
FAILS = ("partners/acme/2026/crash-demo.csv", "partners/acme/2026/crash-demo-2.csv")
STORY = "partners/acme/orders.csv"
FILES = {
    **{f"partners/acme/2026/prices-{day:02}.csv": b"id,price\n1,9.90\n" for day in range(1, 13)},
    **{f"devices/meter-{number:04}/today.json": b'{"kWh": 7}' for number in range(410, 424)},
    "partners/zenith/stock.json": b'{"items": []}',
    "partners/zenith/setup.exe": b"MZ",
    "partners/zenith/catalogue.csv": b"id,name\n1,Gr\xf6\xdfe\n",
    "devices/meter-0425/today.json": b'{"kWh": ',
    "devices/meter-0426/today.csv": b"",
    "uploads/invoice\u202efdp.exe": b"MZ",
    STORY: b"id,sku,amount\n1,A-7,3\n2,B-2\n",
    **dict.fromkeys(FAILS, b"id,reason\n1,late\n"),
}


@dataclass(frozen=True)
class Picture:
    """One screen."""

    name: str
    view: str
    scheme: Literal["light", "dark"]
    width: int
    height: int


PICTURES = (
    Picture("overview", "#/", "light", 1180, 860),
    Picture("waiting", "#/waiting", "light", 1180, 760),
    Picture("file", f"#/file?key={STORY}", "dark", 1180, 820),
    Picture("figures", "#/figures?days=7", "dark", 1180, 820),
    Picture("phone", "#/waiting", "light", 390, 780),
)


def main() -> None:
    browser_path = shutil.which("chromium")
    if browser_path is None:
        raise SystemExit("No chromium is on the PATH. On Debian: apt-get install chromium")
    with deployed(retry_seconds=0.2) as running, tempfile.TemporaryDirectory() as folder:
        for key, content in FILES.items():
            running.cloud.s3.put_object(Bucket=running.input_bucket, Key=key, Body=content)
        wait_for_fates(running, FILES, PATIENCE_SECONDS)
        _no_retry_is_left(running)
        _count_the_day(running)
        outputs = Path(folder) / "outputs.json"
        endpoint = {"endpoint": running.emulator.endpoint}
        outputs.write_text(json.dumps({**running.outputs, **endpoint}), encoding="utf-8")
        with _page(outputs) as address, sync_playwright() as playwright:
            # Root has no sandbox of its own to begin with; the page is ours.
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox"]
            )
            for picture in PICTURES:
                _draw(browser, address, picture)
            browser.close()


def _draw(browser: Browser, address: str, picture: Picture) -> None:
    context = browser.new_context(
        color_scheme=picture.scheme,
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=2 if picture.width < 500 else 1,
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("main .loading", state="detached", timeout=60_000)
    page.goto(address.partition("#")[0] + picture.view)
    page.wait_for_selector("main .loading", state="detached", timeout=60_000)
    page.wait_for_timeout(1_000)
    if picture.name == "waiting":
        for box in page.locator("tbody input").all()[:3]:
            box.check()
    # Whoever moves over it with a mouse sees more than a picture needs.
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"page-{picture.name}.png")
    context.close()


@contextmanager
def _page(outputs: Path) -> Iterator[str]:
    """The address that `scalper web` prints."""
    command = [sys.executable, "-m", "operate", "web", "--no-open", "--outputs", str(outputs)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not re.match(r"http://127\.0\.0\.1:\d+/#token=", address):
            raise SystemExit(f"`scalper web` printed no address: {address}")
        yield address
    finally:
        process.terminate()
        process.wait()


def _no_retry_is_left(running: Deployment) -> None:
    """As after a day and two hours, when the last retry has failed too: it needs somebody."""
    for item in running.cloud.dynamodb.scan(TableName=running.table)["Items"]:
        if item["object_key"]["S"] in FAILS:
            running.cloud.dynamodb.update_item(
                TableName=running.table,
                Key={name: item[name] for name in ("object_key", "upload_id")},
                UpdateExpression="REMOVE retry_at SET parked = :true",
                ExpressionAttributeValues={":true": {"BOOL": True}},
            )


def _count_the_day(running: Deployment) -> None:
    """The daily check, a little early."""
    for function in running.cloud.lambda_.list_functions()["Functions"]:
        if function["Handler"] == "operate.audit.daily.handler":
            running.cloud.lambda_.invoke(FunctionName=function["FunctionName"], Payload=b"{}")


if __name__ == "__main__":
    main()
