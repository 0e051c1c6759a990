"""One version, everywhere; and whoever has too old a Pulumi is told which one is needed."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import settings

from components import versions
from tests.packaging.installed import ROOT, Installed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def pinned(package: str) -> str:
    (found,) = re.findall(rf"^{package}==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M)
    return str(found)


def test_an_installed_package_has_the_version_of_the_code(installed: Installed) -> None:
    program = (
        "import json, importlib.metadata as m; from silent_scalper import versions;"
        "print(json.dumps([m.version('silent-scalper'), versions.VERSION]))"
    )
    assert installed.answer(program) == [versions.VERSION] * 2


def test_the_version_is_written_once() -> None:
    assert "version" not in PROJECT["project"]
    assert versions.VERSION not in (ROOT / "components" / "__main__.py").read_text()


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == versions.VERSION


def test_whoever_copies_a_line_gets_this_version() -> None:
    texts = [path.read_text() for path in (ROOT / "docs").glob("*.md")]
    texts += [path.read_text() for path in (ROOT / "examples").glob("*/[Pr]*.*")]
    texts.append((ROOT / "components" / "README.md").read_text())
    named = re.findall(r"silent-scalper(?:/components)?@v([\d.]+\d)", "\n".join(texts))
    assert len(named) == 12
    assert set(named) == {versions.VERSION}


def test_the_oldest_versions_are_those_that_pip_and_the_cli_are_told() -> None:
    told = dict(one.split(">=") for one in PROJECT["project"]["dependencies"])
    assert {name: rest.split(",")[0] for name, rest in told.items()} == versions.OLDEST
    program = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert program["requiredPulumiVersion"] == f">={versions.OLDEST['pulumi']}"


@pytest.mark.parametrize(
    "document", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=lambda path: path.name
)
def test_the_documents_name_no_other_cli(document: Path) -> None:
    named = set(re.findall(r"\b3\.\d{3}(?:\.\d+)?\b", document.read_text()))
    oldest = versions.OLDEST["pulumi"]
    assert named <= {oldest, oldest.removesuffix(".0")}


def test_the_workflows_run_the_cli_of_the_pinned_package() -> None:
    run = [re.findall(r"pulumi-version: (\S+)", path.read_text()) for path in WORKFLOWS]
    assert {version for found in run for version in found} == {pinned("pulumi")}


PINNED = {
    package: version
    for name in ("requirements.txt", "requirements-dev.txt")
    for package, version in re.findall(r"^([\w-]+)==(\S+)$", (ROOT / name).read_text(), re.M)
}
"""What an example needs and the project does not is its own to pin."""


@pytest.mark.parametrize("requirements", sorted(ROOT.glob("examples/*/requirements.txt")), ids=str)
def test_the_examples_pin_what_the_project_pins(requirements: Path) -> None:
    for package, version in re.findall(r"^([\w-]+)==(\S+)$", requirements.read_text(), re.M):
        assert version == PINNED.get(package, version)


@pytest.mark.parametrize("found", ["3.218.9", "3.9.0", "2.300.1"])
def test_an_old_package_is_named_with_the_version_that_is_needed(
    monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    monkeypatch.setattr(versions, "version", {"pulumi": found, "pulumi-aws": "7.51.1"}.get)
    needed = re.escape(
        f"needs pulumi 3.219.0 or newer, below 4 (found {found}); "
        "run: pip install --upgrade 'pulumi>=3.219.0,<4'"
    )
    with pytest.raises(ImportError, match=needed):
        versions.require_packages()


def test_an_old_provider_is_named_with_the_version_that_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(versions, "version", {"pulumi": "3.219.0", "pulumi-aws": "7.24.9"}.get)
    needed = re.escape("needs pulumi-aws 7.25.0 or newer, below 8 (found 7.24.9); run: pip install")
    with pytest.raises(ImportError, match=needed):
        versions.require_packages()


@pytest.mark.parametrize("found", ["3.219.0", "3.300.0rc1", "3.219.0+dirty"])
def test_a_package_that_is_new_enough_is_taken(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    monkeypatch.setattr(versions, "version", {"pulumi": found, "pulumi-aws": "7.25.0"}.get)
    versions.require_packages()


class Engine:
    """The part of the engine that knows its version."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802 - named by the engine
        self.asked.append(request.pulumi_version_range)


def test_a_cli_that_is_new_enough_is_asked_and_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    monkeypatch.setattr(settings, "get_engine", lambda: engine)
    versions.require_cli()
    assert engine.asked == [">=3.219.0"]


def test_an_old_cli_is_told_which_version_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(wanted: str) -> None:
        raise Exception(f"Pulumi CLI version 3.100.0 does not satisfy {wanted}")

    monkeypatch.setattr(settings, "get_engine", Engine)
    monkeypatch.setattr(pulumi, "require_pulumi_version", refuse)
    with pytest.raises(RuntimeError, match=r"needs the Pulumi CLI 3\.219\.0 or newer \(.*3\.100"):
        versions.require_cli()
