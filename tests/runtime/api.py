"""Lambda's Runtime API on loopback: what a runtime asks for its next event and posts answers to.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Job:
    """One invocation as the runtime is given it."""

    request_id: str
    event: Any
    deadline_ms: int
    """Unix time."""
    function_arn: str


@dataclass(frozen=True)
class Posted:
    """What the runtime posted."""

    kind: str
    """`response`, `error` or `init/error`."""
    body: Any
    error_type: str | None
    """The header Lambda-Runtime-Function-Error-Type."""


class RuntimeApi:
    """Serves one instance. `heard` is called with each `Posted`, and with None when it asks for the
    next event: all that came before is then done."""

    def __init__(self, heard: Callable[[Posted | None], None]) -> None:
        self.heard = heard
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API has it."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def give(self, job: Job) -> None:
        self._jobs.put(job)

    def next_job(self) -> Job | None:
        """Waits for one; None when the API is closed."""
        return self._jobs.get()

    def close(self) -> None:
        self._jobs.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_for(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path != f"{VERSION}/invocation/next":
                self._answer(404)
                return
            api.heard(None)
            if job := api.next_job():
                self._answer(
                    200,
                    json.dumps(job.event).encode(),
                    {
                        "Content-Type": "application/json",
                        "Lambda-Runtime-Aws-Request-Id": job.request_id,
                        "Lambda-Runtime-Deadline-Ms": str(job.deadline_ms),
                        "Lambda-Runtime-Invoked-Function-Arn": job.function_arn,
                        "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
                    },
                )

        def do_POST(self) -> None:
            body = self._body()
            kind = "init/error" if "/init/" in self.path else self.path.rpartition("/")[2]
            error_type = self.headers.get("Lambda-Runtime-Function-Error-Type")
            api.heard(Posted(kind, json.loads(body) if body else None, error_type))
            self._answer(202, b"{}")

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _answer(
            self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
