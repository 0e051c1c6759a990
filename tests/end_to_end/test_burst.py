"""Twenty files at once. More is not asked of the emulator: each one in flight is a process."""

import time
from concurrent.futures import ThreadPoolExecutor

from .conftest import Pipeline

FILES = 20


def test_a_burst_of_files_each_ends_once_where_it_should(pipeline: Pipeline) -> None:
    good = [(f"burst/{n:02}.csv", b"a,b\n1,2\n") for n in range(0, FILES, 2)]
    bad = [(f"burst/{n:02}.exe", b"MZ") for n in range(1, FILES, 2)]
    bucket = pipeline.deployment.input_bucket
    with ThreadPoolExecutor(FILES) as pool:
        list(
            pool.map(
                lambda it: pipeline.cloud.s3.put_object(Bucket=bucket, Key=it[0], Body=it[1]),
                good + bad,
            )
        )
    told = wait_for_alerts(pipeline, FILES)
    assert sorted(told) == sorted(
        [(key, "PROCESSED") for key, _ in good] + [(key, "QUARANTINED") for key, _ in bad]
    )
    left = pipeline.cloud.s3.list_object_versions(Bucket=bucket, Prefix="burst/")
    assert [it["Key"] for it in left["Versions"]] == [key for key, _ in good]
    assert left.get("DeleteMarkers", []) == []


def wait_for_alerts(pipeline: Pipeline, count: int) -> list[tuple[str, str]]:
    """All alerts of the burst, also those too many, which come a little later."""
    told: list[tuple[str, str]] = []
    deadline = time.monotonic() + 60
    while len(told) < count and time.monotonic() < deadline:
        time.sleep(0.3)
        told = _told(pipeline)
    time.sleep(1.5)
    return _told(pipeline)


def _told(pipeline: Pipeline) -> list[tuple[str, str]]:
    return [
        (alert.message["object_key"], alert.message["status"])
        for alert in pipeline.listener.listen()
        if alert.message.get("object_key", "").startswith("burst/")
    ]
