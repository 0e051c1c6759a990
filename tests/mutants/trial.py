"""Runs tests against a mutant, each in a process of its own; nothing is written to the tree.

A mutant of a function is tried in two ways. First its code is put into the function, in a copy of a
process that has all tests ready: this takes a fraction of a second. What no test notices then, and
what is no function's, is tried once more as what Python finds when a test imports the module.
"""

import importlib
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NoReturn

import pytest

from .mutations import Mutant
from .subjects import Subject

ROOT = Path(__file__).resolve().parents[2]
QUIET = ("-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider")
SLOWER = 5
"""Times what the tests need without a change: then a mutant is stuck, and so noticed."""
SPARE_SECONDS = 10

Work = Callable[[], int]
"""Answers 0 when all tests pass."""


class TestsFail(Exception):
    """Without any change."""


class Trials:
    """All mutants of one module."""

    def __init__(self, subject: Subject, jobs: int) -> None:
        self._subject = subject
        self._jobs = jobs

    def survivors(self, mutants: Sequence[Mutant], tick: Callable[[], None]) -> list[Mutant]:
        """Those that no test notices. Calls `tick` once for each of all. Raises `TestsFail`."""
        noticed, modules, seconds = self._in_place(mutants, tick)
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception:  # noqa: BLE001 - it is imported when a test needs it
                continue
        left = [it for index, it in enumerate(mutants) if index not in noticed]
        as_it_is = Path(ROOT / self._subject.file).read_text("utf-8")
        if not next(_all_pass([partial(self._imported, as_it_is)], 1, seconds))[1]:
            raise TestsFail(self._subject.file)
        works = [partial(self._imported, it.source) for it in left]
        lived = []
        for index, survived in _all_pass(works, self._jobs, seconds):
            tick()
            lived += [index] * survived
        return [left[index] for index in sorted(lived)]

    def _in_place(
        self, mutants: Sequence[Mutant], tick: Callable[[], None]
    ) -> tuple[set[int], list[str], float]:
        """Which mutants of functions were noticed; what the tests import of others; how long a
        mutant may take. In a process of its own, whose ticks come through a pipe."""
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            _silently(partial(self._collected, mutants, write))
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            while (said := _next_of(pipe)) is not None:
                if said != "tick":
                    answer: tuple[set[int], list[str], float] = said
                    break
                tick()
        os.waitpid(child, 0)
        if said is None:
            raise TestsFail(self._subject.file)
        return answer

    def _collected(self, mutants: Sequence[Mutant], pipe: int) -> int:
        plugin = _InPlace(self._subject.module, mutants, self._jobs, pipe)
        return int(pytest.main([*QUIET, *self._subject.tests], plugins=[plugin]))

    def _imported(self, source: str) -> int:
        sys.meta_path.insert(0, _Finder(self._subject.module, source))
        # One file after the other: most mutants are noticed by the first, and cost no more.
        for tests in self._subject.tests:
            if failed := pytest.main([*QUIET, tests]):
                return int(failed)
        return 0


class _InPlace:
    """For pytest: instead of running what it has collected, runs it once for each mutant."""

    def __init__(self, module: str, mutants: Sequence[Mutant], jobs: int, pipe: int) -> None:
        self._module = module
        self._mutants = mutants
        self._jobs = jobs
        self._pipe = pipe

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not next(_all_pass([partial(_run, session)], 1, 600))[1]:
            return True
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = used.ru_utime - before.ru_utime + used.ru_stime - before.ru_stime
        most = SLOWER * seconds + SPARE_SECONDS
        module = importlib.import_module(self._module)
        places = [(number, it) for number, it in enumerate(self._mutants) if it.where != "module"]
        works = [partial(self._changed, module, it, session) for _, it in places]
        noticed = set()
        for index, survived in _all_pass(works, self._jobs, most):
            if not survived:
                noticed.add(places[index][0])
                os.write(self._pipe, pickle.dumps("tick"))
        foreign = list(_foreign(list(sys.modules)))
        with os.fdopen(self._pipe, "wb") as pipe:
            pickle.dump((noticed, foreign, most), pipe)
        return True

    def _changed(self, module: Any, mutant: Mutant, session: pytest.Session) -> int:
        function = _function(module, mutant.where)
        code = _code(compile(mutant.source, module.__file__, "exec"), mutant.where.split("."))
        if function is None or code is None or code.co_freevars != function.__code__.co_freevars:
            return 0
        function.__code__ = code
        return _run(session)


def _run(session: pytest.Session) -> int:
    items = session.items
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def _function(module: Any, where: str) -> FunctionType | None:
    """The outermost function on the way: what is inside of it is made by its code."""
    found = module
    for name in where.split("."):
        found = vars(found).get(name)
        found = getattr(found, "fget", None) or getattr(found, "__func__", found)
        found = getattr(found, "__wrapped__", found)
        if isinstance(found, FunctionType):
            return found
    return None


def _code(code: CodeType, names: Sequence[str]) -> CodeType | None:
    """Of the same function, in a compiled module."""
    for name in names:
        inside = [it for it in code.co_consts if isinstance(it, CodeType) and it.co_name == name]
        if len(inside) != 1:
            return None
        code = inside[0]
        if code.co_flags & 0x02:  # CO_NEWLOCALS: a function, not the body of a class
            return code
    return None


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._source = source

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._module:
            return None
        file = str(ROOT / f"{name.replace('.', '/')}.py")
        return spec_from_file_location(name, loader=_Loader(name, file, self._source))


def _all_pass(works: Iterable[Work], jobs: int, cpu_seconds: float) -> Iterator[tuple[int, bool]]:
    """For each, by its number, as they end. What takes longer is stopped: by the clock it may take
    ten times as long, for tests sleep and machines are busy."""
    running: dict[int, tuple[int, float]] = {}
    waiting = enumerate(works)
    following = next(waiting, None)
    while following or running:
        while following and len(running) < jobs:
            index, work = following
            running[_split_off(work, cpu_seconds)] = index, time.monotonic()
            following = next(waiting, None)
        ended, status = _wait(list(running))
        if ended:
            yield running.pop(ended)[0], status == 0
            continue
        for child, (_, began) in running.items():
            if time.monotonic() > began + 60 + 10 * cpu_seconds:
                os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)


def _wait(children: Iterable[int]) -> tuple[int, int]:
    """The first that has ended, and how; (0, 0) while none has."""
    for child in children:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return ended, status
    return 0, 0


def _split_off(work: Work, cpu_seconds: float) -> int:
    """The process id of a child that does `work` and exits with what it answers."""
    sys.stdout.flush()
    if not (child := os.fork()):
        os.setsid()
        seconds = int(cpu_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        _silently(work)
    return child


def _silently(work: Work) -> NoReturn:
    """In a process that has been split off: it ends here."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.chdir(ROOT)
        status = work()
    finally:
        os._exit(status)


def _next_of(pipe: Any) -> Any:
    try:
        return pickle.load(pipe)
    except EOFError:
        return None


def _foreign(names: Sequence[str]) -> Iterator[str]:
    """Modules of others: the project's own must be imported anew beside each mutant."""
    for name in names:
        file = getattr(sys.modules[name], "__file__", None)
        if file and ("site-packages" in file or not Path(file).is_relative_to(ROOT)):
            yield name
