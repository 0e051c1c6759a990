"""An example of your own code: look into every uploaded file, and refuse what is broken.

Deployed beside the handler when `process_code` names this folder. `process` is called once for
each file, maybe more than once for the same upload, so it must be harmless to repeat;
`file.upload_id` is the same each time.

- .csv   a table in UTF-8, separated by commas, semicolons or tabs; every row has as many
         columns as the first
- .json  one JSON text in UTF-8, small enough to be parsed, with numbers that a reader can hold
- others are counted and hashed

Whatever is in a file, it takes no more memory than the limits below allow. What it returns is
recorded with the file. Only `Rejection` sets a file aside at once; any other exception is
retried first, because it may be a bug or a passing fault.
"""

import csv
import hashlib
import io
import json
import math
import os
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from silent_scalper import File, Rejection

MAX_JSON_BYTES = 5_000_000
"""A JSON text is parsed in memory, at up to thirty times its size."""
MAX_NUMBER_CHARACTERS = 1_000
"""What no reader of JSON can be trusted with; Python itself refuses more than 4,300 digits."""
MAX_ROW_CHARACTERS = 1_000_000
"""A row is in memory whole, with all its cells."""
CHUNK_BYTES = 1024 * 1024
HEAD_BYTES = 4096
"""Of the beginning, by which one kind of file is told from another."""
CRASH_MARK = "crash-demo"

SAVE_AS_UTF8 = "save the file as UTF-8"
OTHER_KINDS = {
    b"PK\x03\x04": "a zip file, such as an Excel workbook (.xlsx); in Excel, save as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old or a protected Office file; in Excel, save as 'CSV UTF-8'",
    b"\x1f\x8b": "compressed with gzip; send it unpacked",
    b"%PDF-": "a PDF; send the table itself, not its print",
    b"PAR1": "a Parquet file; export it as text",
    b"\x89PNG": "a picture; send the table itself",
    b"\xff\xd8\xff": "a picture; send the table itself",
}
"""How files begin that come under a wrong name, and what their sender can do."""


def process(file: File) -> dict[str, Any]:
    """Describe the file in a few numbers, or raise a `Rejection` that its sender understands."""
    if file.name.startswith(CRASH_MARK):
        crash()
    with file.open() as stream:
        match file.file_type:
            case "csv":
                return describe_csv(stream)
            case "json":
                return describe_json(stream, file.size_bytes)
            case _:
                return describe_bytes(stream)


def describe_csv(stream: BinaryIO) -> dict[str, Any]:
    """Read row by row: the file may be larger than memory."""
    refuse_other_kinds(stream, "csv")
    # utf-8-sig: spreadsheets put a mark in front that is no part of the first column's name.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    csv.field_size_limit(MAX_ROW_CHARACTERS)
    lines = Lines(text)
    rows = csv.reader(lines, strict=True, delimiter=separator_of(lines.first()))
    columns = count = 0
    is_blank = True
    try:
        for row in rows:
            lines.begin_row()
            if len(row) < 2 and not "".join(row).strip():
                continue
            columns = columns or len(row)
            if len(row) != columns:
                raise Rejection(
                    "CORRUPT_CSV",
                    f"line {lines.number} has {len(row)} columns, expected {columns}",
                )
            is_blank = is_blank and not "".join(row).strip()
            count += 1
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error
    except csv.Error as error:
        raise Rejection("CORRUPT_CSV", f"line {lines.number}: {error}") from error
    if is_blank:
        raise blank()
    return {"rows": count - 1, "columns": columns}


class Lines:
    """The lines of a text, for `csv.reader`, which alone would take in a line of any length.

    A row may go over many lines, where its cells hold line breaks.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._next: str | None = None
        self._row_characters = self.number = 0

    def first(self) -> str:
        """The first line that is not blank; those before it are passed over."""
        try:
            for line in self._read():
                if line.strip():
                    self._next = line
                    return line
                self.begin_row()
        except UnicodeDecodeError as error:
            raise not_utf8(error) from error
        return ""

    def begin_row(self) -> None:
        self._row_characters = 0

    def __iter__(self) -> Iterator[str]:
        if self._next is not None:
            self._row_characters = len(self._next)
            yield self._next
            yield from self._read()

    def _read(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW_CHARACTERS + 1):
            self.number += 1
            self._row_characters += len(line)
            if self._row_characters > MAX_ROW_CHARACTERS:
                raise Rejection(
                    "ROW_TOO_LONG",
                    f"the row that line {self.number} belongs to has more than "
                    f"{MAX_ROW_CHARACTERS:,} characters; a quotation mark may be missing, or the "
                    "line breaks",
                )
            if "\0" in line:
                raise has_nul(f"a character of line {self.number}")
            yield line


def separator_of(header: str) -> str:
    """The one by which the header has most columns; a comma where it has but one."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


