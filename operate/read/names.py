"""Files by the beginning or the end of their key: S3's listing is the index of names.

What it misses is said where it is used: a file that is in neither bucket any more has a record
alone, and records are found by their whole key.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from handler.model.item import Item

from . import sources
from .deployment import Deployment
from .files import uploads

MOST_VERSIONS = 100_000
"""Read of each bucket while the end of a key is looked for: a hundred calls."""
SUGGESTED, MOST_SUGGESTED_VERSIONS = 3, 10_000

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Named:
    """A key in one of the buckets."""

    key: str
    bucket: str
    """`input` or `quarantine`."""
    versions: int
    size_bytes: int
    """Of its newest version there."""
    modified: float
    """Epoch seconds; of the same."""
    record: Item | None
    """Of the newest upload of the key, wherever that is; None where it has none."""


@dataclass
class Search:
    """What was found so far."""

    is_all: bool = True
    """False where a bucket has more than was read."""


def find(
    deployment: Deployment,
    text: str,
    search: Search,
    *,
    most: int | None = MOST_VERSIONS,
    progress: Progress = lambda what, count: None,
) -> Iterator[Named]:
    """Keys that begin or end with `text`, as they are found: first those that begin with it.

    `most` bounds how many versions of each bucket are read for the second; None reads all.
    """
    for bucket in ("input", "quarantine"):
        yield from _named(deployment, bucket, _keys(deployment, bucket, text))
    for bucket in ("input", "quarantine"):
        keys = (
            (key, versions)
            for key, versions in _keys(
                deployment, bucket, "", search=search, most=most, progress=progress
            )
            if key.endswith(text) and not key.startswith(text)
        )
        yield from _named(deployment, bucket, keys)


def ending_with(deployment: Deployment, name: str) -> list[str]:
    """A few keys whose last part is `name`, of those that can be read at once."""
    found: list[str] = []
    for bucket in ("input", "quarantine"):
        for key, _ in _keys(deployment, bucket, "", most=MOST_SUGGESTED_VERSIONS):
            if key.endswith(f"/{name}") and key not in found:
                found.append(key)
            if len(found) == SUGGESTED:
                return found
    return found


_Key = tuple[str, list[sources.Version]]


def _keys(
    deployment: Deployment,
    bucket: str,
    prefix: str,
    *,
    search: Search | None = None,
    most: int | None = None,
    progress: Progress = lambda what, count: None,
) -> Iterator[_Key]:
    name = getattr(deployment.outputs, f"{bucket}_bucket")
    versions = _bounded(sources.versions(deployment, name, prefix), bucket, search, most, progress)
    for key, of_key in groupby(versions, key=lambda version: version.key):
        yield key, list(of_key)


def _bounded(
    versions: Iterator[sources.Version],
    bucket: str,
    search: Search | None,
    most: int | None,
    progress: Progress,
) -> Iterator[sources.Version]:
    for count, version in enumerate(versions):
        if most is not None and count == most:
            if search:
                search.is_all = False
            return
        if count % 1000 == 0:
            progress(f"{bucket} bucket", count)
        yield version


def _named(deployment: Deployment, bucket: str, keys: Iterator[_Key]) -> Iterator[Named]:
    for key, versions in keys:
        newest = max(versions, key=lambda version: version.modified)
        record = next(uploads(deployment, key), None)
        yield Named(key, bucket, len(versions), newest.size_bytes, newest.modified, record)
