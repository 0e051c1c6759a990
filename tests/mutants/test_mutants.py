"""The command finds what no test notices, takes no excuse without a reason, and forgets none."""

import subprocess
import sys

import pytest

from .justified import FILE, entry, judge, justified
from .mutations import Mutant, mutants
from .subjects import SUBJECTS
from .trial import ROOT

SOURCE = '''
"""A module."""

from enum import StrEnum

LIMIT = 5
WORDS = frozenset({"a", "b"})


def is_small(size: int, *, really: bool = False) -> bool:
    """Says whether."""
    return size <= LIMIT and not really


class Query:
    condition = "#owner = :me AND attribute_not_exists(sent)"

    def check(self) -> None:
        if is_small(3):
            raise ValueError("this is a sentence for people")
'''


def changes_of(source: str) -> set[tuple[str, str, str]]:
    return {it.change for it in mutants("made.py", source)}


@pytest.mark.parametrize(
    "change",
    [
        ("module", "LIMIT = 5", "LIMIT = 6"),
        ("module", 'WORDS = frozenset({"a", "b"})', 'WORDS = frozenset({"b"})'),
        ("module", 'WORDS = frozenset({"a", "b"})', 'WORDS = frozenset({"XXaXX", "b"})'),
        (
            "is_small",
            "return size <= LIMIT and not really",
            "return size < LIMIT and not really",
        ),
        ("is_small", "return size <= LIMIT and not really", "return size <= LIMIT or not really"),
        ("is_small", "return size <= LIMIT and not really", "return size <= LIMIT and really"),
        (
            "Query",
            'condition = "#owner = :me AND attribute_not_exists(sent)"',
            'condition = "#owner = :me OR attribute_not_exists(sent)"',
        ),
        (
            "Query",
            'condition = "#owner = :me AND attribute_not_exists(sent)"',
            'condition = "#owner = :me AND attribute_exists(sent)"',
        ),
        ("Query.check", "if is_small(3):", "if is_small(4):"),
        ("Query.check", 'raise ValueError("this is a sentence for people")', "pass"),
    ],
)
def test_every_kind_of_change_is_tried(change: tuple[str, str, str]) -> None:
    assert change in changes_of(SOURCE)


def test_what_cannot_matter_to_a_test_is_left_alone() -> None:
    said = [after for _, _, after in changes_of(SOURCE)]
    assert not [it for it in said if "import" in it or '"""' in it or "XXthis is" in it]
    assert len(set(said)) == len(said)


A = Mutant("a.py", "f", "return 1", "return 2", "")
LISTED = {"a.py": {A.change: "they are the same to everybody"}}


def test_a_survivor_that_is_not_listed_is_a_hole() -> None:
    assert judge([A], ["a.py"], {}).unjustified == [A]
    assert judge([A], ["a.py"], LISTED) == ([], [])


def test_what_is_listed_and_no_longer_survives_is_told() -> None:
    assert judge([], ["a.py"], LISTED).outdated == [("a.py", A.change)]
    assert judge([], ["b.py"], LISTED) == ([], [])


def test_a_survivor_is_shown_as_the_entry_that_it_may_become() -> None:
    shown = "a.py:\n" + entry(A)
    with pytest.raises(ValueError, match=r"a.py: return 1 has no reason"):
        justified(shown)
    assert justified(shown.replace("why: ''", "why: it is equal")) == {
        "a.py": {A.change: "it is equal"}
    }


@pytest.mark.parametrize(
    "text", ["a.py: [{in: f}]", "a.py: [{in: f, before: 1, after: a, why: w}]"]
)
def test_an_entry_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a.py: each entry has texts for"):
        justified(text)


def test_what_is_listed_is_of_subjects_and_every_subject_and_its_tests_exist() -> None:
    files = {it.file for it in SUBJECTS}
    assert set(justified(FILE.read_text("utf-8"))) <= files
    for subject in SUBJECTS:
        assert (ROOT / subject.file).is_file()
        assert all((ROOT / tests).exists() for tests in subject.tests)


TRIED = """
from tests.mutants.mutations import Mutant
from tests.mutants.subjects import Subject
from tests.mutants.trial import Trials

subject = Subject("handler/aws/backoff.py", ("tests/handler/test_backoff.py",))
source = open(subject.file).read()

def made(where, before, after):
    assert before in source
    return Mutant(subject.file, where, before, after, source.replace(before, after))

tried = [
    made("pause", "2 **", "3 **"),
    made("pause", "at random", "at will"),
    made("module", "TRIES = 4", "TRIES = 5"),
    made("module", "TRIES = 4", "TRIES = 2 + 2"),
    made("pause", "(tries - 1)", "(tries - 1 if tries < 9 else exec('while True: pass'))"),
]
ticks = []
lived = Trials(subject, 2).survivors(tried, lambda: ticks.append(1))
print([tried.index(it) for it in lived], len(ticks))
"""


def test_a_mutant_is_tried_in_a_function_or_as_a_module_and_lives_if_no_test_fails() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TRIED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert ran.stdout == "[1, 3, 4] 5\n"
