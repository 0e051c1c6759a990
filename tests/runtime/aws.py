"""moto's account over HTTP on loopback, for a function that runs in a process of its own."""

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

Answer = tuple[int, dict[str, str], bytes]


class Call:
    """One request of the function."""

    def __init__(self, service: str, method: str, path: str, headers: Any, body: bytes) -> None:
        self.service, self.method, self.path = service, method, path
        self.headers, self.body = headers, body

    def __str__(self) -> str:
        """`dynamodb.PutItem`, `sns.Publish`, and for S3 the method: `s3.GET`."""
        if target := self.headers.get("X-Amz-Target"):
            return f"{self.service}.{target.rpartition('.')[2]}"
        if action := parse_qs(self.body.decode(errors="replace")).get("Action"):
            return f"{self.service}.{action[0]}"
        return f"{self.service}.{self.method}"


class Aws:
    """Serves the account that moto mocks in this process; a context manager.

    `before` is called with each `Call` and may wait, or return an `Answer` in place of moto's.
    """

    def __init__(self) -> None:
        self.over = threading.Event()
        self.forget()
        self._stubber = BotocoreStubber()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def forget(self) -> None:
        """A test is over: nothing of it is left."""
        self.over.set()
        self.over = threading.Event()
        """Set when the test is over: what a `before` waits for that never answers."""
        self.calls: list[str] = []
        self.before: Callable[[Call], Answer | None] = lambda call: None

    @property
    def endpoint(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def __enter__(self) -> "Aws":
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        scope = SCOPE.search(headers.get("Authorization", ""))
        assert scope, f"an unsigned request: {method} {path}"
        call = Call(scope["service"], method, path, headers, body)
        self.calls.append(str(call))
        if instead := self.before(call):
            return instead
        host = f"{scope['service']}.{scope['region']}.amazonaws.com"
        kept = HTTPHeaders()
        for name, value in headers.items():
            kept[name] = host if name.lower() == "host" else value
        request = AWSPreparedRequest(method, f"https://{host}{path}", kept, body, False)
        with self._lock:
            answered = self._stubber.process_request(request)
        assert answered, f"moto has no answer to {method} {path}"
        status, given, content = answered
        return int(status), dict(given), content.encode() if isinstance(content, str) else content


def _handler_for(aws: Aws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True  # a function that was killed

        def _deal(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = aws.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            named = {name.lower() for name in headers}
            for name, value in headers.items():
                if name.lower() not in {"connection", "transfer-encoding", "server", "date"}:
                    self.send_header(name, str(value))
            if "content-length" not in named:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _deal  # noqa: N815 - by http.server

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
