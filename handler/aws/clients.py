"""The clients: one botocore session, each client made when it is first needed."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlencode

import botocore.session
from botocore.config import Config

from ..model.errors import Code, Fault
from .connections import share_roots

# A call that hangs must fail while there is time left to say so.
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
)
# For the two calls of every file: AWS checks what it is sent, and says what is wrong with it. Never
# so for S3, where an empty key would address the bucket.
LEAN_CONFIG = CONFIG.merge(Config(parameter_validation=False))
# Copying 5 GB inside S3 is one slow call.
S3_CONFIG = CONFIG.merge(Config(read_timeout=120))
S3_COPY_CONFIG = S3_CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 1}),
)
# The e-mail budget counts on a publish that is sent once, and over within six seconds.
SNS_CONFIG = LEAN_CONFIG.merge(
    Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
)


OLDEST_BOTOCORE = (1, 40, 61)
"""The first whose CopyObject takes If-Match and If-None-Match: without them a retry could lay an
old file on a newer upload."""


@cache
def require_botocore(version: str) -> None:
    """Raise a `Fault` (CONFIGURATION) when this botocore, which may be a layer's, is too old."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())
    if numbers < OLDEST_BOTOCORE:
        oldest = ".".join(map(str, OLDEST_BOTOCORE))
        raise Fault(
            Code.CONFIGURATION,
            f"botocore {version} is too old: the oldest that serves is {oldest}; bring a newer one "
            "with process_code, or take the old one out of process_code and process_layers",
        )


class Clients:
    """What the adapters talk to; tests put moto, an emulator or a model in its place."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)

    @cached_property
    def _session(self) -> botocore.session.Session:
        # Lambda's log has level INFO, at which botocore says where it found what. All of it is paid
        # for, and seen by who looks for the lines of a file.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        return botocore.session.get_session()

    @cached_property
    def dynamodb(self) -> Any:
        return self._client("dynamodb", LEAN_CONFIG)

    @cached_property
    def sns(self) -> Any:
        sns = self._client("sns", SNS_CONFIG)
        sns.meta.events.register("before-sign.sns.Publish", _encode_once)
        return sns

    @cached_property
    def s3(self) -> Any:
        return self._client("s3", S3_CONFIG)

    @cached_property
    def s3_for_copies(self) -> Any:
        """Never repeats a call: the try before may have made a copy though its answer was lost."""
        return self._client("s3", S3_COPY_CONFIG)

    @cached_property
    def scheduler(self) -> Any:
        return self._client("scheduler", CONFIG)

    def _client(self, service: str, config: Config) -> Any:
        with self._deployed_environment():
            # botocore's own line, which it would otherwise put together anew for every call.
            once = Config(user_agent=self._session.user_agent())
            client = self._session.create_client(service, config=config.merge(once))
            self._connect(client)
            return client

    def _connect(self, client: Any) -> None:
        share_roots(client, self._session.get_config_variable("ca_bundle"))

    @contextmanager
    def _deployed_environment(self) -> Iterator[None]:
        """Of a client that is made late `process` may have changed region, endpoint and more."""
        if os.environ == self._environment:
            yield
            return
        changed = dict(os.environ)
        _become(self._environment)
        try:
            yield
        finally:
            _become(changed)


def _become(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _encode_once(request: Any, **_: Any) -> None:
    """Make a form the text that is sent; botocore does so each time that it looks at the form."""
    if isinstance(request.data, dict):
        request.data = urlencode(request.data)
