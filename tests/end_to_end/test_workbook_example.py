"""The example with packages: called as the handler calls it, and deployed with what it names."""

import importlib.util
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
import yaml

import handler
from handler import Rejection
from handler.testing import file_from
from local.deployment import ROOT, deployed
from silent_scalper_code.source import read_source

from .conftest import Pipeline

EXAMPLE = ROOT / "examples" / "workbook"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_workbook", EXAMPLE / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "silent_scalper", handler)
        spec.loader.exec_module(module)
    return module


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook in which a part is not what a spreadsheet program writes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            data = given.read(name)
            if name == part:
                assert old in data
                data = data.replace(old, new)
            made.writestr(name, data)
    return buffer.getvalue()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
GOOD = workbook([["id", "amount"], [1, 2.5], [None, None], [2, None], [3]], [["name"], ["Ada"]])


def test_a_good_workbook_is_counted(example: ModuleType) -> None:
    assert example.process(file_from(GOOD, "a.xlsx")) == {"sheets": 2, "rows": 4}


def test_what_a_sheet_says_of_its_size_is_not_believed(example: ModuleType) -> None:
    lies = changed(GOOD, SHEET, b'ref="A1:B5"', b'ref="A1:XFD1048576"')
    assert example.process(file_from(lies, "a.xlsx")) == {"sheets": 2, "rows": 4}


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"id,amount\n", "NO_WORKBOOK", "it is no Excel workbook"),
        (b"", "NO_WORKBOOK", "it is no Excel workbook"),
        (GOOD[:-40], "NO_WORKBOOK", "it is no Excel workbook"),
        (zipped(**{"a.csv": b"a,b"}), "NO_WORKBOOK", "it is a zip file, and no Excel workbook"),
        (zipped(**{"[Content_Types].xml": b"<Types/>"}), "CORRUPT_WORKBOOK", "save it again"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "OLD_OR_PROTECTED", "save it as .xlsx without one"),
        (workbook([]), "EMPTY_SHEET", "the sheet 'Sheet 1' is empty"),
        (workbook([["a"]], [[None, None]]), "EMPTY_SHEET", "the sheet 'Sheet 2' is empty"),
        (workbook([["a", None, "c"]]), "BAD_HEADER", "column 2 of the sheet 'Sheet 1' has no name"),
        (workbook([["a", "b", " a "]]), "BAD_HEADER", "column 3 of the sheet 'Sheet 1' has the"),
        (workbook([["a"], [1], [1, 2]]), "ROW_TOO_LONG", "row 3 of the sheet 'Sheet 1' has 2 cell"),
        (changed(GOOD, SHEET, b"</row>", b""), "CORRUPT_WORKBOOK", "it cannot be read"),
        (changed(GOOD, SHEET, b'<row r="5"', b'<row r="99999999"'), "CORRUPT_WORKBOOK", "ValueErr"),
        (changed(GOOD, SHEET, b"<sheetData>", b" " * 50_000_000 + b"<sheetData>"),
         "WORKBOOK_TOO_LARGE", "at most 50,000,000 bytes in 1,000 are taken"),
    ],
)  # fmt: skip
def test_what_is_no_good_workbook_is_refused_in_words_its_sender_understands(
    example: ModuleType, content: bytes, code: str, reason: str
) -> None:
    with pytest.raises(Rejection) as refused:
        example.process(file_from(content, "a.xlsx"))
    assert refused.value.code == code
    assert reason in refused.value.reason


def test_a_large_workbook_is_not_read_whole_before_it_is_refused(example: ModuleType) -> None:
    """Its end is asked for, where a zip file says what is in it."""
    noise = changed(GOOD, SHEET, b"<sheetData>", b"<sheetData>")
    buffer = io.BytesIO(noise)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as made:
        made.writestr("xl/media/picture.bin", bytes(60_000_000))
    file = file_from(buffer.getvalue(), "large.xlsx")
    asked: list[str | None] = []
    get_object = file._get_object

    def get(**arguments: Any) -> Any:
        asked.append(arguments.get("Range"))
        return get_object(**arguments)

    file._get_object = get
    with pytest.raises(Rejection, match="WORKBOOK_TOO_LARGE"):
        example.process(file)
    assert len(asked) <= 4
    assert asked[0] is None
    assert all(asked[1:])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The repository's program in a folder of its own, with this example and its packages."""
    root = tmp_path_factory.mktemp("workbooks")
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "et_xmlfile==2.0.0"],
        cwd=tmp_path_factory.mktemp("download"),
        capture_output=True,
        check=False,
    )
    if asked.returncode:
        pytest.skip("pip reaches no index here: an example with packages was NOT TESTED")
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / name, root / name)
    shutil.copytree(EXAMPLE, root / "process", ignore=shutil.ignore_patterns("__pycache__"))
    pipeline = {"process_code": "process", "accepted_types": ["xlsx"], "protect_data": False}
    config = {"config": {"silent-scalper:pipeline": pipeline}}
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    with deployed(root=root) as deployment:
        yield Pipeline(deployment, tmp_path_factory.mktemp("files"))


def test_deployed_with_its_packages_it_accepts_and_refuses(running: Pipeline) -> None:
    good = running.drop("in/good.xlsx", GOOD)
    bad = running.drop("bad.xlsx", workbook([["a"], [1, 2]]), "QUARANTINED", "ROW_TOO_LONG")
    plain = running.drop("plain.xlsx", b"id\n1\n", "QUARANTINED", "NO_WORKBOOK")
    for upload in (good, bad, plain):
        assert running.problems_of(running.fate_of(upload)) == []
    assert running.item_of(running.fate_of(good))["result"] == {"sheets": 2, "rows": 4}


def test_every_package_is_pinned_and_there_are_no_others(running: Pipeline) -> None:
    """Or a preview would say that another day may bring others."""
    assert not [note for note in running.deployment.notes if "names no single version" in note]


def test_nothing_but_the_example_lies_in_its_folder() -> None:
    assert read_source(EXAMPLE).names == {"main.py", "requirements.txt"}


def test_the_path_of_the_example_is_what_the_documents_say() -> None:
    for document in ("README.md", "docs/your-code.md"):
        assert "examples/workbook" in (ROOT / document).read_text()
    assert (Path(EXAMPLE) / "main.py").is_file()
