"""What a step deletes: exactly what it is told, and never the version that the record names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from handler.aws.copies import Copies, Copy
from handler.aws.quarantine import Quarantine
from handler.aws.restore import Restorer
from handler.model.delivery import Delivery
from handler.model.event import Upload
from handler.model.item import Status
from handler.outcomes.steps import Steps, Task
from handler.outcomes.table import Step

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UPLOAD = Upload("input", "a.csv", "input-v1", '"etag"', 7, "0065A001".ljust(32, "0"), NOON, {})
SETTINGS: Any = SimpleNamespace(input_bucket="input", quarantine_bucket="quarantine")


class Versions(Copies):
    """Two buckets of which each version is named, as S3 lists them: the newest first."""

    def __init__(self, *listed: tuple[str, float, Mapping[str, str]]) -> None:
        """Each with its id, when it was made in seconds after noon, and its metadata."""
        self.deleted: list[str] = []
        self.asked: list[str] = []
        self.sizes: dict[str, int] = {}
        """Of versions that are not of the upload's."""
        self._metadata = {version_id: dict(metadata) for version_id, _, metadata in listed}
        self._listed: list[dict[str, Any]] = [
            {
                "Key": UPLOAD.key,
                "VersionId": version_id,
                "ETag": '"etag"',
                "LastModified": datetime.fromtimestamp(NOON.timestamp() + seconds, UTC),
                "IsLatest": not index,
            }
            for index, (version_id, seconds, _) in enumerate(listed)
        ]

    def versions(self, bucket: str, key: str) -> Any:
        return (
            {**it, "Size": self.sizes.get(it["VersionId"], UPLOAD.size_bytes)}
            for it in self._listed
        )

    def metadata(self, place: Any) -> dict[str, str]:
        self.asked.append(place.version_id)
        return self._metadata[place.version_id]

    def head(self, place: Any) -> Any:
        return {"ContentLength": UPLOAD.size_bytes}

    def delete(self, place: Any) -> None:
        self.deleted.append(f"{place.bucket}/{place.version_id}")

    def make(self, *_: Any, **__: Any) -> str:
        return "new"


def deleted_by(step: Step, copy: str | None, **record: Any) -> list[str]:
    """By a step whose try has made or found that version in quarantine, beside that record."""
    versions = Versions()
    parts: Any = SimpleNamespace(quarantine=Quarantine(versions, SETTINGS))
    delivery = Delivery(UPLOAD, "owner", 0.0)
    made = Copy("s3://quarantine/a.csv", copy) if copy else None
    Steps(parts).take((step,), Task(delivery, record, made))
    return versions.deleted


@pytest.mark.parametrize(
    ("step", "copy", "recorded", "deleted"),
    [
        (Step.DROP_COPY, None, "q-1", []),
        (Step.DROP_COPY, "q-1", "q-1", []),
        (Step.DROP_COPY, "q-2", "q-1", ["quarantine/q-2"]),
        (Step.DROP_COPY, "q-2", None, ["quarantine/q-2"]),
        (Step.KEEP_ONE_COPY, None, "q-1", ["input/input-v1"]),
        (Step.KEEP_ONE_COPY, "q-1", "q-1", ["input/input-v1"]),
        (Step.KEEP_ONE_COPY, "q-2", "q-1", ["quarantine/q-2", "input/input-v1"]),
        (Step.KEEP_ONE_COPY_IF_COPIED, None, "q-1", []),
        (Step.KEEP_ONE_COPY_IF_COPIED, "q-1", "q-1", ["input/input-v1"]),
        (Step.KEEP_ONE_COPY_IF_COPIED, "q-2", "q-1", ["quarantine/q-2", "input/input-v1"]),
        (Step.DELETE_INPUT, "q-1", "q-1", ["input/input-v1"]),
    ],
)
def test_a_copy_goes_only_when_the_record_names_another(
    step: Step, copy: str | None, recorded: str | None, deleted: list[str]
) -> None:
    record = {"location_version_id": recorded} if recorded else {}
    assert deleted_by(step, copy, **record) == deleted


