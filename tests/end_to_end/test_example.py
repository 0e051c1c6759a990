"""The example `process`, called as the handler calls it, without anything deployed."""

import gzip
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import handler
from handler import Rejection
from handler.testing import file_from
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


@pytest.mark.parametrize(
    ("name", "content", "result"),
    [
        ("a.csv", b"a,b\n1,2\n3,4\n", {"rows": 2, "columns": 2}),
        ("a.csv", b"\xef\xbb\xbfa\r\n1\r\n\r\n", {"rows": 1, "columns": 1}),
        ("a.csv", b'a,b\n"x\ny, z",2\n', {"rows": 1, "columns": 2}),
        ("a.csv", b"a;b\n1,5;2\n", {"rows": 1, "columns": 2}),
        ("a.csv", b"a\tb\r\n1\t2\r\n", {"rows": 1, "columns": 2}),
        ("a.csv", b"a,b\r1,2\r", {"rows": 1, "columns": 2}),
        ("a.csv", b'"a;b;c",d\n1,2\n', {"rows": 1, "columns": 2}),
        ("a.csv", b"\n \n\na,b\n\n1,2\n  \n", {"rows": 1, "columns": 2}),
        ("a.csv", b"a,b\n,\n", {"rows": 1, "columns": 2}),
        ("a.csv", b"a,b", {"rows": 0, "columns": 2}),
        ("a.csv", b"a,b\n" + b"1,2\n" * 300_000, {"rows": 300_000, "columns": 2}),
        ("a.csv", b"a," + b"x" * 999_000 + b"\n1,2\n", {"rows": 1, "columns": 2}),
        ("a.csv", b"n\n" + b"9" * 5_000 + b"\n", {"rows": 1, "columns": 1}),
        ("a.csv", b"<5,>5\n1,2\n", {"rows": 1, "columns": 2}),
        ("A.CSV", "größe,数\n1,2\n".encode(), {"rows": 1, "columns": 2}),
        ("a.json", b"\xef\xbb\xbf[1]", {"type": "list", "entries": 1}),
        ("a.json", b"[1e308, -0.5, " + b"9" * 1_000 + b"]", {"type": "list", "entries": 3}),
        ("a.json", b'{"a": 1, "b": 2}', {"type": "dict", "entries": 2}),
        ("a.json", b"3", {"type": "int", "entries": 1}),
    ],
)
def test_a_good_file_is_described_in_a_few_numbers(
    example: ModuleType, name: str, content: bytes, result: dict[str, Any]
) -> None:
    assert example.process(file_from(content, name)) == result


def test_other_files_are_counted_and_hashed(example: ModuleType) -> None:
    result = example.process(file_from(b"one\ntwo\n", "a.txt"))
    assert result["lines"] == 2
    assert len(result["sha256"]) == 64


