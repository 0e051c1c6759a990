"""The table of routes in docs/dashboard.md, and what each really asks."""

import re
from pathlib import Path
from typing import Any

import pytest

from operate.web.asked import Asked, Visitor
from operate.web.routes import ROUTES, Route, answer
from tests.operate.conftest import World

from .conftest import logged

PAGE = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text(encoding="utf-8")
CLIENTS = ("cloudwatch", "dynamodb", "lambda_", "logs", "s3", "sns", "sqs", "sts")


def row(route: Route) -> str:
    """As the page has it."""
    calls = f"{route.calls}, and {route.more}" if route.more[:1].isdigit() else str(route.calls)
    if route.more.startswith("usually"):
        calls = f"{route.calls}; {route.more}"
    return f"| `{route.method} {route.path}` | {calls} | {route.size} |"


def test_the_table_in_the_documents_is_the_one_that_is_served() -> None:
    found = re.search(r"<!-- routes: .*?-->\n(.*?)<!-- end of routes -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1].splitlines()[2:] == [row(route) for route in ROUTES]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_no_question_takes_more_calls_than_the_table_says(world: World, route: Route) -> None:
    uploads = [world.hold(f"{number}.csv") for number in range(12)]
    for _ in range(3):
        world.reject("often.csv")
    id = uploads[0].delivery.upload.upload_id
    logged(world, {"status": "HELD", "key": "0.csv", "upload_id": id, "ms": 1})
    questions: dict[str, Any] = {
        "/api/file": {"key": ["often.csv"]},
        "/api/logs": {"key": ["0.csv"]},
        "/api/find": {"text": ["1"]},
        "/api/waiting": {"reason": ["AWS_ERROR"]},
    }
    named = {"key": "0.csv", "upload_id": id}
    body = named if route.path == "/api/download" else {"files": [named], "dry_run": False}
    calls: list[str] = []
    emitters = [getattr(world.clients, name).meta.events for name in CLIENTS]
    for emitter in emitters:
        emitter.register(
            "before-parameter-build", lambda model, **_: calls.append(model.name), "counting"
        )
    try:
        asked = Asked(Visitor("ada", may_act=True), questions.get(route.path, {}), body)
        status, told = answer(lambda: world.deployment, route.method, route.path, asked)
    finally:
        for emitter in emitters:
            emitter.unregister("before-parameter-build", unique_id="counting")
    assert status == 200, told
    # Of one file or of one line.
    assert 0 < len(calls) <= route.calls + 5


def test_a_pipeline_that_was_never_counted_says_so_on_the_page(world: World) -> None:
    asked = Asked(Visitor("ada", may_act=True), {})
    status, told = answer(lambda: world.deployment, "GET", "/api/figures", asked)
    assert status == 200
    assert "No day has been counted yet" in told["nothing"]
    for days in ("0", "x", "-1", "100000"):
        asked = Asked(Visitor("ada", may_act=True), {"days": [days]})
        assert answer(lambda: world.deployment, "GET", "/api/figures", asked)[0] == 400
