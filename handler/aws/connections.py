"""Connections whose roots of trust are read once, for all clients together.

botocore hands urllib3 the file of roots with every connection, and each time all 140 of them are
parsed again, which is over twenty times the work of a file whose connections are open. AWS closes
idle connections, so where files come now and then, the usual file would pay for that twice.
"""

import os
import socket
import ssl
from functools import cache
from typing import Any

from botocore.httpsession import URLLib3Session, create_urllib3_context
from botocore.utils import get_environ_proxies


@cache
def shared_context() -> ssl.SSLContext:
    """The context of this process: botocore's own, which reads each file of roots once."""
    context: Any = create_urllib3_context()
    context.load_verify_locations = cache(context.load_verify_locations)
    return context  # type: ignore[no-any-return]


class Session(URLLib3Session):
    """botocore's own session: it checks the same names against the same roots.

    A botocore that asks for the context by another name would make one for itself, as it always
    does: slower, and no less safe.
    """

    def _get_ssl_context(self) -> ssl.SSLContext:
        return shared_context()


def share_roots(client: Any, ca_bundle: str | None) -> None:
    """Have `client` send through a session of ours, set up as botocore sets up the client's own.

    `ca_bundle` is botocore's setting of that name: a file of roots, or None for those it ships.
    What the handler of `before-send` returns stands for the answer; what it raises counts as raised
    by botocore. Source: https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    config = client.meta.config
    # The types that are published for botocore are narrower than what it is written to take.
    settings: dict[str, Any] = {
        "verify": ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True,
        "proxies": get_environ_proxies(client.meta.endpoint_url),
        "timeout": (config.connect_timeout, config.read_timeout),
        "max_pool_connections": config.max_pool_connections,
        "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    }
    session = Session(**settings)
    client.meta.events.register("before-send", lambda request, **_: session.send(request))