@pytest.mark.parametrize(
    ("name", "content", "code", "reason"),
    [
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "CORRUPT_CSV", "line 3 has 3 columns, expected 2"),
        ("a.csv", b'a,b\n"1,2\n', "CORRUPT_CSV", "line 2: unexpected end of data"),
        ("a.csv", b"a," + b"x" * 1_000_001, "ROW_TOO_LONG", "the row that line 1 belongs to"),
        ("a.csv", b"a,b\n" + b"," * 1_000_001, "ROW_TOO_LONG", "line 2 belongs to has more than"),
        ("a.csv", b'a\n"' + b"x\n" * 600_000, "ROW_TOO_LONG", "a quotation mark may be missing"),
        ("a.csv", b'"\n",' * 400_000, "ROW_TOO_LONG", "1,000,000 characters"),
        ("a.csv", b"a,b\n1,2;3;4;5\n1\n", "CORRUPT_CSV", "line 3 has 1 columns, expected 2"),
        ("a.csv", b"\n\na,b\n1\n", "CORRUPT_CSV", "line 4 has 1 columns"),
        ("a.csv", b"\n", "BLANK_FILE", "nothing but blanks"),
        ("a.csv", b" \r\n\t\n  ", "BLANK_FILE", "was the export empty?"),
        ("a.csv", b",,\n,,\n", "BLANK_FILE", "nothing but blanks"),
        ("a.csv", b"\xef\xbb\xbf", "BLANK_FILE", "nothing but blanks"),
        ("a.csv", b" " * 3_000_000, "ROW_TOO_LONG", "1,000,000 characters"),
        ("a.csv", b"a,b\n1,\0\n", "CORRUPT_TEXT", "the byte at 6 is NUL"),
        ("a.csv", b"a,b\n" * 2_000 + b"1,\0\n", "CORRUPT_TEXT", "of line 2001 is NUL"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "NOT_UTF8", "the file is UTF-16"),
        ("a.csv", "\ufeffa,b\n".encode("utf-16-be"), "NOT_UTF8", "the file is UTF-16"),
        ("a.csv", "id,name\n1,Ada\n".encode("utf-16-le"), "NOT_UTF8", "the file is UTF-16"),
        ("a.csv", "id,name\n1,Ada\n".encode("utf-16-be"), "NOT_UTF8", "the file is UTF-16"),
        ("a.csv", "编号,名\n一,二\n".encode("utf-16-le"), "CORRUPT_TEXT", "it is UTF-16, or"),
        ("a.csv", b"<!DOCTYPE html>\n<html>", "WRONG_CONTENT", "is HTML or XML, perhaps an error"),
        ("a.csv", b"\n  <html><body>Sign in", "WRONG_CONTENT", "a page to sign in"),
        ("a.csv", b"<?xml version='1.0'?><Error><Code>AccessDenied", "WRONG_CONTENT", "or XML"),
        ("a.json", b"\xef\xbb\xbf<Error>", "WRONG_CONTENT", "it is called .json and is HTML"),
        (
            "a.csv",
            gzip.compress(b"a,b\n", mtime=0),
            "WRONG_CONTENT",
            "compressed with gzip; send it unpack",
        ),
        (
            "a.json",
            gzip.compress(b"{}", mtime=0),
            "WRONG_CONTENT",
            "it is called .json and is compressed",
        ),
        ("a.csv", b"PK\x03\x04...", "WRONG_CONTENT", "an Excel workbook (.xlsx); in Excel, save"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1", "WRONG_CONTENT", "an old or a protected Office file"),
        ("a.csv", b"%PDF-1.7\n", "WRONG_CONTENT", "a PDF; send the table itself"),
        ("a.json", b"[" + b"9" * 4_301 + b"]", "NUMBER_TOO_LONG", "a number of 4,301 characters"),
        ("a.json", b"[-1" + b"0" * 1_000 + b"]", "NUMBER_TOO_LONG", "write it as a text"),
        ("a.json", b"[1e999]", "NUMBER_TOO_LONG", "1e999 is more than a number can be"),
        ("a.json", b"[0." + b"1" * 2_000 + b"]", "NUMBER_TOO_LONG", "write it as a text"),
        ("a.json", b'{"a": NaN}', "CORRUPT_JSON", "NaN is no JSON; write null"),
        ("a.json", b"[-Infinity]", "CORRUPT_JSON", "-Infinity is no JSON"),
        ("a.json", b" \n\t ", "BLANK_FILE", "nothing but blanks"),
        ("a.json", b'["\0"]', "CORRUPT_TEXT", "the byte at 2 is NUL"),
        ("a.json", '{"a": 1}'.encode("utf-16-le"), "NOT_UTF8", "the file is UTF-16"),
        ("a.json", '{"a": 1}'.encode("utf-16"), "NOT_UTF8", "the file is UTF-16"),
        ("a.json", b'{"a": 1}{"a": 2}', "CORRUPT_JSON", "line 1: Extra data"),
        ("a.csv", b"a,\xff\n", "NOT_UTF8", "the byte 0xFF is not UTF-8"),
        ("a.json", b"[1,\n2", "CORRUPT_JSON", "line 2"),
        ("a.json", b'"\xff"', "NOT_UTF8", "0xFF"),
        ("a.json", b"[" * 100_000, "CORRUPT_JSON", "nested too deeply"),
        ("a.json", b" " * 5_000_001, "JSON_TOO_LARGE", "5,000,001 bytes"),
    ],
)
def test_a_bad_file_is_refused_in_words_its_sender_understands(
    example: ModuleType, name: str, content: bytes, code: str, reason: str
) -> None:
    with pytest.raises(Rejection) as refused:
        example.process(file_from(content, name))
    assert refused.value.code == code
    assert reason in refused.value.reason


PEAK = """
import pathlib, resource, sys
import handler, handler.file
from handler.testing import file_from
sys.modules["silent_scalper"] = handler
sys.path.insert(0, "examples/process")
import main
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KILOBYTE
KILOBYTE = 1024 if sys.platform != "darwin" else 1024 * 1024
before = peak()
try: said = str(main.process(file_from(pathlib.Path(sys.argv[1]))))
except handler.Rejection as rejection: said = rejection.code
print(peak() - before, said)
"""


@pytest.mark.parametrize(
    ("name", "piece", "said"),
    [
        ("commas.csv", b",", "ROW_TOO_LONG"),
        ("one-cell.csv", b"x", "ROW_TOO_LONG"),
        ("quoted-blanks.csv", b'"\n', "BLANK_FILE"),
        ("many-cells-over-lines.csv", b'"\n",', "ROW_TOO_LONG"),
        ("blank-lines.csv", b"\n", "BLANK_FILE"),
        ("short-rows.csv", b"a,b\n", "{'rows': 14999999, 'columns': 2}"),
        ("one-line.txt", b"x", "{'lines': 0"),
        ("spaces.json", b" ", "JSON_TOO_LARGE"),
    ],
)
def test_sixty_megabytes_of_anything_take_no_more_memory_than_a_row(
    tmp_path: Path, name: str, piece: bytes, said: str
) -> None:
    """A line of commas once took 535 MB."""
    used, result = _peak_of(tmp_path / name, piece, 60_000_000)
    assert result.startswith(said)
    assert used <= 32


@pytest.mark.parametrize("piece", [b"{},", b"[],", b'{"a":0},', b'["a"],', b'"ab",', b"1.5,"])
def test_the_worst_json_takes_a_third_of_the_usual_memory(tmp_path: Path, piece: bytes) -> None:
    path = tmp_path / "a.json"
    used, result = _peak_of(path, piece, 4_999_990, begin=b"[", end=b"0]")
    assert "list" in result
    assert used <= 170


def _peak_of(
    path: Path, piece: bytes, size_bytes: int, *, begin: bytes = b"", end: bytes = b""
) -> tuple[int, str]:
    """Megabytes that the process takes more for the file, and what the example says of it."""
    path.write_bytes(begin + piece * (size_bytes // len(piece)) + end)
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    used, _space, said = ran.stdout.strip().partition(" ")
    return int(used), said
