"""`scalper web`: the page on this machine, with the operator's own credentials.

It listens on loopback. Whoever has the token may do what the operator may do; it is in the address
that is printed, after the `#`, which no browser sends, and afterwards in a header that no other
page can set. A name that was rebound to this machine shows in `Host`.
"""

import hmac
import json
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..read.deployment import Deployment
from .asked import Asked, Visitor
from .files import HEADERS, files
from .routes import answer

LOOPBACK = "127.0.0.1"
TOKEN_BYTES = 32
BODY_BYTES = 2 * 1024 * 1024
"""200 files of the longest keys, each character of which JSON has to escape, take 1.3 MB."""
PATIENCE_SECONDS = 30
"""For a request that does not go on; the answer may take longer."""
REMEMBERED_SECONDS = 60
"""How long what the functions were told is believed, before it is read again."""


class Remembered:
    """The deployment, read anew every minute: it may be deployed again while the page is open."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._since = time.monotonic()

    def __call__(self) -> Deployment:
        if time.monotonic() - self._since > REMEMBERED_SECONDS:
            old = self._deployment
            self._deployment = Deployment(old.outputs, old.clients)
            self._since = time.monotonic()
        return self._deployment


class Server(ThreadingHTTPServer):
    """The page of one deployment for one person, on a free port."""

    daemon_threads = True

    def __init__(
        self, deployment: Callable[[], Deployment], visitor: Visitor, *, port: int = 0
    ) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.deployment, self.visitor = deployment, visitor
        self.token = secrets.token_urlsafe(TOKEN_BYTES)

    @property
    def host(self) -> str:
        """As browsers write it in `Host`."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """To be opened once; the page takes the token out of it."""
        return f"http://{self.host}/#token={self.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no news; anything else is a bug, and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS
    server_version, sys_version = "scalper", ""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is the operator's."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP, or another method, is refused with the same headers as all else."""
        self.close_connection = True
        self._send_json(code, {"error": f"{message or HTTPStatus(code).phrase}."})

    def _answer(self) -> None:
        if self.headers.get("Host") != self.server.host:
            self.close_connection = True
            return self._send_json(421, {"error": "This is not the address of the page."})
        try:
            body = self._body()
        except ValueError as error:
            self.close_connection = True
            return self._send_json(400, {"error": f"{error}."})
        parts = urlsplit(self.path)
        if not parts.path.startswith("/api/"):
            return self._send_file(parts.path)
        if not self._has_the_token():
            return self._send_json(
                401, {"error": "The address that `scalper web` printed has a token; this has not."}
            )
        query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=100)
        asked = Asked(self.server.visitor, query, body)
        try:
            status, told = answer(self.server.deployment, self.command, parts.path, asked)
        except Exception:  # noqa: BLE001 - the page must be told, and the terminal shows why
            traceback.print_exc()
            status, told = 500, {"error": "That failed; the terminal of `scalper web` says why."}
        return self._send_json(status, told)

    def _body(self) -> Any:
        """The JSON of a POST; None of a GET. Raises a ValueError that says what is wrong."""
        if "Transfer-Encoding" in self.headers:
            raise ValueError("The request must say how long it is")
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= BODY_BYTES:
            raise ValueError(f"A request may have {BODY_BYTES:,} bytes")
        content = self.rfile.read(length)
        if self.command != "POST":
            return None
        if self.headers.get("Content-Type") != "application/json":
            raise ValueError("The request must be application/json")
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise ValueError("The request is no JSON") from None

    def _has_the_token(self) -> bool:
        given = self.headers.get("Authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {self.server.token}".encode())

    def _send_file(self, path: str) -> None:
        if self.command != "GET":
            return self._send_json(405, {"error": "That is asked in another way."})
        if path not in files():
            return self._send_json(404, {"error": "There is nothing here."})
        kind, content = files()[path]
        return self._send(200, kind, content)

    def _send_json(self, status: int, told: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(told).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        for name, value in (*HEADERS.items(), ("Content-Type", kind)):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
