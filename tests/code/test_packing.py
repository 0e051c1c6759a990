"""One archive of all: reproducible, complete, refused before it is deployed."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from silent_scalper_code import cache as kept_on_this_machine
from silent_scalper_code.errors import CodeError
from silent_scalper_code.packing import Packed, Wanted, pack
from silent_scalper_code.source import from_folder, read_source
from silent_scalper_code.target import Target
from silent_scalper_code.zipping import stored_bytes, write_zip
from tests.pythons import interpreter

from .made import ARM, LAMBDA, MAIN, X86, elf, files, folder, wheel

ROOT = Path(__file__).resolve().parents[2]
Code = dict[str, str | bytes]
WANTED = Wanted("main.process", LAMBDA)

PACKED_ELSEWHERE = """
import sys
from pathlib import Path
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from silent_scalper_code.packing import Wanted, pack
from silent_scalper_code.source import from_folder
from silent_scalper_code.target import Target
folder = Path(sys.argv[2])
ours = {"silent_scalper/processor.py": folder / "main.py"}
print(pack(from_folder(folder), ours, Wanted("main.process", Target())).path)
"""
"""Run by a Python that need not have Pulumi: the packing needs nothing but the library."""


def packed(path: Path, files: Mapping[str, str | bytes], wanted: Wanted = WANTED) -> Packed:
    ours = folder(path.parent / "ours", {"processor.py": "# ours\n"})
    source = from_folder(folder(path, files))
    return pack(source, {"silent_scalper/processor.py": ours / "processor.py"}, wanted)


def modes(path: Path) -> dict[str, int]:
    with zipfile.ZipFile(path) as archive:
        return {it.filename: it.external_attr >> 16 & 0o777 for it in archive.infolist()}


def test_the_archive_holds_ours_the_users_and_the_packages_apart(
    index: Path, tmp_path: Path
) -> None:
    wheel(index, "wanted")
    found = packed(tmp_path / "code", {"main.py": MAIN, "requirements.txt": "wanted==1.0\n"})
    assert modes(found.path) == dict.fromkeys(
        [
            "silent_scalper/processor.py",
            "process/main.py",
            "process/requirements.txt",
            "packages/wanted/__init__.py",
            "packages/wanted-1.0.dist-info/METADATA",
            "packages/wanted-1.0.dist-info/RECORD",
            "packages/wanted-1.0.dist-info/WHEEL",
        ],
        0o644,
    )


def test_scripts_and_binaries_can_be_started_whatever_mode_they_have_here(tmp_path: Path) -> None:
    code: Code = {"main.py": MAIN, "bin/scan": "#!/bin/sh\n", "bin/tool": elf(ARM), "a.txt": "x"}
    first = packed(tmp_path / "code", code)
    (tmp_path / "code" / "bin" / "scan").chmod(0o755)
    (tmp_path / "code" / "a.txt").chmod(0o777)
    assert packed(tmp_path / "code", {}).path == first.path
    assert {name: mode for name, mode in modes(first.path).items() if "main" not in name} == {
        "silent_scalper/processor.py": 0o644,
        "process/bin/scan": 0o755,
        "process/bin/tool": 0o755,
        "process/a.txt": 0o644,
    }


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_on_another_machine_makes_the_same_archive(
    index: Path, tmp_path: Path, version: str
) -> None:
    """Another home, another cache, other times, modes and order of the files."""
    wheel(index, "wanted", requires=('typing-backport; python_version < "3.12"',))
    code: Code = {
        "main.py": MAIN,
        "requirements.txt": "wanted==1.0\n",
        "data/a.bin": bytes(range(256)) * 100,
        "bin/scan": "#!/bin/sh\n",
    }
    hashes = set()
    for number, python in enumerate([sys.executable, interpreter(version)]):
        home = tmp_path / f"home of {number}"
        place = folder(home / "code", dict(sorted(code.items(), reverse=bool(number))))
        for path in place.rglob("*.*"):
            path.chmod(0o600 if number else 0o775)
            os.utime(path, (number, number))
        ran = subprocess.run(
            [python, "-c", PACKED_ELSEWHERE, str(ROOT), str(place)],
            env={**os.environ, "SILENT_SCALPER_CACHE": str(home / "cache"), "HOME": str(home)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        hashes.add(hashlib.sha256(Path(ran.stdout.strip()).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_an_unchanged_folder_is_not_looked_into_again_and_a_changed_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = packed(tmp_path / "code", {"main.py": MAIN, "a.txt": "1"})
    with monkeypatch.context() as patched:
        patched.setattr(
            "silent_scalper_code.packing.entry_problems", lambda *_: pytest.fail("again")
        )
        assert packed(tmp_path / "code", {}) == first
    changes: list[dict[str, str | bytes]] = [{"a.txt": "2"}, {"b.txt": ""}, {"main.py": MAIN + "#"}]
    paths = {packed(tmp_path / "code", change).path for change in changes}
    assert len(paths | {first.path}) == 4
    for wanted in (
        Wanted("main.process", Target(architecture="x86_64")),
        Wanted("main.process", Target(python=(3, 13))),
        Wanted("main.process", LAMBDA, has_layers=True),
    ):
        paths.add(packed(tmp_path / "code", {}, wanted).path)
    assert len(paths | {first.path}) == 7


def test_every_problem_is_told_at_once_and_nothing_is_kept(tmp_path: Path, cache: Path) -> None:
    code: Code = {"main.py": "import nowhere\n", "email.py": "", "bin/tool": elf(X86)}
    with pytest.raises(CodeError) as caught:
        packed(tmp_path / "code", code)
    told = caught.value.sentences
    assert len(told) == 4
    for part in ("email.py has the name", "for x86-64", "imports nowhere", "has no process(file)"):
        assert any(part in sentence for sentence in told)
    assert list((cache / "archives").iterdir()) == []


def test_what_is_left_out_is_told_each_time(tmp_path: Path) -> None:
    code = {"main.py": MAIN, ".env": "", "a/__pycache__/x.pyc": "", "b/__pycache__/y.pyc": ""}
    for _ in range(2):
        (note,) = packed(tmp_path / "code", code).notes
        assert note == "left out of the archive: .env, __pycache__/ (2)"


def test_packages_without_a_single_version_are_told(index: Path, tmp_path: Path) -> None:
    for name in ("pinned", "loose", "deep"):
        wheel(index, name, requires=("deep",) if name == "loose" else ())
    code = {"main.py": MAIN, "requirements.txt": "pinned==1.0\nloose\n"}
    (note,) = packed(tmp_path / "code", code).notes
    assert "requirements.txt names no single version of deep, loose: another machine" in note


def test_the_requirements_of_a_zip_are_taken_as_brought_along_and_that_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("main.py", MAIN)
        archive.writestr("requirements.txt", "nowhere==1.0\n")
    (note,) = pack(read_source(path), {}, WANTED).notes
    assert "is not resolved: such code is taken as complete" in note


def test_packages_that_lie_beside_the_code_are_not_judged_as_if_they_were_the_users(
    tmp_path: Path,
) -> None:
    code = {
        "main.py": f"import legacy\n{MAIN}",
        "legacy/__init__.py": "from . import python2\nimport something_optional\n",
        "legacy/python2.py": "print 'hello'\n",
        "legacy-1.dist-info/METADATA": "Name: legacy\nVersion: 1\n",
        "legacy-1.dist-info/RECORD": "legacy/__init__.py,,\nlegacy/python2.py,,\n",
    }
    assert packed(tmp_path / "code", code).notes == ()


def test_what_fits_is_stored_and_what_would_not_is_compressed(tmp_path: Path) -> None:
    small, large = tmp_path / "small.zip", tmp_path / "large.zip"
    write_zip(small, files({"a": bytes(1000)}))
    write_zip(large, files({"a": bytes(1000), "b": bytes(50 * 2**20)}))
    assert small.stat().st_size == stored_bytes(files({"a": bytes(1000)})) == 1000 + 22 + 76 + 2
    assert large.stat().st_size < 100_000


def test_a_cache_forgets_what_nobody_used_for_two_months(cache: Path, tmp_path: Path) -> None:
    old = packed(tmp_path / "old", {"main.py": MAIN}).path.parent
    used = packed(tmp_path / "used", {"main.py": MAIN + "#"}).path.parent
    for path in (old, used):
        os.utime(path, (0, 0))
    packed(tmp_path / "used", {})
    packed(tmp_path / "new", {"main.py": MAIN + "##"})
    assert not old.exists()
    assert used.exists()


def test_two_that_keep_the_same_at_once_both_find_it(cache: Path) -> None:
    with kept_on_this_machine.keeping("packages/x") as mine:
        with kept_on_this_machine.keeping("packages/x") as theirs:
            (theirs / "a").write_text("1")
        (mine / "a").write_text("1")
    assert (cache / "packages" / "x" / "a").read_text() == "1"
    shutil.rmtree(cache)
    with pytest.raises(ZeroDivisionError), kept_on_this_machine.keeping("packages/x"):
        raise ZeroDivisionError
    assert list((cache / "packages").iterdir()) == []
