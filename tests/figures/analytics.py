"""The recorded output in docs/analytics.md: made anew by `python -m tests.figures.analytics`.

A block that follows `<!-- recorded: scalper … -->` is what that command prints, and one that
follows a block of SQL is what DuckDB answers.
"""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from .month import ASKED, typing

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "analytics.md"
_COMMAND = re.compile(r"(<!-- recorded: scalper (.*?) -->\n```\n)(.*?)(```)", re.DOTALL)
_QUESTION = re.compile(r"(```sql\n(.*?)```\n\n```\n)(.*?)(```)", re.DOTALL)


def recorded(text: str, folder: str) -> str:
    """The document with every output as it is now; exports go to that folder."""
    with typing() as scalper:
        text = _replaced(_COMMAND, text, lambda words: _printed(scalper, words, folder))
        with duckdb.connect() as database:
            # Files are named as in the document, from the folder that the exports went to.
            database.execute(f"SET file_search_path = '{folder}'")
            database.execute("SET TimeZone = 'UTC'")
            return _replaced(_QUESTION, text, lambda sql: _answer(database, sql))


def _replaced(pattern: re.Pattern[str], text: str, run: Callable[[str], str]) -> str:
    return pattern.sub(lambda found: f"{found[1]}{run(found[2])}{found[4]}", text)


def _printed(scalper: Any, words: str, folder: str) -> str:
    at = [f"{folder}/{it}" if it.startswith("records") else it for it in words.split()]
    said = scalper(*at).replace(f"{folder}/", "")
    # When an export was made is the one thing that differs from one time to the next.
    said = re.sub(r"as of [-0-9]+ [:0-9]+ UTC", f"as of {ASKED:%Y-%m-%d %H:%M:%S} UTC", said)
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines())


def _answer(database: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The last statement's rows, in columns."""
    found = database.execute(sql)
    head = [column[0] for column in found.description or []]
    rows = [["" if it is None else str(it) for it in row] for row in found.fetchall()]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        "  ".join(it.ljust(n) for it, n in zip(row, widths, strict=True)) for row in [head, *rows]
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as here:
        text = recorded(DOCUMENT.read_text(encoding="utf-8"), here)
    DOCUMENT.write_text(text, encoding="utf-8")
