"""An example of your own code with packages: look into workbooks (.xlsx) that people upload.

The packages are in requirements.txt beside this file; nothing else needs to be done to have them in
Lambda. `file.open()` can seek, so openpyxl reads from it directly: a large workbook is not read
whole, and nothing is written to /tmp.

Of each sheet the first row names the columns, each by a name of its own, and no row below has
more cells than there are names. What is recorded: rows and columns of each sheet.

A workbook is a zip file of XML, so a small one can unpack to gigabytes: what it says of its own
size is looked at before anything is unpacked, and Python reads no more of a part than that.
openpyxl keeps to `defusedxml` where it is installed, which refuses XML that grows by itself.
"""

import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

import openpyxl
from silent_scalper import File, Rejection

MAX_UNPACKED_BYTES = 50_000_000
"""Shared texts are in memory, at a few times their size."""
MAX_PARTS = 1_000
MAX_ROWS = 1_048_576
"""Of a sheet, in every version of Excel."""
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""Excel's format until 2003, and the wrapping of a workbook with a password."""


def process(file: File) -> dict[str, Any]:
    """What is in each sheet, or a `Rejection` that the sender understands."""
    with file.open() as stream:
        refuse_what_is_no_workbook(stream)
        try:
            with closing(openpyxl.load_workbook(stream, read_only=True, data_only=True)) as book:
                rows = [rows_of(sheet) for sheet in book.worksheets]
                return {"sheets": len(rows), "rows": sum(rows)}
        except (Rejection, MemoryError):
            raise
        except Exception as error:  # openpyxl has no error of its own for a broken workbook
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the system's, and not the file's fault
            raise Rejection(
                "CORRUPT_WORKBOOK",
                f"it cannot be read ({type(error).__name__}); open it in Excel, which can often "
                "repair it, and save it again",
            ) from error


def refuse_what_is_no_workbook(stream: BinaryIO) -> None:
    """By its beginning and by the table of what is in it; nothing is unpacked."""
    if stream.read(len(OLD_OFFICE)) == OLD_OFFICE:
        raise Rejection(
            "OLD_OR_PROTECTED",
            "it is an old workbook (.xls) or has a password; save it as .xlsx without one",
        )
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Rejection("NO_WORKBOOK", "it is no Excel workbook (.xlsx)") from error
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise Rejection("NO_WORKBOOK", "it is a zip file, and no Excel workbook (.xlsx)")
    unpacked_bytes = sum(part.file_size for part in parts)
    if unpacked_bytes > MAX_UNPACKED_BYTES or len(parts) > MAX_PARTS:
        raise Rejection(
            "WORKBOOK_TOO_LARGE",
            f"it unpacks to {unpacked_bytes:,} bytes in {len(parts):,} parts; at most "
            f"{MAX_UNPACKED_BYTES:,} bytes in {MAX_PARTS:,} are taken. Divide it, or send CSV",
        )
    stream.seek(0)


def rows_of(sheet: Any) -> int:
    """How many rows there are under the names, read row by row."""
    sheet.reset_dimensions()  # what a sheet says of its own size need not be true
    rows = filled(sheet)
    _number, header = next(rows, (0, []))
    if not header:
        raise Rejection("EMPTY_SHEET", f"the sheet {sheet.title!r} is empty; fill or remove it")
    names = set[str]()
    for column, cell in enumerate(header, 1):
        name = str(cell or "").strip()
        if not name or name in names:
            problem = f"has the name {name!r} before" if name else "has no name"
            raise Rejection(
                "BAD_HEADER",
                f"column {column} of the sheet {sheet.title!r} {problem}; give it one of its own, "
                "in the first row",
            )
        names.add(name)
    count = 0
    for number, cells in rows:
        if len(cells) > len(header):
            raise Rejection(
                "ROW_TOO_LONG",
                f"row {number} of the sheet {sheet.title!r} has {len(cells)} cells under "
                f"{len(header)} names",
            )
        count += 1
    return count


def filled(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows that are not blank, by their numbers, without the empty cells at their ends."""
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > MAX_ROWS:
            raise ValueError("a row is numbered beyond what a sheet can have")
        cells = list(row)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        if cells:
            yield number, cells
