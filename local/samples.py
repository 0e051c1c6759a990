"""The files that the demo drops in, and the fate that each must have."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PASSED_OVER = "PASSED OVER"
"""No status: a file that the pipeline leaves alone, without a record or an alert."""

MANY_ROWS = 600_000
ROWS_A_BLOCK = 1_000

Content = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Sample:
    """A file to drop in. Several may have the same key: they are uploaded in order."""

    key: str
    content: Content
    fate: str
    reason_code: str | None = None

    def write(self, path: Path) -> Path:
        with path.open("wb") as file:
            file.writelines(self.content())
        return path


def varied() -> list[Sample]:
    """Ordinary files, awkward names, and every way a file of the example can go wrong."""
    return [
        Sample("orders.csv", _orders(200), "PROCESSED"),
        Sample("reports/2026/yearly summary (final).txt", _prose, "PROCESSED"),
        Sample("a+b=c & 100%25 d.csv", _orders(20), "PROCESSED"),
        Sample("Größe/прайс/価格表 ✓.json", _json, "PROCESSED"),
        Sample("sensors/2026.csv", _measurements, "PROCESSED"),
        Sample("empty.csv", _text(""), "QUARANTINED", "EMPTY_FILE"),
        Sample("setup.exe", _text("MZ\x90\x00"), "QUARANTINED", "WRONG_TYPE"),
        Sample("customers.csv", _short_row, "QUARANTINED", "CORRUPT_CSV"),
        Sample("customers.csv", _orders(30), "PROCESSED"),
        Sample("from-an-old-system.csv", _latin_1, "QUARANTINED", "NOT_UTF8"),
        Sample("cut-off.json", _text('{"items": [1, 2,'), "QUARANTINED", "CORRUPT_JSON"),
        Sample("crash-demo.csv", _orders(3), "HELD", "FUNCTION_DIED"),
        Sample("still-being-written.csv.tmp", _orders(5), PASSED_OVER),
        Sample("a-folder/", _text(""), PASSED_OVER),
    ]


def _orders(rows: int) -> Content:
    def content() -> Iterator[bytes]:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(["order", "customer", "amount", "currency", "note"])
        for number in range(1, rows + 1):
            amount = f"{random.uniform(1, 900):.2f}"
            writer.writerow([number, f"customer {number}", amount, "EUR", 'ships "soon", maybe'])
        yield buffer.getvalue().encode()

    return content


def _short_row() -> Iterator[bytes]:
    yield b"order,customer,amount,currency,note\n1,Ada,12.50,EUR,\n2,Ben,8.00\n3,Cleo,1.00,EUR,\n"


def _latin_1() -> Iterator[bytes]:
    yield "name,town\nJörg,Köln\n".encode("latin-1")


def _prose() -> Iterator[bytes]:
    yield b"Everything arrived. Nothing was lost.\n" * 40


def _json() -> Iterator[bytes]:
    prices = {"りんご": 120, "яблоко": 90, "Äpfel": 1.2}
    yield json.dumps(prices, ensure_ascii=False).encode()


def _measurements() -> Iterator[bytes]:
    """Some 30 MB, written and read in pieces."""
    yield b"time,sensor,celsius,humidity,battery\n"
    for start in range(0, MANY_ROWS, ROWS_A_BLOCK):
        yield b"".join(
            b"2026-03-01T00:00:%09d,sensor-%04d,%d.%d,%d,ok\n"
            % (row, row % 9973, 15 + row % 9, row % 10, 40 + row % 40)
            for row in range(start, start + ROWS_A_BLOCK)
        )


def _text(text: str) -> Content:
    def content() -> Iterator[bytes]:
        yield text.encode("latin-1")

    return content
