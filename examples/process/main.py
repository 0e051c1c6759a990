"""An example of your own code: look into every uploaded file, and refuse what is broken.

Deployed beside the handler when `process_code` names this folder. `process` is called
once for each file, maybe more than once for the same upload, so it must be harmless to
repeat; `file.upload_id` is the same each time.

- .csv   every row must have as many columns as the first, all of it UTF-8
- .json  must parse, and be small enough to
- others are counted and hashed

What it returns is recorded with the file. Only `Rejection` sets a file aside at once;
any other exception is retried first, because it may be a bug or a passing fault.
"""

import csv
import hashlib
import io
import json
import os
from typing import Any, BinaryIO

from silent_scalper import File, Rejection

MAX_JSON_BYTES = 10_000_000
"""A JSON text is parsed in memory, at several times its size."""
MAX_CELL_CHARACTERS = 1_000_000
CHUNK_BYTES = 1024 * 1024
CRASH_MARK = "crash-demo"


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
    # utf-8-sig: spreadsheets put a mark in front that is no part of the first column's name.
    rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""), strict=True)
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    columns = count = 0
    try:
        for row in rows:
            if not row:
                continue
            columns = columns or len(row)
            if len(row) != columns:
                raise Rejection(
                    "CORRUPT_CSV",
                    f"line {rows.line_num} has {len(row)} columns, expected {columns}",
                )
            count += 1
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except csv.Error as error:
        raise Rejection("CORRUPT_CSV", f"line {rows.line_num}: {error}") from error
    return {"rows": max(count - 1, 0), "columns": columns}


def describe_json(stream: BinaryIO, size_bytes: int) -> dict[str, Any]:
    if size_bytes > MAX_JSON_BYTES:
        raise Rejection(
            "JSON_TOO_LARGE", f"{size_bytes:,} bytes, but at most {MAX_JSON_BYTES:,} are parsed"
        )
    try:
        value = json.load(stream)
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except json.JSONDecodeError as error:
        raise Rejection("CORRUPT_JSON", f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise Rejection("CORRUPT_JSON", "nested too deeply") from error
    entries = len(value) if isinstance(value, (dict, list)) else 1
    return {"type": type(value).__name__, "entries": entries}


def describe_bytes(stream: BinaryIO) -> dict[str, Any]:
    digest, lines = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        lines += chunk.count(b"\n")
    return {"lines": lines, "sha256": digest.hexdigest()}


def _not_utf8(error: UnicodeDecodeError) -> Rejection:
    byte = error.object[error.start]
    return Rejection("NOT_UTF8", f"the byte 0x{byte:02X} is not UTF-8; save the file as UTF-8")


def crash() -> None:
    """For the demo only; leave it out of your own code.

    Ends the interpreter at once, as a crashing C extension does: no exception, no clean-up.
    It shows what becomes of a file that kills its reader every time.
    """
    os._exit(70)
