"""Keeps web pages away from the emulator, which asks for no password and runs code.

A browser lets every page send requests to this machine. It says of each which site it comes from
(`Sec-Fetch-Site`, or `Origin` in older ones), which no page can forge, and a name that was rebound
to this machine shows in `Host`. Programs send neither header, and name this machine.
Source: https://www.w3.org/TR/fetch-metadata/
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
OWN = frozenset({"none", "same-origin"})
"""What a browser says when a person typed the address, and when the emulator's own page asks."""


def guarded(app: App) -> App:
    """`app`, an ASGI application, without what comes from elsewhere."""

    async def guard(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (why := refusal(scope)):
            await _refuse(scope, receive, send, *why)
        else:
            await app(scope, receive, send)

    return guard


def refusal(scope: Message) -> tuple[int, str] | None:
    """Status and sentence for a request that must not reach the emulator; None for any other."""
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope.get("headers", [])
    }
    host = headers.get("host", "")
    if not _is_this_machine(f"http://{host}"):
        return 421, "This emulator answers only to 127.0.0.1 and localhost."
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is not None:
        # `null` too: a page in a sandbox, or one that was redirected.
        site = "same-origin" if urlsplit(origin).netloc == host else "cross-site"
    if site is None or site in OWN or (site == "same-site" and _is_a_download(scope, headers)):
        return None
    return 403, "This emulator does not answer the pages of other sites."


def _is_this_machine(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        return False
    # Every browser resolves what ends in .localhost by itself, to this machine.
    return name in THIS_MACHINE or name.endswith(".localhost")


def _is_a_download(scope: Message, headers: dict[str, str]) -> bool:
    """A link of `scalper web` on this machine, which saves a file and shows its page nothing."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    disposition = query.get("response-content-disposition", [""])[0]
    return (
        scope.get("method") == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and query.keys() >= {"X-Amz-Signature", "versionId"}
        and disposition.startswith("attachment")
        and "Action" not in query
    )


async def _refuse(scope: Message, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    body = words.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
