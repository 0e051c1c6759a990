"""A web page that is open in a browser on this machine must not reach the emulator (E8)."""

import http.client
import socket
from collections.abc import Mapping

import pytest

from .conftest import Pipeline

DOWNLOAD = "?versionId=1&X-Amz-Signature=0&response-content-disposition=attachment"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def ask(
    pipeline: Pipeline, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, bytes, http.client.HTTPMessage]:
    endpoint = pipeline.deployment.emulator.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(endpoint, timeout=10)
    try:
        connection.request(method, path, b"content" if method == "PUT" else None, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.com"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "same-site", **NAVIGATION},
        {"Sec-Fetch-Site": "something new"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_origin_can_neither_put_nor_list(
    pipeline: Pipeline, headers: dict[str, str]
) -> None:
    bucket = pipeline.deployment.input_bucket
    key = "from-a-page.csv"
    status, told, answered = ask(pipeline, "PUT", f"/{bucket}/{key}", headers)
    assert (status, told) == (403, b"This emulator does not answer the pages of other sites.")
    assert "Access-Control-Allow-Origin" not in answered
    assert ask(pipeline, "GET", "/2015-03-31/functions/", headers)[0] == 403
    listed = pipeline.cloud.s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert "Versions" not in listed


def test_the_question_before_a_cross_site_request_is_refused(pipeline: Pipeline) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    status, _, answered = ask(pipeline, "OPTIONS", "/", asked)
    assert status == 403
    assert not any(name.lower().startswith("access-control-") for name in answered)


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "example.com:80", "["])
def test_a_name_that_was_rebound_to_this_machine_is_refused(pipeline: Pipeline, host: str) -> None:
    assert ask(pipeline, "GET", "/", {"Host": host})[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "[::1]:1", "api.localhost"])
def test_the_names_of_this_machine_are_answered(pipeline: Pipeline, host: str) -> None:
    assert ask(pipeline, "GET", "/_ministack/ready", {"Host": host})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "none", **NAVIGATION},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_programs_and_whoever_types_its_address_are_answered(
    pipeline: Pipeline, headers: dict[str, str]
) -> None:
    assert ask(pipeline, "GET", "/_ministack/ready", headers)[0] == 200


def test_a_link_that_saves_a_file_works_from_this_machine_alone(pipeline: Pipeline) -> None:
    bucket = pipeline.deployment.input_bucket
    path = f"/{bucket}/no-such-file{DOWNLOAD}"
    same_site = {"Sec-Fetch-Site": "same-site", **NAVIGATION}
    assert ask(pipeline, "GET", path, same_site)[0] == 404
    assert ask(pipeline, "GET", path, {**same_site, "Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask(pipeline, "GET", path, {**same_site, "Sec-Fetch-Mode": "no-cors"})[0] == 403
    assert ask(pipeline, "GET", f"{path}&Action=DeleteTopic", same_site)[0] == 403
    inline = path.replace("attachment", "inline")
    assert ask(pipeline, "GET", inline, same_site)[0] == 403
    assert ask(pipeline, "DELETE", path, same_site)[0] == 403


def test_a_socket_of_a_page_is_closed_before_it_is_opened(pipeline: Pipeline) -> None:
    endpoint = pipeline.deployment.emulator.endpoint.removeprefix("http://")
    host, _, port = endpoint.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            f"GET / HTTP/1.1\r\nHost: {endpoint}\r\nOrigin: https://example.com\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 403")
