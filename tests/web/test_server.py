"""`scalper web` for whoever is not its page: nothing without the token, nothing by another name."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

import pytest

from operate.web.asked import Visitor
from operate.web.files import FOLDER, files
from operate.web.routes import ROUTES
from operate.web.server import BODY_BYTES, Server
from tests.operate.conftest import World

from .conftest import OPERATOR, serving

UPLOAD = b"0" * 32
JSON = {"Content-Type": "application/json"}


def ask(
    server: Server,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(server.host, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def signed_in(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def told(server: Server, path: str, given: Any = None) -> tuple[int, Any]:
    """As the page asks."""
    if given is None:
        status, _, content = ask(server, "GET", path, signed_in(server))
    else:
        headers = {**signed_in(server), **JSON}
        status, _, content = ask(server, "POST", path, headers, json.dumps(given).encode())
    return status, json.loads(content)


def test_it_listens_on_this_machine_alone_and_its_token_has_32_bytes(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) == 43
    assert server.address == f"http://{server.host}/#token={server.token}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer not-the-token"},
        {"Authorization": "Basic dG9rZW4="},
        {"Cookie": "token=TOKEN"},
        {"Authorization": "TOKEN"},
    ],
    ids=str,
)
def test_no_token_and_a_wrong_token_get_no_data(
    server: Server, route: Any, headers: dict[str, str]
) -> None:
    given = {name: value.replace("TOKEN", server.token) for name, value in headers.items()}
    body = b"{}" if route.method == "POST" else None
    path = f"{route.path}?token={server.token}"
    status, _, content = ask(server, route.method, path, {**given, **JSON}, body)
    assert status == 401
    assert json.loads(content).keys() == {"error"}


@pytest.mark.parametrize("host", ["example.com", "localhost", "127.0.0.1", "127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/", "/api/me"])
def test_another_name_of_this_machine_gets_nothing(server: Server, host: str, path: str) -> None:
    status, _, content = ask(server, "GET", path, {**signed_in(server), "Host": host})
    assert status == 421
    assert b"<" not in content


@pytest.mark.parametrize("path", ["/", "/main.js", "/style.css", "/nothing", "/api/me", "/api/x"])
def test_every_answer_keeps_everything_else_out(server: Server, path: str) -> None:
    _, headers, _ = ask(server, "GET", path)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert "Python" not in headers["Server"]


@pytest.mark.parametrize(
    "path", ["/../server.py", "/..%2fserver.py", "//etc/passwd", "/page/main.js", "/tsconfig.json"]
)
def test_only_the_pages_own_files_are_served(server: Server, path: str) -> None:
    assert ask(server, "GET", path)[0] == 404
    assert set(files()) == {"/", *(f"/{it.name}" for it in FOLDER.iterdir() if it.is_file())}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_other_methods_are_refused_also_the_question_before_a_cross_site_request(
    server: Server, method: str
) -> None:
    origin = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    status, headers, _ = ask(server, method, "/api/retry", {**signed_in(server), **origin})
    assert status == 501
    assert "Content-Security-Policy" in headers


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 400),
        (JSON, b"{", 400),
        (JSON, b"[" * 100_000, 400),
        (JSON, b"\xff", 400),
        (JSON, b"[]", 400),
        (JSON, b'{"files": [], "dry_run": true}', 400),
        (JSON, b'{"files": [1], "dry_run": true}', 400),
        (JSON, b'{"files": [{"key": "", "upload_id": ""}], "dry_run": true}', 400),
        (JSON, b'{"files": [{"key": "\\ud800", "upload_id": "%s"}]}' % UPLOAD, 400),
        (JSON, b'{"files": [{"key": "a", "upload_id": "%s"}]}' % UPLOAD, 400),
        ({**JSON, "Content-Length": str(BODY_BYTES + 1)}, b"", 400),
        ({**JSON, "Content-Length": "-1"}, b"", 400),
        ({**JSON, "Transfer-Encoding": "chunked"}, b"0\r\n\r\n", 400),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_in_a_sentence(
    server: Server, world: World, headers: dict[str, str], body: bytes, status: int
) -> None:
    given = {**signed_in(server), **headers}
    answered, _, content = ask(server, "POST", "/api/retry", given, body)
    assert answered == status
    assert json.loads(content)["error"].endswith(".")
    assert not world.invoked


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("waiting?status=GONE", "status is one of"),
        ("waiting?reason=x'", "reason is a reason code"),
        ("waiting?since=yesterday", "since is a time"),
        ("waiting?prefix=a&prefix=b", "more than once"),
        ("waiting?after=1", "Begin with the first page"),
        (f"waiting?prefix={'a' * 1025}", "A key has 1 to 1024 bytes"),
        ("file", "key is missing"),
        ("file?key=a&upload=1", "32 hex digits"),
        ("find", "text is missing"),
    ],
)
def test_a_question_that_cannot_be_meant_is_told_what_is_wrong(
    server: Server, path: str, error: str
) -> None:
    status, answer = told(server, f"/api/{path}")
    assert status == 400
    assert error in answer["error"]


def test_who_may_only_look_is_refused_by_the_server_too(world: World) -> None:
    upload = world.hold("a.csv")
    named = {"key": "a.csv", "upload_id": upload.delivery.upload.upload_id}
    with serving(world, Visitor("viewer", may_act=False)) as server:
        assert told(server, "/api/me")[1]["may_act"] is False
        for deed in ("retry", "discard"):
            status, answer = told(server, f"/api/{deed}", {"files": [named], "dry_run": True})
            assert (status, "may look" in answer["error"]) == (403, True)
        assert told(server, "/api/download", named)[0] == 200
    assert not world.invoked


def test_a_link_to_a_file_is_short_lived_and_never_shows_it(server: Server, world: World) -> None:
    upload = world.reject('a "b"\r\n;é/<x>.html')
    named = {"key": upload.key, "upload_id": upload.delivery.upload.upload_id}
    status, answer = told(server, "/api/download", named)
    assert status == 200
    assert "X-Amz-Expires=60" in answer["url"]
    assert "response-content-disposition=attachment" in answer["url"]
    assert "response-content-type=application%2Foctet-stream" in answer["url"]
    assert f"versionId={world.item(upload)['location_version_id']['S']}" in answer["url"]
    assert "%0D" not in answer["url"].partition("response-content-disposition")[2]


def test_an_error_of_aws_is_a_sentence_and_a_bug_shows_nothing(
    server: Server, world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    world.lambda_.delete_function(FunctionName="rescuer")
    status, answer = told(server, "/api/overview")
    assert status == 502
    assert "rescuer" in answer["error"]
    monkeypatch.setattr("operate.web.server.answer", lambda *_: 1 / 0)
    status, answer = told(server, "/api/me")
    assert (status, answer) == (
        500,
        {"error": "That failed; the terminal of `scalper web` says why."},
    )
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_file_that_never_was_is_not_found_and_another_question_neither(server: Server) -> None:
    assert told(server, "/api/file?key=nothing.csv")[0] == 404
    assert told(server, "/api/nothing")[0] == 404
    assert told(server, "/api/retry")[0] == 405


def test_the_person_who_asks_is_told_who_that_is(server: Server) -> None:
    _, answer = told(server, "/api/me")
    assert answer["name"] == OPERATOR
    assert (answer["pipeline"], answer["stack"]) == ("project-stack-intake", "dev")
    assert (answer["account"], answer["region"]) == ("123456789012", "eu-north-1")
