"""Only a tag of main that somebody of the list has signed, with its changelog, is released."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.installed import ROOT, run
from tests.workflows.conftest import Job

STEP = ("release", "check", "Stop unless the tag may be released")

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None,
    reason="no ssh-keygen: that only signed tags are released was NOT TESTED",
)


def new_key(folder: Path, name: str) -> Path:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name, cwd=folder)
    return folder / name


@dataclass
class Clone:
    """A clone of a repository whose main is version 1.2.3, and who may release it."""

    job: Job
    signers: str
    key: Path

    @property
    def folder(self) -> Path:
        return self.job.folder

    def git(self, *arguments: str | Path) -> str:
        author = ("-c", "user.name=You", "-c", "user.email=you@example.com")
        return run("git", *author, *arguments, cwd=self.folder)

    def tag(self, key: Path | None) -> None:
        """Tag what is checked out, sign the tag if there is a key, and push it."""
        signed = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "tag", "-s")
        self.git(*(signed if key else ("tag",)), *(("-m", "1.2.3") if key else ()), "v1.2.3")
        self.git("push", "--quiet", "origin", "v1.2.3")

    def commit(self, *, push: bool = True) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message=More")
        if push:
            self.git("push", "--quiet", "origin", "main")

    def checked(self, signers: str | None = None) -> "subprocess.CompletedProcess[str]":
        runner = self.job.runner()
        given = {"vars.RELEASE_SIGNERS": self.signers if signers is None else signers}
        expressions = {**runner.expressions, **given}
        return type(runner)(runner.folder, expressions, runner.environment).step(*STEP)


@pytest.fixture
def clone(job: Job, tmp_path: Path) -> Clone:
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", "origin.git", cwd=tmp_path)
    key = new_key(tmp_path, "you")
    public = key.with_suffix(".pub").read_text()
    cloned = Clone(job, f"you@example.com {public}", key)
    cloned.git("init", "--quiet", "--initial-branch=main")
    cloned.git("remote", "add", "origin", tmp_path / "origin.git")
    (job.folder / "components").mkdir()
    (job.folder / "components" / "versions.py").write_text('VERSION = "1.2.3"\n')
    (job.folder / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 1.2.3 (2026-11-30)\n\n- News.\n\n## 1.2.2 (2026-11-01)\n\n- Olds.\n"
    )
    cloned.commit()
    return cloned


def test_a_signed_tag_of_main_with_its_changelog_may_be_released(clone: Clone) -> None:
    clone.tag(clone.key)
    done = clone.checked()
    assert done.returncode == 0, done.stderr


def test_a_tag_that_a_checkout_left_as_a_bare_commit_is_fetched_again(clone: Clone) -> None:
    clone.tag(clone.key)
    clone.git("tag", "--force", "v1.2.3", "v1.2.3^{commit}")
    assert clone.checked().returncode == 0


def test_a_tag_without_a_signature_is_refused(clone: Clone) -> None:
    clone.tag(None)
    done = clone.checked()
    assert done.returncode == 2
    assert "git tag -s v1.2.3" in done.stderr


def test_a_signature_of_somebody_else_is_refused(clone: Clone, tmp_path: Path) -> None:
    clone.tag(new_key(tmp_path, "stranger"))
    done = clone.checked()
    assert done.returncode == 2
    assert "is not signed by a key of RELEASE_SIGNERS" in done.stderr


def test_a_key_of_the_list_that_signs_for_another_purpose_is_refused(clone: Clone) -> None:
    clone.tag(clone.key)
    signers = clone.signers.replace(" ssh-ed25519", ' namespaces="file" ssh-ed25519')
    assert clone.checked(signers).returncode == 2


def test_a_list_in_the_repositorys_own_settings_of_git_has_no_say(
    clone: Clone, tmp_path: Path
) -> None:
    stranger = new_key(tmp_path, "stranger")
    (tmp_path / "theirs").write_text(f"you@example.com {stranger.with_suffix('.pub').read_text()}")
    clone.git("config", "gpg.ssh.allowedSignersFile", tmp_path / "theirs")
    clone.tag(stranger)
    assert clone.checked().returncode == 2


def test_a_repository_without_a_list_releases_nothing(clone: Clone) -> None:
    clone.tag(clone.key)
    done = clone.checked("  ")
    assert done.returncode == 2
    assert "the variable RELEASE_SIGNERS is empty" in done.stderr


def test_a_tag_that_is_not_on_main_is_refused(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "-b", "aside")
    (clone.folder / "more").touch()
    clone.commit(push=False)
    clone.tag(clone.key)
    done = clone.checked()
    assert done.returncode == 2
    assert "is not on main" in done.stderr


@pytest.mark.parametrize(
    ("file", "was", "now", "complaint"),
    [
        ("components/versions.py", "1.2.3", "1.2.4", "not the version of components/versions.py"),
        ("CHANGELOG.md", "(2026-11-30)", "(unreleased)", "begins with 1.2.3 (unreleased)"),
        ("CHANGELOG.md", "1.2.3 (2026-11-30)", "1.3.0 (unreleased)", "begins with 1.3.0"),
    ],
)
def test_a_tag_without_its_version_or_its_day_is_refused(
    clone: Clone, file: str, was: str, now: str, complaint: str
) -> None:
    path = clone.folder / file
    path.write_text(path.read_text().replace(was, now))
    clone.commit()
    clone.tag(clone.key)
    done = clone.checked()
    assert done.returncode == 2
    assert complaint in done.stderr


def test_the_notes_of_a_release_are_its_part_of_the_changelog(clone: Clone) -> None:
    runner = clone.job.runner()
    done = subprocess.run(
        ["python3", "-m", "workflows", "notes", "v1.2.3"],
        cwd=clone.folder,
        env=dict(runner.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "- News.\n"


def test_our_own_version_and_changelog_are_read() -> None:
    """Whatever their next change is, a release finds both."""
    from workflows import release

    assert release._VERSION.search((ROOT / "components" / "versions.py").read_text())
    newest, day = release._newest_entry(ROOT)
    assert re.fullmatch(r"\d+\.\d+\.\d+", newest)
    assert day == "unreleased" or re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)
