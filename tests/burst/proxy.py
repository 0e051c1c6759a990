"""Starts microburst 0.10.0 with two mends, without which it is no stand-in for AWS here.

It drops Content-Length, so that HeadObject tells no size. And to tell a service by its host name it
reads every model of botocore at the first request, ten seconds during which functions time out.
"""

import sys

from microburst import cli, forward  # type: ignore[import-untyped]
from microburst.detection import host  # type: ignore[import-untyped]

forward.HOP_BY_HOP -= {"content-length"}
host._endpoint_prefix_map = dict

if __name__ == "__main__":
    sys.exit(cli.main())
