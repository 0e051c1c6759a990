"""The files that are to be dealt with: named by their keys, or chosen among those that wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handler.model.item import Item

from ..read.deployment import Deployment
from ..read.errors import OperateError
from ..read.files import WAITING, Selection, count_waiting, read, uploads, waiting
from ..read.story import is_half_discarded, no_such_upload, upload_of
from ..read.words import shell_word


@dataclass(frozen=True, slots=True)
class Targets:
    """Either keys or a selection."""

    keys: Sequence[str] = ()
    upload_id: str | None = None
    """Which upload of the one key, where it has several."""
    selection: Selection | None = None

    def count(self, deployment: Deployment) -> int:
        """How many files that is."""
        if self.selection is not None:
            return count_waiting(deployment, self.selection)
        return len(self.keys)

    def records(self, deployment: Deployment, *, waits: bool = True) -> Iterator[Item]:
        """Their records as they are now.

        All named files are looked up before the first is returned, so that a name which is wrong
        is told before anything has changed. With `waits` it is the upload that waits which is
        meant by a key, else the newest.
        """
        if self.selection is None:
            named = [self._named(deployment, key, waits) for key in dict.fromkeys(self.keys)]
            yield from named
        else:
            files = waiting(deployment, self.selection)
            yield from read(deployment, ((file.key, file.upload_id) for file in files))

    def _named(self, deployment: Deployment, key: str, waits: bool) -> Item:
        newest = upload_of(deployment, key)
        if self.upload_id is not None:
            for item in uploads(deployment, key):
                if item["upload_id"] == self.upload_id:
                    return item
            raise no_such_upload(key, self.upload_id)
        if not waits:
            return newest
        found = [
            item
            for item in uploads(deployment, key)
            if item["status"] in WAITING or is_half_discarded(item)
        ]
        if len(found) > 1:
            ids = ", ".join(item["upload_id"] for item in found)
            raise OperateError(
                f"Of the file {shell_word(key)}, {len(found)} uploads wait: {ids}. Say which one "
                "with --upload; nothing was changed."
            )
        return found[0] if found else newest
