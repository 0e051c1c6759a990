"""`file.open()` can seek: what reads zip files works, and reading forward costs one request."""

import csv
import io
import os
import random
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler import File
from handler.model.errors import Code, Fault
from handler.user_io import stream as our_stream

from .world import INPUT, World, fault_of

KIB = 1024
RANDOM = random.Random(7)
LARGE = RANDOM.randbytes(3 * 1024 * KIB)
"""Larger than what is held in memory, as the tests below set it."""


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects of more than 1 MiB are large, so that the tests need not move many."""
    monkeypatch.setattr(our_stream, "IN_MEMORY_BYTES", 1024 * KIB)


def read(world: World, body: bytes, process: Callable[[Any], Any], **put: Any) -> list[str]:
    """Let `process` have the stream; the ranges that were asked for, `whole` without one."""
    world.deploy(process=lambda file: process(file.open()), rules={"accept_empty": True})
    upload = world.upload("in/file.bin", body, **put)
    world.forget_calls()
    world.run(upload, f"request-{upload.upload_id}")
    assert world.status(upload) == "PROCESSED"
    asked = [call.request for call in world.calls if str(call) == "s3.GetObject"]
    return [request.get("Range", "whole") for request in asked]


def zipped(members: int, size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for n in range(members):
            file.writestr(f"{n}.bin", LARGE[:size])
    return buffer.getvalue()


def unzip(stream: Any) -> int:
    with zipfile.ZipFile(stream) as file:
        assert file.testzip() is None
        return len(file.namelist())


FORWARD: dict[str, Callable[[Any], Any]] = {
    "all at once": lambda stream: len(stream.read()),
    "in pieces": lambda stream: sum(len(part) for part in iter(lambda: stream.read(70_000), b"")),
    "in lines": lambda stream: sum(len(line) for line in stream),
    "as text": lambda stream: len(io.TextIOWrapper(stream, "latin-1", newline="").read()),
    "as rows": lambda stream: sum(
        1 for _ in csv.reader(io.TextIOWrapper(stream, "latin-1", newline=""), quoting=3)
    ),
    "to its end and asked where it is": lambda stream: (len(stream.read()), stream.tell())[1],
    "a little, then no more": lambda stream: len(stream.read(10)),
    "not at all": lambda stream: 0,
}


@pytest.mark.parametrize("way", FORWARD)
@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", LARGE.replace(b"\0", b"")])
@pytest.mark.usefixtures("small_memory")
def test_reading_forward_is_one_request(world: World, way: str, body: bytes) -> None:
    assert read(world, body, FORWARD[way]) == ["whole"]


def test_a_small_zip_file_is_one_request_too(world: World) -> None:
    assert read(world, zipped(20, 10 * KIB), unzip) == ["whole"]


def test_a_small_file_that_was_begun_before_it_is_searched_is_two(world: World) -> None:
    def process(stream: Any) -> int:
        assert stream.read(2) == b"PK"
        return unzip(stream)

    assert read(world, zipped(20, 100 * KIB), process) == ["whole", "whole"]


def test_a_spreadsheet_can_be_read(world: World) -> None:
    book: Any = openpyxl.Workbook()
    for row in range(100):
        book.active.append([row, f"row {row}"])
    content = io.BytesIO()
    book.save(content)

    def process(stream: Any) -> int:
        sheet: Any = openpyxl.load_workbook(stream, read_only=True).active
        return sum(1 for _ in sheet.iter_rows())

    assert read(world, content.getvalue(), process) == ["whole"]


@pytest.mark.usefixtures("small_memory")
def test_a_large_zip_file_costs_a_few_requests_not_one_for_each_member(world: World) -> None:
    asked = read(world, zipped(30, 100 * KIB), unzip)
    assert asked[0] == "whole"
    assert len(asked) <= 12, asked


@pytest.mark.usefixtures("small_memory")
def test_columns_of_a_large_file_are_asked_for_one_by_one_and_nothing_else(world: World) -> None:
    """As Parquet is read: the end, what it says, then some places."""

    def process(stream: Any) -> None:
        stream.seek(-8, os.SEEK_END)
        assert stream.read() == LARGE[-8:]
        for place in (500_000, 2_000_000):
            stream.seek(place)
            assert stream.read(300_000) == LARGE[place : place + 300_000]

    end = len(LARGE)
    asked = read(world, LARGE, process)
    assert asked[:2] == ["whole", f"bytes={end - 8}-{end - 1}"]
    assert [it.partition("=")[2].split("-")[0] for it in asked[2:] if "500000" in it] == ["500000"]
    assert len(asked) <= 6


@pytest.mark.usefixtures("small_memory")
def test_reading_on_after_a_jump_asks_for_more_each_time(world: World) -> None:
    def process(stream: Any) -> None:
        stream.seek(1)
        stream.seek(400_000)
        assert stream.read() == LARGE[400_000:]

    asked = read(world, LARGE, process)
    sizes = [
        int(end) - int(start) + 1
        for start, end in (it.removeprefix("bytes=").split("-") for it in asked[1:])
    ]
    assert sizes == sorted(sizes[:-1]) + sizes[-1:]
    assert sizes[1] == 2 * sizes[0]


@pytest.mark.usefixtures("small_memory")
def test_a_little_that_is_passed_over_is_read_rather_than_asked_for(world: World) -> None:
    def process(stream: Any) -> None:
        stream.read(10)
        stream.seek(400_000)
        assert stream.read(10) == LARGE[400_000:400_010]

    assert read(world, LARGE, process) == ["whole"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 700_000)),
        st.tuples(st.just("seek"), st.integers(0, len(LARGE) + 1000)),
        st.tuples(st.just("seek_from_here"), st.integers(-400_000, 400_000)),
        st.tuples(st.just("seek_from_end"), st.integers(-len(LARGE), 10)),
        st.tuples(st.just("readline"), st.just(0)),
        st.tuples(st.just("peek"), st.integers(0, 100)),
    ),
    max_size=12,
)


class Shelf:
    """Answers GetObject from memory, as S3 does with ranges."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __call__(self, *, Range: str = "", IfMatch: str = '"1"') -> dict[str, Any]:  # noqa: N803
        assert IfMatch == '"1"'
        start, end = 0, len(self.body) - 1
        if Range:
            start, end = map(int, Range.removeprefix("bytes=").split("-"))
            assert start <= end < len(self.body)
        part = self.body[start : end + 1]
        return {"Body": io.BytesIO(part), "ContentLength": len(part), "ETag": '"1"'}


