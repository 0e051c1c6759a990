"""What S3 tells Lambda of objects that were created: at least once, in any order."""

from collections.abc import Callable
from itertools import count
from urllib.parse import quote_plus

from .aws_lambda import Payload
from .buckets import Version
from .stage import INPUT
from .story import Story
from .timeline import Timeline

Invoke = Callable[[Payload, float | None], str]


class Notifications:
    """Of the input bucket, to the processor."""

    def __init__(self, timeline: Timeline, story: Story, invoke: Invoke) -> None:
        self._timeline = timeline
        self._story = story
        self._invoke = invoke
        self._numbers = count(1)

    def record_of(self, version: Version, how: str = "Put") -> Payload:
        """The event record of a version that was just made; each call counts as a new object."""
        # Sequencers differ in length; padded on the right they are in order.
        sequencer = f"0065A{next(self._numbers):03X}0".rstrip("0")
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": f"ObjectCreated:{how}",
            "eventTime": version.last_modified.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "s3": {
                "bucket": {"name": INPUT},
                "object": {
                    "key": quote_plus(version.key),
                    "size": len(version.body or b""),
                    "eTag": version.etag.strip('"'),
                    "versionId": version.version_id,
                    "sequencer": sequencer,
                },
            },
        }

    def tell_later(
        self, seconds: float, records: list[Payload], doubled_after: float | None = None
    ) -> None:
        """Lambda's queue delivers it once more, `doubled_after` seconds later, where given."""

        def tell() -> None:
            request = self._invoke({"Records": records}, doubled_after)
            versions = ", ".join(record["s3"]["object"]["versionId"] for record in records)
            self._story.tell("S3", f"tells Lambda of {versions}: {request}")

        self._timeline.after(seconds, tell)


def how_made(version: Version) -> str:
    """By a copy, which S3 names in its event: in one go or in parts."""
    return "CompleteMultipartUpload" if version.parts else "Copy"
