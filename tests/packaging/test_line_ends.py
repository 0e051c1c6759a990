"""Line ends are the same on every machine: another byte would be another code hash."""

import subprocess
from pathlib import Path

import pytest

from components import archive
from local.resources.archives import zipped
from tests.packaging.installed import ROOT, run

AS_ON_WINDOWS = ("-c", "core.autocrlf=true", "-c", "core.eol=crlf")


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git clone` lays down where git is set up to write CRLF."""
    folder = tmp_path_factory.mktemp("crlf") / "clone"
    source = f"file://{repository}"
    run("git", *AS_ON_WINDOWS, "clone", "--quiet", source, folder, cwd=folder.parent)
    return folder


def test_a_clone_that_asks_for_crlf_deploys_the_same_code(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [zipped(archive.handler_code()), zipped(archive.checker_code())]
    monkeypatch.setattr(archive, "_HERE", clone / "components")
    assert [zipped(archive.handler_code()), zipped(archive.checker_code())] == here


def test_no_text_of_that_clone_has_another_line_end(clone: Path, repository: Path) -> None:
    """Scripts would not start, and what `process` deploys is among it."""
    names = run("git", "ls-files", "-z", cwd=repository).split("\0")[:-1]
    assert "examples/process/main.py" in names
    changed = [
        name for name in names if (clone / name).read_bytes() != (repository / name).read_bytes()
    ]
    assert changed == []


def test_every_file_is_committed_with_lf() -> None:
    listed = run("git", "ls-files", "--eol", cwd=ROOT).splitlines()
    with_cr = [line for line in listed if line.split()[0] in ("i/crlf", "i/mixed")]
    assert with_cr == []


def test_a_file_of_bytes_is_left_as_it_is(clone: Path) -> None:
    attributes = subprocess.run(
        ["git", "check-attr", "text", "--", "a.zip", "a.png", "a.whl"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.rpartition(": ")[2] for line in attributes.stdout.splitlines()] == ["unset"] * 3
