"""What a release must be: a signed tag on main, with the code's version and a dated changelog."""

import re
import subprocess
import tempfile
from pathlib import Path

from .errors import WorkflowError

_TAG = re.compile(r"v(\d+\.\d+\.\d+)")
_VERSION = re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## (\S+) \((.*)\)$", re.MULTILINE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def check_release(tag: str, signers: str, root: Path) -> None:
    """Stop unless `tag` may be released.

    `signers` are the lines of an allowed-signers file (ssh-keygen(1)), from the repository's
    settings: a file in the repository could be changed together with what it is to vouch for.

    Raises WorkflowError.
    """
    version = _version_of(tag)
    in_code = _VERSION.search((root / "components" / "versions.py").read_text(encoding="utf-8"))
    if not in_code or in_code[1] != version:
        raise WorkflowError(
            f"the tag {tag} is not the version of components/versions.py "
            f"({in_code[1] if in_code else 'none'}); make them the same"
        )
    newest, dated = _newest_entry(root)
    if newest != version or not _DATE.fullmatch(dated):
        raise WorkflowError(
            f"CHANGELOG.md begins with {newest} ({dated}); it must begin with "
            f"{version} and the day of the release, as in: ## {version} (2026-12-31)"
        )
    _check_signature(tag, signers, root)
    if _git(root, "merge-base", "--is-ancestor", f"{tag}^{{commit}}", "origin/main").returncode:
        raise WorkflowError(f"the tag {tag} is not on main; release what has been merged")


def notes(tag: str, root: Path) -> str:
    """The changelog's section of this version, for the page of the release."""
    version = re.escape(_version_of(tag))
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {version} [^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not section:
        raise WorkflowError(f"CHANGELOG.md has no section for {tag}")
    return section[1].strip() + "\n"


def _version_of(tag: str) -> str:
    if not (found := _TAG.fullmatch(tag)):
        raise WorkflowError(f"a release is tagged v1.2.3 (got {tag!r})")
    return found[1]


def _newest_entry(root: Path) -> tuple[str, str]:
    found = _HEADING.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    return (found[1], found[2]) if found else ("nothing", "")


def _check_signature(tag: str, signers: str, root: Path) -> None:
    if not signers.strip():
        raise WorkflowError(
            "the variable RELEASE_SIGNERS is empty, so no signature can be checked; give it the "
            "lines of an allowed-signers file: you@example.com ssh-ed25519 AAAA…"
        )
    if _git(root, "cat-file", "-t", tag).stdout.strip() != "tag":
        raise WorkflowError(f"{tag} is a tag without a signature; make it with: git tag -s {tag}")
    with tempfile.TemporaryDirectory() as folder:
        allowed = Path(folder) / "allowed_signers"
        allowed.write_text(signers.strip() + "\n", encoding="utf-8")
        verified = _git(
            root,
            *("-c", f"gpg.ssh.allowedSignersFile={allowed}"),
            *("verify-tag", tag),
        )
    # Git takes a signature of another kind too, with keys that it finds by itself.
    if verified.returncode or 'Good "git" signature' not in verified.stderr:
        raise WorkflowError(
            f"the tag {tag} is not signed by a key of RELEASE_SIGNERS: "
            f"{(verified.stderr or verified.stdout).strip()}"
        )


def _git(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
