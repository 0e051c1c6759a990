"""What is left out of a folder, as git would decide it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from silent_scalper_code.ignored import Ignored, rules_of
from silent_scalper_code.source import from_folder

from .made import MAIN, folder

NAMES = [
    "a.log", "keep.log", "lib/a.log", "build/x.py", "lib/build/x.py", "docs/a.txt", "docs/b/a.txt",
    "lib/docs/a.txt", "x/y/z.py", "x/z.py", "x/q/r/z.py", "data/one.csv", "data/sub/two.csv",
    "file1.py", "file2.py", "filea.py", "#odd", "!odd", "trailing ", "deep/a/b/c.py", "foo",
    "lib/foo",
]  # fmt: skip

PATTERNS = [
    "*.log\n!keep.log", "build/", "/build", "docs/*.txt", "x/**/z.py", "data/**", "file[0-9].py",
    "file[!0-9].py", "\\#odd", "\\!odd", "trailing\\ ", "**/foo", "foo/", "deep/", "# a comment",
    "*.py\n!x/\n!x/z.py", "lib/\n!lib/foo", "file?.py", "/*\n!/x", "**/docs", "a.lo[g]", "[", "x/",
]  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here to compare with")
@pytest.mark.parametrize("text", PATTERNS)
def test_a_gitignore_names_what_git_takes_it_to_name(tmp_path: Path, text: str) -> None:
    place = folder(tmp_path / "code", dict.fromkeys(NAMES, "x"))
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    (place / ".git" / "info" / "exclude").write_text(text + "\n")
    answer = subprocess.run(
        ["git", "-C", str(place), "-c", "core.quotePath=false", "ls-files", "--others",
         "--exclude-standard", "-z"],
        capture_output=True, check=True,
    )  # fmt: skip
    kept_by_git = {name for name in answer.stdout.decode().split("\0") if name}
    ignored = Ignored(rules_of(text))
    assert {name for name in NAMES if not ignored.leaves_out_path(name)} == kept_by_git


def test_secrets_histories_environments_and_caches_are_left_out_and_told(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        {
            "main.py": MAIN,
            ".env": "PASSWORD=x",
            ".env.local": "PASSWORD=x",
            ".git/config": "",
            "node_modules/a/index.js": "",
            "lib/__pycache__/a.cpython-312.pyc": "",
            "lib/a.py": "",
            "my-environment/pyvenv.cfg": "home = /usr/bin",
            "my-environment/lib/x.py": "",
        },
    )
    found = from_folder(place)
    assert [file.name for file in found.files] == ["lib/a.py", "main.py"]
    assert found.left_out == [
        ".env", ".env.local", ".git/", "lib/__pycache__/", "my-environment/", "node_modules/"
    ]  # fmt: skip


def test_every_gitignore_counts_where_it_lies(tmp_path: Path) -> None:
    names = {"main.py": MAIN, "a.csv": "", "lib/a.csv": "", "lib/b.csv": "", "lib/in/b.csv": ""}
    place = folder(tmp_path, {**names, ".gitignore": "/a.csv\n", "lib/.gitignore": "b.csv\n"})
    assert [file.name for file in from_folder(place).files] == ["lib/a.csv", "main.py"]


def test_a_scalperignore_decides_alone_and_may_bring_back_what_is_always_left_out(
    tmp_path: Path,
) -> None:
    place = folder(
        tmp_path,
        {
            "main.py": MAIN,
            "built/x.py": "",
            "notes.md": "",
            ".env": "",
            ".gitignore": "built/\n",
            ".scalperignore": "*.md\n!.env\n",
        },
    )
    assert [file.name for file in from_folder(place).files] == [".env", "built/x.py", "main.py"]
