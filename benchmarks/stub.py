"""An AWS of canned answers behind TLS on the loopback interface, which counts what it is asked."""

import ssl
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import botocore
import trustme

_PUBLISHED = b"""<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
<PublishResult><MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>
<ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
</PublishResponse>"""


@dataclass
class Stub:
    """Where it listens, what its clients must trust, and what it was asked."""

    endpoint: str
    ca_bundle: Path
    """Every root that botocore trusts, and the stub's own: it costs what it costs on AWS."""
    calls: Counter[str] = field(default_factory=Counter)
    """By service and operation."""
    closes: bool = False
    """Whether it hangs up after every answer and says nothing of it, as AWS does after a pause."""

    def take_calls(self) -> Counter[str]:
        """The calls so far, which are then forgotten."""
        taken, self.calls = self.calls, Counter()
        return taken


@contextmanager
def serving(folder: Path) -> Iterator[Stub]:
    """Serve within the block, from a thread of this process; certificates go to `folder`."""
    authority = trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    bundle = folder / "roots.pem"
    roots = Path(botocore.__file__).parent / "cacert.pem"
    bundle.write_bytes(roots.read_bytes() + authority.cert_pem.bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stub = Stub(f"https://127.0.0.1:{server.server_port}", bundle)
    server.stub = stub  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        self._answer(
            "s3 HeadObject",
            headers={
                "Content-Length": "1024",
                "Content-Type": "text/csv",
                "ETag": '"d41d8cd98f00b204e9800998ecf8427e"',
                "Last-Modified": "Mon, 02 Mar 2026 09:15:27 GMT",
                "x-amz-version-id": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "x-amz-server-side-encryption": "AES256",
                "Accept-Ranges": "bytes",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if target := self.headers["X-Amz-Target"]:
            self._answer(
                f"dynamodb {target.rpartition('.')[2]}",
                b"{}",
                {
                    "Content-Type": "application/x-amz-json-1.0",
                    "Content-Length": "2",
                    "x-amz-crc32": str(zlib.crc32(b"{}")),
                },
            )
        else:
            (action,) = parse_qs(body.decode())["Action"]
            assert action == "Publish", action
            self._answer(
                "sns Publish",
                _PUBLISHED,
                {"Content-Type": "text/xml", "Content-Length": str(len(_PUBLISHED))},
            )

    def _answer(self, call: str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.server.stub.calls[call] += 1  # type: ignore[attr-defined]
        self.send_response(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("x-amzn-RequestId", "d74b8436-ae13-5ab4-a9ff-ce54dfea72a0")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.stub.closes  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""