@pytest.mark.parametrize("in_memory", [0, 100 * 1024 * KIB])
@given(steps=STEPS)
def test_it_reads_what_a_file_on_disk_would_whatever_is_asked_of_it(
    in_memory: int, steps: list[tuple[str, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(our_stream, "IN_MEMORY_BYTES", in_memory)
        ours: Any = io.BufferedReader(our_stream.SeekableBody(Shelf(LARGE), nullcontext, id))
        disk: Any = io.BufferedReader(io.BytesIO(LARGE))
        for step, number in steps:
            assert _done(ours, step, number) == _done(disk, step, number), (step, number)
            assert ours.tell() == disk.tell()


def _done(stream: Any, step: str, number: int) -> Any:
    match step:
        case "read":
            return stream.read(number)
        case "readline":
            return stream.readline()
        case "peek":
            return stream.peek(number)[:1]
        case "seek":
            return stream.seek(number)
    origin = os.SEEK_CUR if step == "seek_from_here" else os.SEEK_END
    target = (stream.tell() if origin == os.SEEK_CUR else len(LARGE)) + number
    return stream.seek(number, origin) if target >= 0 else None


def test_a_place_before_the_beginning_is_refused_as_by_a_file(world: World) -> None:
    def process(stream: Any) -> None:
        with pytest.raises(OSError, match="before the beginning"):
            stream.seek(-22, os.SEEK_END)

    read(world, b"short", process)


def test_what_is_no_zip_file_is_known_to_be_none(world: World) -> None:
    read(world, b"x", zipfile.is_zipfile)
    with pytest.raises(Fault, match="BadZipFile"):
        read(world, b"x" * 100, unzip)


def test_another_object_in_its_place_is_never_taken_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without versioning an upload may be overwritten while it is read."""
    monkeypatch.setattr(our_stream, "IN_MEMORY_BYTES", 0)

    def process(file: File) -> None:
        stream = file.open()
        world._own.s3.put_object(Bucket=INPUT, Key=file.key, Body=LARGE[::-1])
        stream.seek(-8, os.SEEK_END)
        stream.read()

    world.deploy(process=process)
    upload = world.upload("in/file.bin", LARGE)
    del upload.record["s3"]["object"]["versionId"]
    fault = fault_of(lambda: world.run(upload))
    assert fault
    assert fault.code is Code.AWS_ERROR


def test_a_jump_that_fails_is_no_fault_of_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_stream, "IN_MEMORY_BYTES", 0)

    def process(file: File) -> None:
        stream = file.open()
        with world.failing("s3.GetObject"):
            unzip(stream)

    world.deploy(process=process)
    fault = fault_of(lambda: world.run(world.upload("in/a.zip", zipped(3, 100 * KIB))))
    assert fault
    assert fault.code is Code.AWS_ERROR
