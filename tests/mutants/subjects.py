"""Which modules are mutated, and the tests that must notice: the quickest first."""

from typing import NamedTuple


class Subject(NamedTuple):
    """A module that decides by itself: it asks nobody, or only the table."""

    file: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")


def _subject(file: str, *tests: str) -> Subject:
    return Subject(file, tuple(f"tests/{name}" for name in tests))


SUBJECTS = [
    _subject("handler/model/rules.py", "handler/test_rules.py"),
    _subject("handler/model/retry_event.py", "handler/test_retry_event.py"),
    _subject("handler/model/errors.py", "handler/test_errors.py", "handler/test_schedules.py"),
    _subject("handler/outcomes/table.py", "handler/test_table.py"),
]
