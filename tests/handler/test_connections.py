"""Our own sessions: the roots are read once, and nothing else differs from botocore's."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any

import botocore.session
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, SSLError
from botocore.httpsession import URLLib3Session
from pytest_socket import enable_socket

from handler.aws import connections
from handler.aws.clients import Clients

SERVICES = ("dynamodb", "sns", "s3", "s3_for_copies", "scheduler")
CALLS: dict[str, Callable[[Any], Any]] = {
    "dynamodb": lambda client: client.put_item(TableName="t", Item={}),
    "sns": lambda client: client.publish(TopicArn="arn:aws:sns:eu-north-1:1:t", Message="m"),
    "s3": lambda client: client.head_object(Bucket="b", Key="k"),
    "s3_for_copies": lambda client: client.head_object(Bucket="b", Key="k"),
    "scheduler": lambda client: client.get_schedule(Name="n"),
}
ANSWER_OF_SNS = b"<PublishResponse><PublishResult/></PublishResponse>"
ONCE = {"mode": "standard", "total_max_attempts": 1}


class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A handshake that a client ends is what is tried here."""


class Answers(BaseHTTPRequestHandler):
    """An empty answer to everything, after which the server hangs up without saying so."""

    protocol_version = "HTTP/1.1"
    status = 200

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(ANSWER_OF_SNS if b"Action=" in asked else b"{}")

    def do_GET(self) -> None:
        self.answer(b"{}")

    def do_HEAD(self) -> None:
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


class Refuses(Answers):
    status = 503


class HangsUp(Answers):
    def answer(self, body: bytes) -> None:
        self.connection.close()


class SaysNothing(Answers):
    def answer(self, body: bytes) -> None:
        threading.Event().wait(3)


class SaysNonsense(Answers):
    def answer(self, body: bytes) -> None:
        self.wfile.write(b"this is no HTTP\r\n\r\n")
        self.close_connection = True


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch, _no_network: None) -> Iterator[None]:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    enable_socket()
    connections.shared_context.cache_clear()
    yield
    connections.shared_context.cache_clear()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts a server of a certificate; its address is where all clients are sent."""
    servers = []

    def start(certificate: trustme.LeafCert | None, answers: type[Answers] = Answers) -> str:
        server = Server(("127.0.0.1", 0), answers)
        if certificate:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            certificate.configure_cert(tls)
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        address = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        return address

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one that the clients trust."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "roots.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "roots.pem"))
    return authority


def stock(service: str) -> Any:
    """botocore's own client, with the short patience of `impatient`."""
    session = botocore.session.get_session()
    name = "s3" if service.startswith("s3") else service
    return session.create_client(name, config=_impatience())


def impatient(service: str) -> Any:
    """The handler's own client; only how long it waits is cut."""
    client = stock(service)
    ca_bundle = botocore.session.get_session().get_config_variable("ca_bundle")
    connections.share_roots(client, ca_bundle)
    return client


def _impatience() -> Config:
    return Config(connect_timeout=1, read_timeout=0.5, retries=ONCE)  # type: ignore[arg-type]


def test_the_roots_are_read_once_for_all_clients_and_all_their_connections(
    serve: Callable[..., str], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(authority.issue_cert("127.0.0.1"))
    read: list[Any] = []
    handshakes: list[Any] = []
    load, wrap = ssl.SSLContext.load_verify_locations, ssl.SSLContext.wrap_socket

    def noting_load(context: ssl.SSLContext, *what: Any) -> None:
        read.append(what)
        load(context, *what)

    def noting_wrap(context: ssl.SSLContext, *what: Any, **how: Any) -> ssl.SSLSocket:
        handshakes.append(how)
        return wrap(context, *what, **how)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noting_load)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", noting_wrap)
    clients = Clients()
    for _ in range(3):
        for service in SERVICES:
            CALLS[service](getattr(clients, service))
    assert len(read) == 1
    assert len(handshakes) >= 15, "each call found its connection closed"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("wrong", ["root", "name", "expired"])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(
    serve: Callable[..., str], authority: trustme.CA, service: str, wrong: str
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificate = {
        "root": lambda: trustme.CA().issue_cert("127.0.0.1"),
        "name": lambda: authority.issue_cert("somebody.example"),
        "expired": lambda: authority.issue_cert("127.0.0.1", not_after=yesterday),
    }[wrong]()
    heard = []

    class Listens(Answers):
        def answer(self, body: bytes) -> None:
            heard.append(self.path)
            super().answer(body)

    serve(certificate, Listens)
    with pytest.raises(SSLError):
        CALLS[service](impatient(service))
    assert not heard


@pytest.mark.parametrize("service", ["dynamodb", "sns", "s3"])
@pytest.mark.parametrize(
    "trouble", [Refuses, HangsUp, SaysNothing, SaysNonsense, "refused", "unknown host", "root"]
)
def test_every_trouble_is_raised_as_botocore_raises_it(
    serve: Callable[..., str],
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    trouble: Any,
) -> None:
    if trouble == "refused":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
    elif trouble == "unknown host":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://nowhere.invalid")
    elif trouble == "root":
        serve(trustme.CA().issue_cert("127.0.0.1"))
    else:
        serve(authority.issue_cert("127.0.0.1"), trouble)
    raised = []
    for client in (stock(service), impatient(service)):
        with pytest.raises((BotoCoreError, ClientError)) as caught:
            CALLS[service](client)
        raised.append(caught.type)
    assert raised[0] is raised[1]


def test_an_endpoint_without_tls_is_spoken_to_as_before(serve: Callable[..., str]) -> None:
    serve(None)
    CALLS["dynamodb"](Clients().dynamodb)


@pytest.mark.parametrize("service", SERVICES)
def test_a_session_is_set_up_as_botocore_sets_up_the_clients_own(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    made: list[tuple[Any, dict[str, Any]]] = []
    begin = URLLib3Session.__init__

    def note(self: Any, **arguments: Any) -> None:
        made.append((type(self), arguments))
        begin(self, **arguments)

    monkeypatch.setattr(URLLib3Session, "__init__", note)
    getattr(Clients(), service)
    (of_botocore, theirs), (of_ours, mine) = made[-2:]
    assert (of_botocore, of_ours) == (URLLib3Session, connections.Session)
    assert mine == {name: theirs[name] for name in mine}
    assert not [value for name, value in theirs.items() if name not in mine and value]
