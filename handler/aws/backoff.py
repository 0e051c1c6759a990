"""Waiting between the tries of an AWS call that botocore must not repeat by itself."""

from .. import clock

TRIES = 4
"""As many as botocore makes of all other calls; see `aws.py`."""


def pause(tries: int) -> None:
    """Wait after so many tries: at random up to 1, 2, 4 … seconds, as botocore does."""
    clock.sleep(clock.uniform(0, 2 ** (tries - 1)))
