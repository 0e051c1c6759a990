"""The clients: one botocore session, each client made when it is first needed."""

from functools import cached_property
from typing import Any

import botocore.session
from botocore.config import Config

# A call that hangs must fail while there is time left to say so.
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 4},
)
# Copying 5 GB inside S3 is one slow call.
S3_CONFIG = CONFIG.merge(Config(read_timeout=120))
S3_COPY_CONFIG = S3_CONFIG.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 1}),
)
# The e-mail budget counts on a publish that is sent once, and over within six seconds.
SNS_CONFIG = CONFIG.merge(
    Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
)


class Clients:
    """What the adapters talk to; tests put moto, an emulator or a model in its place."""

    @cached_property
    def _session(self) -> botocore.session.Session:
        return botocore.session.get_session()

    @cached_property
    def dynamodb(self) -> Any:
        return self._session.create_client("dynamodb", config=CONFIG)

    @cached_property
    def sns(self) -> Any:
        return self._session.create_client("sns", config=SNS_CONFIG)

    @cached_property
    def s3(self) -> Any:
        return self._session.create_client("s3", config=S3_CONFIG)

    @cached_property
    def s3_for_copies(self) -> Any:
        """Never repeats a call: the try before may have made a copy though its answer was lost."""
        return self._session.create_client("s3", config=S3_COPY_CONFIG)