def describe_json(stream: BinaryIO, size_bytes: int) -> dict[str, Any]:
    if size_bytes > MAX_JSON_BYTES:
        raise Rejection(
            "JSON_TOO_LARGE", f"{size_bytes:,} bytes, but at most {MAX_JSON_BYTES:,} are parsed"
        )
    refuse_other_kinds(stream, "json")
    text = ""
    try:
        text = stream.read().decode("utf-8-sig")
        value = json.loads(
            text, parse_int=whole_number, parse_float=number, parse_constant=no_number
        )
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error
    except json.JSONDecodeError as error:
        if not text.strip():
            raise blank() from error
        raise Rejection("CORRUPT_JSON", f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise Rejection("CORRUPT_JSON", "nested too deeply") from error
    entries = len(value) if isinstance(value, (dict, list)) else 1
    return {"type": type(value).__name__, "entries": entries}


def whole_number(text: str) -> int:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise Rejection(
            "NUMBER_TOO_LONG",
            f"a number of {len(text):,} characters, {text[:20]}…; at most "
            f"{MAX_NUMBER_CHARACTERS:,} are taken: write it as a text, in quotes",
        )
    return int(text)


def number(text: str) -> float:
    if len(text) > MAX_NUMBER_CHARACTERS or math.isinf(value := float(text)):
        raise Rejection(
            "NUMBER_TOO_LONG",
            f"{text[:40]} is more than a number can be; write it as a text, in quotes",
        )
    return value


def no_number(word: str) -> NoReturn:
    """Python, and JavaScript's own tools, write what no standard of JSON has."""
    raise Rejection("CORRUPT_JSON", f"{word} is no JSON; write null where there is no number")


def describe_bytes(stream: BinaryIO) -> dict[str, Any]:
    digest, lines = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        lines += chunk.count(b"\n")
    return {"lines": lines, "sha256": digest.hexdigest()}


def refuse_other_kinds(stream: BinaryIO, expected: str) -> None:
    """Tell by its beginning what is no text in UTF-8, or was sent by mistake."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)  # within what is buffered, so it costs no request
    for beginning, what in OTHER_KINDS.items():
        if head.startswith(beginning):
            raise Rejection("WRONG_CONTENT", f"it is called .{expected} and is {what}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or looks_like_utf16(head):
        raise Rejection("NOT_UTF8", f"the file is UTF-16; {SAVE_AS_UTF8}")
    if re.match(rb"<[!?A-Za-z]", head.removeprefix(b"\xef\xbb\xbf").lstrip()):
        raise Rejection(
            "WRONG_CONTENT",
            f"it is called .{expected} and is HTML or XML, perhaps an error page or a page to sign "
            "in that was saved in place of the file; fetch it anew and look into it",
        )
    if (place := head.find(b"\0")) >= 0:
        raise has_nul(f"the byte at {place:,}")


def looks_like_utf16(head: bytes) -> bool:
    """Text without a mark: of most letters, one of the two bytes is NUL, and always the same."""
    low, high = head[0::2].count(0), head[1::2].count(0)
    return min(low, high) == 0 and max(low, high) * 4 > len(head) > 1


def not_utf8(error: UnicodeDecodeError) -> Rejection:
    byte = error.object[error.start]
    return Rejection("NOT_UTF8", f"the byte 0x{byte:02X} is not UTF-8; {SAVE_AS_UTF8}")


def has_nul(where: str) -> Rejection:
    return Rejection(
        "CORRUPT_TEXT",
        f"{where} is NUL, which no text in UTF-8 has: it is UTF-16, or its writing or transfer "
        "broke off; save it as UTF-8, or send it again",
    )


def blank() -> Rejection:
    return Rejection("BLANK_FILE", "there is nothing but blanks in it; was the export empty?")


def crash() -> None:
    """For the demo only; leave it out of your own code.

    Ends the interpreter at once, as a crashing C extension does: no exception, no clean-up.
    It shows what becomes of a file that kills its reader every time.
    """
    os._exit(70)
