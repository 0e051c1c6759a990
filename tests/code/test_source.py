"""Folders and .zips as people have them: links, odd names, archives of other tools."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from silent_scalper_code.errors import CodeError
from silent_scalper_code.source import Source, from_folder, from_list, read_source

from .made import MAIN, files, folder


def names(source: Source) -> list[str]:
    return [file.name for file in source.files]


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def zipped(path: Path, entries: dict[str | zipfile.ZipInfo, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in entries.items():
            archive.writestr(entry, text)
    return path


def test_a_linked_folder_and_a_linked_file_are_packed_with_what_they_lead_to(
    tmp_path: Path,
) -> None:
    shared = folder(tmp_path / "shared", {"rules.py": "RULES = 1\n"})
    code = folder(tmp_path / "code", {"main.py": MAIN})
    (code / "common").symlink_to(shared, target_is_directory=True)
    (code / "again.py").symlink_to(code / "main.py")
    found = from_folder(code)
    assert names(found) == ["again.py", "common/rules.py", "main.py"]
    assert found.files[0].read().decode() == MAIN


@pytest.mark.parametrize(
    ("target", "told"),
    [("nowhere", r"'lost' is a link to 'nowhere', which is not there"), (".", "'lost' is a link")],
)
def test_a_link_that_leads_nowhere_or_back_is_refused_by_name(
    tmp_path: Path, target: str, told: str
) -> None:
    code = folder(tmp_path / "code", {"main.py": MAIN})
    (code / "lost").symlink_to(target)
    with pytest.raises(CodeError, match=told):
        from_folder(code)


@pytest.mark.parametrize("name", [b"caf\xe9.py", b"a\nb.py", b"a\\b.py", b"\x7f.txt"])
def test_a_name_that_no_zip_or_no_lambda_can_hold_is_refused(tmp_path: Path, name: bytes) -> None:
    code = folder(tmp_path / "code", {"main.py": MAIN})
    Path(os.fsdecode(os.fsencode(code) + b"/" + name)).write_text("")
    with pytest.raises(CodeError, match="rename the file"):
        from_folder(code)


def test_names_of_every_script_are_packed(tmp_path: Path) -> None:
    odd = "Größe/価格表 ✓ (final) 100%.csv"
    assert odd in names(from_folder(folder(tmp_path, {"main.py": MAIN, odd: "a"})))


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    code = folder(tmp_path / "code", {"main.py": MAIN})
    os.mkfifo(code / "pipe")
    with pytest.raises(CodeError, match="'pipe' is neither a file nor a folder"):
        from_folder(code)


def test_a_zip_of_another_tool_is_read_with_its_links_followed(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "CODE.ZIP",
        {
            "main.py": MAIN,
            "real/a.py": "A = 1\n",
            link("alias"): "real",
            link("other.py"): "./main.py",
            "__pycache__/main.cpython-312.pyc": "",
            ".env": "SECRET=1",
        },
    )
    found = read_source(path)
    assert names(found) == ["alias/a.py", "main.py", "other.py", "real/a.py"]
    assert found.files[2].read().decode() == MAIN
    assert found.left_out == [".env", "__pycache__/main.cpython-312.pyc"]


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"../evil.py": ""}, "leads out of the archive"),
        ({"/etc/evil.py": ""}, "leads out of the archive"),
        ({"C:/evil.py": ""}, "leads out of the archive"),
        ({"lib\\a.py": ""}, "control character"),
        ({link("a"): "/etc/passwd"}, "lead to no file of it"),
        ({link("a"): "../../x"}, "lead to no file of it"),
    ],
)
def test_a_zip_that_leads_out_of_itself_is_refused(
    tmp_path: Path, entries: dict[str | zipfile.ZipInfo, str], told: str
) -> None:
    path = zipped(tmp_path / "code.zip", {"main.py": MAIN, **entries})
    with pytest.raises(CodeError, match=told):
        read_source(path)


def test_a_zip_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main.py", MAIN)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("main.py", "other")
    with pytest.raises(CodeError, match=r"main\.py is in the \.zip more than once"):
        read_source(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_what_only_ends_like_a_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(content)
    with pytest.raises(CodeError, match=r"is not a \.zip that can be read"):
        read_source(path)


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main.py", MAIN)
        for number in range(26):
            archive.writestr(f"zeros-{number}", bytes(10 * 2**20))
    with pytest.raises(CodeError, match=r"unpacks to 260\.0 MB; Lambda takes 250 MB"):
        read_source(path)


def test_a_list_of_files_is_packed_as_it_is_listed() -> None:
    assert names(from_list(files({"main.py": MAIN, ".env": "A=1"}))) == [".env", "main.py"]
    with pytest.raises(CodeError, match="leads out of the archive"):
        from_list(files({"../main.py": MAIN}))


def test_a_zip_with_a_password_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main.py", MAIN)
    content = bytearray(path.read_bytes())
    # The bit of encryption, as the format has it: before the file, and in the list at the end.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(CodeError, match=r"main\.py. is encrypted; make the \.zip without"):
        read_source(path)