def test_the_source_of_a_restored_file_goes_only_where_the_record_says_that_it_was_restored() -> (
    None
):
    assert deleted_by(Step.DROP_SOURCE, None, location_version_id="q-1") == []
    assert deleted_by(Step.DROP_SOURCE, None, restored_from="q-1") == ["quarantine/q-1"]


OURS = {"scalper-upload-id": UPLOAD.upload_id, "scalper-restored-by": "owner"}


def restorer(*listed: tuple[str, float, Mapping[str, str]]) -> tuple[Restorer, Versions]:
    versions, claims = Versions(*listed), SimpleNamespace(has_restored=lambda *_: True)
    return Restorer(versions, claims, SETTINGS), versions  # type: ignore[arg-type]


def test_a_retry_removes_all_that_it_restored_but_what_the_record_names() -> None:
    retry, versions = restorer(
        ("v-5", 90, OURS),
        ("v-4", 80, OURS),
        ("v-3", 70, OURS | {"scalper-restored-by": "another"}),
        ("v-2", 60, OURS | {"scalper-upload-id": "0065A002".ljust(32, "0")}),
        ("v-1", 50, {}),
    )
    assert retry.remove(UPLOAD, "owner", NOON, keep="v-4") == []
    assert versions.deleted == ["input/v-5"]


@pytest.mark.parametrize(("seconds", "found"), [(-59, True), (-60, True), (-61, False)])
def test_s3_may_date_what_a_retry_restored_a_minute_before_lambda_claimed_it(
    seconds: float, found: bool
) -> None:
    """`since` is by Lambda's clock, what S3 lists by its own; older versions cost no look."""
    claimed_at = datetime.fromtimestamp(NOON.timestamp() + 1_000, UTC)
    retry, versions = restorer(("v-2", 1_000 + seconds, {}), ("v-1", 1_000 + seconds, OURS))
    retry.remove(UPLOAD, "owner", claimed_at)
    assert versions.deleted == (["input/v-1"] if found else [])


@pytest.mark.parametrize(("seconds", "found"), [(-59, True), (-60, True), (-61, False)])
def test_s3_may_date_a_copy_a_minute_before_the_event_dates_the_upload(
    seconds: float, found: bool
) -> None:
    copies = Versions(("q-1", seconds, {"scalper-upload-id": UPLOAD.upload_id}))
    copy = Quarantine(copies, SETTINGS).copy_of(UPLOAD, "WRONG_TYPE")
    assert copy.version_id == ("q-1" if found else "new")


def test_a_copy_of_another_upload_or_size_is_none_of_this_one() -> None:
    copies = Versions(("q-1", 1, {"scalper-upload-id": "0065A002".ljust(32, "0")}), ("q-0", 1, {}))
    assert Quarantine(copies, SETTINGS).copy_of(UPLOAD, "WRONG_TYPE").version_id == "new"


def test_only_a_copy_of_the_files_size_is_asked_of_which_upload_it_is() -> None:
    """Ten may be asked; a copy of another file of that key is none of them."""
    copies = Versions(("q-2", 2, {}), ("q-1", 1, {}))
    copies.sizes["q-2"] = UPLOAD.size_bytes + 1
    assert Quarantine(copies, SETTINGS).copy_of(UPLOAD, "WRONG_TYPE").version_id == "new"
    assert copies.asked == ["q-1"]


def test_the_parts_of_a_copy_keep_to_what_s3_takes() -> None:
    """5 GB in one call, 10,000 parts of 5 MB to 5 GB, 2 KB of metadata.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
    """
    from handler.aws import copies

    assert copies.ONE_CALL_BYTES == 5_368_709_120
    assert 5_242_880 <= copies.PART_BYTES <= 5_368_709_120
    assert copies.MOST_PARTS == 10_000
    assert copies.METADATA_BYTES == 2_048


def test_every_status_has_its_rows() -> None:
    assert [str(status) for status in Status] == ["PROCESSED", "QUARANTINED", "HELD", "GONE"]
