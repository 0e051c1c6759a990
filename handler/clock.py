"""The time and the dice of the handler: no other module of it asks Python for either.

So whoever simulates it, puts five functions in the place of these.
"""

import random
import time
from datetime import UTC, datetime


def now() -> datetime:
    """The date and time, in UTC."""
    return datetime.now(UTC)


def seconds() -> float:
    """Since 1970."""
    return time.time()


def monotonic() -> float:
    """Seconds since some moment; unlike the time of day it never jumps."""
    return time.monotonic()


def sleep(duration_seconds: float) -> None:
    time.sleep(duration_seconds)


def uniform(least: float, most: float) -> float:
    """A number at random, every one as likely."""
    return random.uniform(least, most)
