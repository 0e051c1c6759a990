"""`silent_scalper.testing`: what users test their `process` with behaves like what it is given."""

import hashlib
import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from handler import File
from handler.testing import file_from
from local.deployment import ROOT

LARGE = bytes(range(256)) * 40_000  # more than is held in memory


def test_bytes_are_a_file_with_all_that_an_upload_has() -> None:
    file = file_from(b"id,name\n", "in/Orders.2026.CSV")
    assert isinstance(file, File)
    assert (file.key, file.name, file.file_type) == (
        "in/Orders.2026.CSV", "Orders.2026.CSV", "csv"
    )  # fmt: skip
    assert file.size_bytes == 8
    assert file.etag == hashlib.md5(b"id,name\n").hexdigest()
    assert file.uploaded_at.tzinfo is UTC
    assert len(file.upload_id) == 32
    assert file.address == {
        "Bucket": file.bucket, "Key": "in/Orders.2026.CSV", "VersionId": file.version_id
    }  # fmt: skip
    with file.open() as stream:
        assert stream.read() == b"id,name\n"


def test_a_path_is_read_when_process_reads_and_each_time_anew(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"id\n1\n")
    file = file_from(path)
    assert (file.key, file.size_bytes) == ("orders.csv", 5)
    for _ in range(2):
        with file.open() as stream:
            assert list(stream) == [b"id\n", b"1\n"]
    assert file_from(path, "in/other.csv").key == "in/other.csv"


@pytest.mark.parametrize("content", [LARGE, b"short"], ids=["large", "small"])
@pytest.mark.parametrize("kind", ["bytes", "path"])
def test_the_stream_seeks_as_in_lambda(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    file = file_from(content, "file.bin") if kind == "bytes" else file_from(path)
    with file.open() as stream:
        for place in (len(content) // 2, 1, len(content) - 3, 0):
            stream.seek(place)
            assert stream.read(100) == content[place : place + 100]
        stream.seek(0)
        assert stream.read() == content
    assert file.trouble is None


def test_a_zip_file_can_be_opened() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "a,b\n")
    with file_from(buffer.getvalue(), "a.zip").open() as stream, zipfile.ZipFile(stream) as read:
        assert read.read("a.csv") == b"a,b\n"


def test_when_it_was_uploaded_can_be_chosen() -> None:
    at = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    assert file_from(b"", "a", uploaded_at=at).uploaded_at == datetime(2026, 1, 2, 2, tzinfo=UTC)
    naive = datetime(2026, 1, 2, 3)
    assert file_from(b"", "a", uploaded_at=naive).uploaded_at == naive.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "key", "error", "advice"),
    [
        ("orders.csv", None, TypeError, "Path('orders.csv')"),
        ("a,b\n", "a.csv", TypeError, ".encode()"),
        (b"a,b\n", None, ValueError, "'orders.csv'"),
        (b"a,b\n", "", ValueError, "'orders.csv'"),
        (b"a,b\n", "ä" * 513, ValueError, "1024 bytes (got 1026)"),
        (Path("nowhere.csv"), None, FileNotFoundError, "nowhere.csv"),
    ],
)
def test_what_is_no_file_is_refused_with_what_to_write(
    content: Any, key: str | None, error: type[Exception], advice: str
) -> None:
    with pytest.raises(error) as refused:
        file_from(content, key)
    assert advice in str(refused.value)


def test_neither_botocore_nor_signals_of_lambda_are_needed() -> None:
    """As in an environment without boto3, and on a system that has not these signals."""
    program = (
        "import signal, sys\n"
        "for name in ('SIGALRM', 'SIGUSR2', 'setitimer', 'pthread_sigmask'):\n"
        "    delattr(signal, name)\n"
        "for name in ('botocore', 'boto3', 'pulumi'): sys.modules[name] = None\n"
        "from handler import File, HoldFile, Rejection\n"
        "from handler.testing import file_from\n"
        "with file_from(b'abc', 'a').open() as stream: print(stream.read().decode())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "abc\n", ran.stderr
