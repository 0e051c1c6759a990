"""What of a folder is not deployed: what is never code, and what an ignore file names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCALPERIGNORE, GITIGNORE = ".scalperignore", ".gitignore"

ALWAYS = (
    ".git", ".hg", ".svn", ".venv", "venv/", "__pycache__", ".env", ".env.*", "node_modules",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".DS_Store", ".idea", ".vscode",
    SCALPERIGNORE, GITIGNORE,
)  # fmt: skip
"""Secrets, histories, environments and caches. `!` in a .scalperignore brings one back."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file. https://git-scm.com/docs/gitignore#_pattern_format"""

    folder: str
    """Where the file lies, `` or ending in `/`."""
    pattern: re.Pattern[str]
    only_folders: bool
    brings_back: bool

    def matches(self, name: str, is_folder: bool) -> bool:
        if (self.only_folders and not is_folder) or not name.startswith(self.folder):
            return False
        return self.pattern.fullmatch(name[len(self.folder) :]) is not None


@dataclass(frozen=True, slots=True)
class Ignored:
    """The rules that are in force in one folder, the last that matches decides."""

    rules: Sequence[Rule] = field(default_factory=lambda: rules_of("\n".join(ALWAYS)))
    reads_gitignore: bool = True

    @classmethod
    def of(cls, root: Path) -> "Ignored":
        """A .scalperignore decides alone; without one every .gitignore does, as for git."""
        own = root / SCALPERIGNORE
        if not own.is_file():
            return cls()
        text = own.read_text(encoding="utf-8", errors="surrogateescape")
        return cls([*cls().rules, *rules_of(text)], reads_gitignore=False)

    def within(self, folder: Path, name: str) -> "Ignored":
        """The rules for `folder`, whose name in the archive is `name`."""
        path = folder / GITIGNORE
        if not self.reads_gitignore or not path.is_file():
            return self
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        return Ignored([*self.rules, *rules_of(text, f"{name}/" if name else "")])

    def leaves_out(self, name: str, *, is_folder: bool) -> bool:
        for rule in reversed(self.rules):
            if rule.matches(name, is_folder):
                return not rule.brings_back
        return False

    def leaves_out_path(self, name: str) -> bool:
        """The same for a file that is known by its whole name alone, as in a .zip."""
        parts = name.split("/")
        return any(
            self.leaves_out("/".join(parts[:count]), is_folder=count < len(parts))
            for count in range(1, len(parts) + 1)
        )


def rules_of(text: str, folder: str = "") -> list[Rule]:
    """The rules of an ignore file that lies in `folder`."""
    return [rule for line in text.splitlines() if (rule := _rule(line, folder))]


def _rule(line: str, folder: str) -> Rule | None:
    line = re.sub(r"(?<!\\) +$", "", line)
    if not line or line.startswith("#"):
        return None
    brings_back = line.startswith("!")
    line = line[brings_back:]
    only_folders = line.endswith("/")
    line = line.rstrip("/")
    if not line:
        return None
    # With a slash in it a pattern is about a place, without one about a name anywhere.
    anywhere = "/" not in line
    try:
        pattern = re.compile(("(?:.*/)?" if anywhere else "") + _regex(line.removeprefix("/")))
    except re.error:
        return None  # git takes no notice of such a line either
    return Rule(folder, pattern, only_folders, brings_back)


_TOKEN = re.compile(r"\*\*/|/\*\*(?=/|$)|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|.", re.DOTALL)


def _regex(glob: str) -> str:
    return _TOKEN.sub(lambda match: _translated(match[0], match.end() == len(glob)), glob)


def _translated(token: str, is_last: bool) -> str:
    if token == "**/":
        return "(?:.*/)?"
    if token == "/**":
        return "/.+" if is_last else "(?:/.*)?"
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token.startswith("[") and len(token) > 1:
        inner = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"[^/{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]"
    return re.escape(token[-1])
