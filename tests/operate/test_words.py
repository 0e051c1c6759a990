"""Names on a terminal, and in what is pasted into a shell."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.model.text import printable
from operate.read.words import age, number, shell_word

BASH = shutil.which("bash") or "bash"
HOSTILE = [
    "plain.csv",
    'it\'s a "test" $HOME `touch pwned` $(touch pwned) ; touch pwned & | > < * ? [a] {a,b} ~ # !',
    "a\nb\rc\td\x1b[31m\x07\x7f",
    "\u202efdp.exe\u2066\u200b",
    "a filler\u3164 that is a letter",
    "ünïcödé 漢字 🎈",
    "back\\slash\\n'quote'\n",
    "$'\\x41'\n",
    "!!\n!x",
    "%s%n",
]


def echoed(word: str, folder: Path) -> str:
    """What bash hands over for that word: with no command to run but its own `printf`."""
    done = subprocess.run(
        [BASH, "--norc", "--noprofile", "-c", f"printf '%s|' {word}"],
        cwd=folder,
        env={"PATH": str(folder), "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("key", HOSTILE)
def test_a_shell_hands_over_exactly_the_name(tmp_path: Path, key: str) -> None:
    assert echoed(shell_word(key), tmp_path) == f"{key}|"
    assert list(tmp_path.iterdir()) == []


def test_a_shell_hands_over_whatever_S3_takes(tmp_path: Path) -> None:  # noqa: N802
    @settings(max_examples=60, deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
    def check(key: str) -> None:
        ended = "--|" if key.startswith("-") else ""
        assert echoed(shell_word(key), tmp_path) == f"{ended}{key}|"

    check()


def test_a_name_like_an_option_comes_after_the_options() -> None:
    assert shell_word("-rf") == "-- -rf"


def test_what_is_written_is_visible() -> None:
    for key in HOSTILE:
        assert printable(shell_word(key)) == shell_word(key)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "5 s"), (-5, "5 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (86400 * 3, "3 days")],
)
def test_an_age_is_short(seconds: int, words: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert age((now - timedelta(seconds=seconds)).isoformat(), now) == words


def test_numbers_are_readable() -> None:
    assert [number(count, "file") for count in (0, 1, 2000)] == ["0 files", "1 file", "2,000 files"]
