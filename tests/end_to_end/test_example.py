"""The example `process`, called as the handler calls it, without anything deployed."""

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import handler
from handler import Rejection
from local.deployment import ROOT


@pytest.fixture(scope="module")
def example() -> ModuleType:
    path = ROOT / "examples" / "process" / "main.py"
    spec = importlib.util.spec_from_file_location("example_process", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "silent_scalper", handler)
        spec.loader.exec_module(module)
    return module


def file(name: str, content: bytes) -> Any:
    return SimpleNamespace(
        name=name,
        file_type=Path(name).suffix.lstrip("."),
        size_bytes=len(content),
        open=lambda: io.BufferedReader(io.BytesIO(content)),
    )


@pytest.mark.parametrize(
    ("name", "content", "result"),
    [
        ("a.csv", b"a,b\n1,2\n3,4\n", {"rows": 2, "columns": 2}),
        ("a.csv", b"\xef\xbb\xbfa\r\n1\r\n\r\n", {"rows": 1, "columns": 1}),
        ("a.csv", b'a,b\n"x\ny, z",2\n', {"rows": 1, "columns": 2}),
        ("a.csv", b"\n", {"rows": 0, "columns": 0}),
        ("a.json", b'{"a": 1, "b": 2}', {"type": "dict", "entries": 2}),
        ("a.json", b"3", {"type": "int", "entries": 1}),
    ],
)
def test_a_good_file_is_described_in_a_few_numbers(
    example: ModuleType, name: str, content: bytes, result: dict[str, Any]
) -> None:
    assert example.process(file(name, content)) == result


def test_other_files_are_counted_and_hashed(example: ModuleType) -> None:
    result = example.process(file("a.txt", b"one\ntwo\n"))
    assert result["lines"] == 2
    assert len(result["sha256"]) == 64


@pytest.mark.parametrize(
    ("name", "content", "code", "reason"),
    [
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "CORRUPT_CSV", "line 3 has 3 columns, expected 2"),
        ("a.csv", b'a,b\n"1,2\n', "CORRUPT_CSV", "line 2: unexpected end of data"),
        ("a.csv", b"a," + b"x" * 1_000_001, "CORRUPT_CSV", "field larger than field limit"),
        ("a.csv", b"a,\xff\n", "NOT_UTF8", "the byte 0xFF is not UTF-8"),
        ("a.json", b"[1,\n2", "CORRUPT_JSON", "line 2"),
        ("a.json", b'"\xff"', "NOT_UTF8", "0xFF"),
        ("a.json", b"[" * 100_000, "CORRUPT_JSON", "nested too deeply"),
        ("a.json", b" " * 10_000_001, "JSON_TOO_LARGE", "10,000,001 bytes"),
    ],
)
def test_a_bad_file_is_refused_in_words_its_sender_understands(
    example: ModuleType, name: str, content: bytes, code: str, reason: str
) -> None:
    with pytest.raises(Rejection) as refused:
        example.process(file(name, content))
    assert refused.value.code == code
    assert reason in refused.value.reason
