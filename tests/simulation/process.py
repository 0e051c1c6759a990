"""The user's `process`, which does as the history says."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from handler import File, Rejection

from .coverage import Coverage
from .fact import Fact
from .histories import Answer
from .invocation import Death, Invocation
from .story import Story
from .watch import Watch

WORK_SECONDS = 0.05
REJECTION = ("CORRUPT", "line 3 has 4 columns, expected 5")


class Scripted:
    """Called like `process(file)`; each try of an upload gets the next of its answers."""

    def __init__(
        self,
        watch: Watch,
        current: Callable[[], Invocation],
        story: Story,
        coverage: Coverage,
    ) -> None:
        self._watch = watch
        self._current = current
        self._story = story
        self._coverage = coverage
        self.says: dict[str, Answer] = {}
        """By the owner of an invocation, whatever the history says."""
        self._tries: Counter[int] = Counter()

    def __call__(self, file: File) -> Any:
        invocation = self._current()
        invocation.check_alive()
        if self._watch.is_ghost(file.key, file.upload_id):
            return None
        fact = self._watch.fact_of(file.key, file.upload_id)
        if fact is None:
            self._watch.complain(f"process was given {file.key}, which nobody uploaded")
            return None
        answer = self.says.get(invocation.owner) or self._next_of(fact)
        fact.answers.append((answer, invocation))
        self._coverage.answers[answer] += 1
        self._story.tell(invocation.name, f"process {answer}")
        invocation.wait(WORK_SECONDS)
        return _act(answer, file, invocation)

    def _next_of(self, fact: Fact) -> Answer:
        answers = fact.plan.answers
        answer = answers[min(self._tries[fact.number], len(answers) - 1)]
        self._tries[fact.number] += 1
        return answer


def _act(answer: Answer, file: File, invocation: Invocation) -> Any:
    match answer:
        case Answer.ACCEPT:
            return {"rows": 3}
        case Answer.READ_AND_ACCEPT:
            return {"bytes": len(_read(file))}
        case Answer.REJECT:
            raise Rejection(*REJECTION)
        case Answer.READ_AND_REJECT:
            _read(file)
            raise Rejection(*REJECTION)
        case Answer.FAIL:
            raise ValueError("cannot make sense of it")
        case Answer.READ_AND_HIDE:
            return {"bytes": len(_read_or_hide(file))}
        case Answer.AWS_FAIL:
            raise ClientError({"Error": {"Code": "Throttling"}}, "Query")
        case Answer.SLOW:
            invocation.hang()
        case Answer.STUCK:
            invocation.sleep_through_the_alarm()
        case Answer.CRASH:
            invocation.die(Death.CRASH)
        case Answer.OUT_OF_MEMORY:
            invocation.die(Death.OUT_OF_MEMORY)
    raise AssertionError(f"nobody comes back from a process that {answer}")


def _read(file: File) -> bytes:
    with file.open() as stream:
        return stream.read()


def _read_or_hide(file: File) -> bytes:
    content = None
    with suppress(Exception):
        content = _read(file)
    if content is None:
        raise ValueError("cannot make sense of it")
    return content
