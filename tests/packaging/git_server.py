"""Git repositories over https on loopback, as a forge serves them: `git http-backend` behind TLS.

Pulumi names a plug-in's folder after its address, and Python makes no environment in a folder with
the `:` of a port in its name. So the server goes by a forge's name, and a proxy leads that name to
it: nothing that is asked of it leaves the machine.
"""

import os
import selectors
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import trustme


@contextmanager
def serving(host: str, repositories: Path, folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve every bare repository under `repositories` as `host`: the variables that lead there."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    authorities = folder / "authorities.pem"
    usual = Path(ssl.get_default_verify_paths().cafile or os.devnull)
    trusted = usual.read_bytes() if usual.is_file() else b""
    authorities.write_bytes(trusted + authority.cert_pem.bytes())

    class Forge(_Forge):
        root = repositories

    class Proxy(_Proxy):
        leads_to: Mapping[str, int]

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Forge)) as forge:
        forge.socket = context.wrap_socket(forge.socket, server_side=True)
        Proxy.leads_to = {host: forge.server_address[1]}
        with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)) as proxy:
            yield {
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}",
                "SSL_CERT_FILE": str(authorities),
            }


Server = TypeVar("Server", bound=socketserver.BaseServer)


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Proxy(socketserver.StreamRequestHandler):
    """Joins who asks to our server, or to the registry that packages come from."""

    leads_to: Mapping[str, int]

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split()
        assert method == "CONNECT"
        while self.rfile.readline().strip():
            pass
        host, _, port = target.rpartition(":")
        ours = self.leads_to.get(host)
        address = ("127.0.0.1", ours) if ours else (host, int(port))
        with socket.create_connection(address) as other:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _join(self.connection, other)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                source: Any = key.fileobj
                received = source.recv(65_536)
                if not received:
                    return
                key.data.sendall(received)


class _Forge(BaseHTTPRequestHandler):
    root: Path

    def _serve(self) -> None:
        place = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": place.path,
                "QUERY_STRING": place.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            },
            capture_output=True,
            check=True,
        ).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 - named by the standard library

    def log_message(self, *_: Any) -> None:
        """Says nothing."""
