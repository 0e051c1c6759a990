"""Requirements become packages for Lambda: by the user's own pip or uv, once, and the same."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from silent_scalper_code import resolving
from silent_scalper_code.errors import CodeError
from silent_scalper_code.installed import packages_in
from silent_scalper_code.requirements import Requirements, requirements_in
from silent_scalper_code.resolving import resolved
from silent_scalper_code.target import Target

from .made import ARM, LAMBDA, X86, elf, folder, wheel

ON_X86 = Target(architecture="x86_64")
TAGS = {ARM: "cp312-cp312-manylinux_2_28_aarch64", X86: "cp312-cp312-manylinux2014_x86_64"}


def asked(path: Path, text: str, **more: str) -> Requirements:
    found = requirements_in(folder(path, {"requirements.txt": text, **more}))
    assert found is not None
    return found


def installed(place: Path) -> list[str]:
    return [package.requirement for package in packages_in(place)]


def fingerprint(place: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(place.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


@pytest.fixture(params=["pip", "uv"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "uv":
        beside = Path(sys.executable).parent
        if not shutil.which("uv", path=f"{beside}{os.pathsep}{os.environ['PATH']}"):
            pytest.skip("uv is not here: resolving with it was NOT TESTED")
        monkeypatch.setenv("PATH", f"{beside}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(resolving, "find_spec", lambda name: None)
    return str(request.param)


@pytest.fixture
def compiled(index: Path) -> Path:
    """An index with a package that is compiled for both architectures, and one that needs it."""
    for machine, tag in TAGS.items():
        wheel(index, "fast", "1.0", tag, content={"fast/core.abi3.so": elf(machine)})
    wheel(index, "user", "2.0", requires=("fast>=1",), commands={"use": "user:main"})
    return index


def test_packages_are_those_of_the_target_and_not_of_this_machine(
    tool: str, compiled: Path, tmp_path: Path
) -> None:
    requirements = asked(tmp_path / "code", "user==2.0\n")
    for target, machine in ((LAMBDA, ARM), (ON_X86, X86)):
        place = resolved(requirements, target)
        assert installed(place) == ["fast==1.0", "user==2.0"]
        assert (place / "fast" / "core.abi3.so").read_bytes() == elf(machine)


def test_nothing_in_the_folder_tells_who_resolved_it_and_where(
    tool: str, compiled: Path, tmp_path: Path
) -> None:
    place = resolved(asked(tmp_path / "code", "user==2.0\n"), LAMBDA)
    names = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert names == {
        "fast/core.abi3.so",
        "fast-1.0.dist-info/METADATA", "fast-1.0.dist-info/RECORD", "fast-1.0.dist-info/WHEEL",
        "user/__init__.py",
        "user-2.0.dist-info/METADATA", "user-2.0.dist-info/RECORD", "user-2.0.dist-info/WHEEL",
        "user-2.0.dist-info/entry_points.txt",
    }  # fmt: skip


def test_pip_and_uv_bring_the_same_files(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = Path(sys.executable).parent
    if not shutil.which("uv", path=str(beside)):
        pytest.skip("uv is not here: that it brings the same was NOT TESTED")
    requirements = asked(tmp_path / "code", "user==2.0\n")
    by_pip = fingerprint(resolved(requirements, LAMBDA))
    monkeypatch.setenv("SILENT_SCALPER_CACHE", str(tmp_path / "other"))
    monkeypatch.setenv("PATH", f"{beside}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(resolving, "find_spec", lambda name: None)
    assert fingerprint(resolved(requirements, LAMBDA)) == by_pip


def test_conditions_are_about_lambda_whatever_python_resolves(
    tool: str, index: Path, tmp_path: Path
) -> None:
    wheel(index, "wanted")
    wheel(index, "unwanted")
    version = "3.13" if sys.version_info[:2] == (3, 12) else "3.12"
    target = Target(python=(3, int(version[2:])))
    text = (
        f"wanted; python_version == '{version}'\n"
        f"unwanted; python_version != '{version}'\n"
        "unwanted; platform_machine != 'aarch64'\n"
        "unwanted; sys_platform != 'linux'\n"
    )
    assert installed(resolved(asked(tmp_path, text), target)) == ["wanted==1.0"]


def test_what_was_resolved_once_needs_nobody_again(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    first = resolved(asked(tmp_path / "code", "user==2.0\n"), LAMBDA, said.append)
    assert said == ["resolving requirements.txt for Lambda (Python 3.12, arm64)"]

    def nobody(*args: Any, **kwargs: Any) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(subprocess, "run", nobody)
    # The same text elsewhere on this machine.
    again = resolved(asked(tmp_path / "other", "# pinned\nuser==2.0"), LAMBDA, said.append)
    assert (again, len(said)) == (first, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"requirements.txt": "-r base.txt\n", "base.txt": "user==2.0  # changed\nfast==1.0\n"},
        {"requirements.txt": "user==2.0\n-c limits.txt\n", "limits.txt": "fast<3\n"},
        {"requirements.txt": "user>=2\n"},
    ],
)
def test_another_text_also_of_a_file_that_is_named_is_resolved_anew(
    tmp_path: Path, other: dict[str, str]
) -> None:
    before = {"base.txt": "user==2.0\n", "limits.txt": "fast<2\n", "requirements.txt": ""}
    same = {**before, **{name: text for name, text in other.items() if name == "requirements.txt"}}
    first = requirements_in(folder(tmp_path / "1", same))
    second = requirements_in(folder(tmp_path / "2", {**before, **other}))
    assert second is not None
    if first is not None and same != {**before, **other}:
        assert first.digest != second.digest
    plain = requirements_in(folder(tmp_path / "3", {"requirements.txt": "user==2.0\n"}))
    assert plain is not None
    assert plain.digest != second.digest


def test_a_wheel_of_this_machine_that_is_built_anew_is_resolved_anew(tmp_path: Path) -> None:
    place = folder(tmp_path / "code", {"requirements.txt": "./wheels/own-1.0-py3-none-any.whl\n"})
    digests = set()
    for text in ("OLD", "NEW"):
        wheel(place / "wheels", "own", content={"own.py": text})
        found = requirements_in(place)
        assert found is not None
        digests.add(found.digest)
        assert (resolved(found, LAMBDA) / "own.py").read_text() == text
    assert len(digests) == 2


@pytest.mark.parametrize("right", [True, False])
def test_where_the_file_has_hashes_they_are_checked(
    tool: str, index: Path, tmp_path: Path, right: bool
) -> None:
    made = wheel(index, "wanted")
    digest = hashlib.sha256(made.read_bytes() if right else b"").hexdigest()
    requirements = asked(tmp_path / "code", f"wanted==1.0 \\\n    --hash=sha256:{digest}\n")
    assert requirements.pinned == {"wanted"}
    if right:
        assert installed(resolved(requirements, LAMBDA)) == ["wanted==1.0"]
    else:
        with pytest.raises(CodeError, match=r"(?is)cannot be resolved.*hash"):
            resolved(requirements, LAMBDA)


def test_without_a_wheel_for_lambda_the_error_says_so_and_nothing_is_kept(
    tool: str, index: Path, cache: Path, tmp_path: Path
) -> None:
    wheel(index, "fast", tag=TAGS[X86])
    with pytest.raises(CodeError, match=r"(?s)cannot be resolved for Lambda.*fast"):
        resolved(asked(tmp_path / "code", "fast\n"), LAMBDA)
    assert list((cache / "packages").iterdir()) == []


def test_nothing_is_built_so_no_code_of_a_package_runs_on_this_machine(
    tool: str, index: Path, tmp_path: Path
) -> None:
    evidence = tmp_path / "evidence"
    source = folder(
        tmp_path / "evil-1.0",
        {"setup.py": f"open({str(evidence)!r}, 'w')", "PKG-INFO": "Name: evil\nVersion: 1.0\n"},
    )
    shutil.make_archive(str(index / "evil-1.0"), "gztar", tmp_path, source.name)
    with pytest.raises(CodeError, match="cannot be resolved"):
        resolved(asked(tmp_path / "code", "evil\n"), LAMBDA)
    assert not evidence.exists()


def test_without_network_and_without_cache_the_error_says_what_is_needed(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    # Nobody listens on this port of this machine; a password is never told.
    unreachable = "http://user:hush@127.0.0.1:9/simple"
    monkeypatch.setenv("PIP_INDEX_URL", unreachable)
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", unreachable)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(CodeError) as caught:
        resolved(asked(tmp_path / "code", "anything==1.0\n"), LAMBDA)
    told = str(caught.value)
    assert f"The index that {tool} is set up for cannot be reached" in told
    assert "preview once with the network" in told
    assert "SILENT_SCALPER_CACHE" in told
    assert "hush" not in told


def test_without_pip_and_uv_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CodeError, match="pip or uv is needed"):
        resolved(asked(tmp_path / "code", "anything\n"), LAMBDA)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "--index-url https://example.com\n"])
def test_a_file_that_asks_for_nothing_is_no_requirement(tmp_path: Path, text: str) -> None:
    assert requirements_in(folder(tmp_path, {"requirements.txt": text})) is None


def test_dependencies_of_a_pyproject_are_requirements_too(index: Path, tmp_path: Path) -> None:
    wheel(index, "wanted")
    project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["wanted>=1"]\n'
    requirements = requirements_in(folder(tmp_path / "code", {"pyproject.toml": project}))
    assert requirements is not None
    assert requirements.origin == "pyproject.toml"
    assert installed(resolved(requirements, LAMBDA)) == ["wanted==1.0"]
    tools = {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}
    assert requirements_in(folder(tmp_path / "tools", tools)) is None
    dynamic = {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'}
    with pytest.raises(CodeError, match="write a requirements"):
        requirements_in(folder(tmp_path / "dynamic", dynamic))
    with pytest.raises(CodeError, match="cannot be read"):
        requirements_in(folder(tmp_path / "broken", {"pyproject.toml": "["}))
