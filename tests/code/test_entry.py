"""`process_entry` is found, and its imports are followed, by parsing alone."""

import sys
from collections.abc import Mapping

import pytest

from silent_scalper_code.entry import Code, entry_problems, standard_library
from silent_scalper_code.target import Target

from .made import LAMBDA, MAIN, files

RUNS = "raise SystemExit('parsed, and never run')\n"


def told(
    given: Mapping[str, str | bytes],
    entry: str = "main.process",
    *,
    target: Target = LAMBDA,
    packages: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
    layers: bool = False,
) -> str:
    code = Code(
        files={file.name: file for file in files(given)},
        target=target,
        available=standard_library(target) | {"boto3", "silent_scalper", *packages},
        left_out=frozenset(left_out),
        sees_everything=not layers,
    )
    return "\n".join(entry_problems(code, entry))


@pytest.mark.parametrize(
    "main",
    [
        MAIN,
        RUNS + MAIN,
        "def process(file, retries=3): ...",
        "def process(*files): ...",
        "def process(file, *, strict=False): ...",
        "from helper import process",
        "import helper as process",
        "process = lambda file: None",
        "try:\n    def process(file): ...\nexcept Exception:\n    raise",
        "if True:\n    process = print",
        "from helper import *",
        "def __getattr__(name): ...",
        "globals()['process'] = print",
        "class Process:\n    pass\nprocess = Process()",
        "@decorated\ndef process(): ...",
        "for process in (print,):\n    pass",
    ],
)
def test_an_entry_that_the_module_gives_a_meaning_to_is_accepted(main: str) -> None:
    assert told({"main.py": main, "helper.py": MAIN}) == ""


@pytest.mark.parametrize(
    ("main", "reason"),
    [
        ("def proces(file): ...", r"'main.py' has no process(file); it has proces; write it"),
        ("x = 1", "'main.py' has no process(file); write it"),
        ("def outer():\n    def process(file): ...", "has no process(file); it has outer"),
        ("async def process(file): ...", "line 1: process is `async def`"),
        ("def process(): ...", "line 1: process is called with one argument, the file"),
        ("def process(file, context): ...", "is called with one argument"),
        ("def process(file, *, limit): ...", "is called with one argument"),
        ("def process(file):\nreturn", "'main.py', line 2: expected an indented block"),
        ("def process(file): return 'ß'".encode("latin-1"), "'main.py'"),
        (b"\0", "'main.py' is not Python"),
    ],
)
def test_an_entry_that_could_not_be_called_is_refused(main: str | bytes, reason: str) -> None:
    sentences = told({"main.py": main})
    assert reason in sentences or (reason == "'main.py' is not Python" and "null" in sentences)


def test_an_entry_in_a_package_is_found_and_one_that_is_not_there_is_refused() -> None:
    package = {"app/__init__.py": "", "app/intake.py": MAIN}
    assert told(package, "app.intake.process") == ""
    assert "needs app/other.py in process_code" in told(package, "app.other.process")
    assert told({"readme.md": ""}).endswith("which has no Python file")


def test_a_main_that_lies_in_a_folder_of_the_zip_is_said_to() -> None:
    sentence = told({"code/main.py": MAIN, "code/helper.py": ""})
    assert "needs main.py at the top of process_code, and it lies in 'code'" in sentence


@pytest.mark.parametrize(
    "main",
    [
        "import helper",
        "import app.deep.down",
        "from app.deep import down",
        "from app import deep",
        "import app.deep.down as down",
        "def process(file):\n    import helper",
        "try:\n    import helper\nexcept ImportError:\n    pass",
        "from app.user import thing",
        "with open('x') as f:\n    import helper",
        "match 1:\n    case 1:\n        import helper",
    ],
)
def test_a_syntax_error_in_a_module_that_is_imported_from_the_archive_is_refused(
    main: str,
) -> None:
    given: dict[str, str | bytes] = {
        "main.py": f"{main}\n{MAIN}",
        "helper.py": "def broken(:\n",
        "app/__init__.py": "",
        "app/deep/__init__.py": "from . import down",
        "app/deep/down.py": "x = (\n",
        "app/user.py": "from .deep.down import x\nthing = 1",
    }
    sentences = told(given)
    assert "helper.py', line 1" in sentences or "app/deep/down.py', line 1" in sentences


@pytest.mark.parametrize(
    "line", ["from . import helper", "from .helper import x", "from .. import a"]
)
def test_an_import_from_a_package_that_the_module_is_not_in_is_refused(line: str) -> None:
    sentence = told({"main.py": f"{line}\n{MAIN}", "helper.py": "x = 1"})
    assert "'main.py', line 1, imports from '." in sentence
    inside = {"app/__init__.py": "", "app/main.py": f"{line}\n{MAIN}", "app/helper.py": "x = 1"}
    expected = "" if ".." not in line else "'app/main.py', line 1, imports from '..'"
    assert expected in told(inside, "app.main.process")
    assert bool(expected) is bool(told(inside, "app.main.process"))


def test_modules_that_nothing_imports_are_no_business_of_ours() -> None:
    given = {
        "main.py": "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import helper\n" + MAIN,
        "helper.py": "def broken(:\n",
        "old/python2.py": "print 'hello'",
    }
    assert told(given) == ""


def test_a_module_that_is_nowhere_is_refused_and_one_that_may_be_missing_is_not() -> None:
    sentence = told({"main.py": f"import json\nimport pandas\n{MAIN}"})
    assert "'main.py', line 2, imports pandas, which is neither in process_code nor in" in sentence
    for guarded in (
        "try:\n    import pandas\nexcept ImportError:\n    pandas = None",
        "def later():\n    import pandas",
        "import boto3",
        "from silent_scalper import Rejection",
        "import namespace.inside",
        "import compiled",
    ):
        given: dict[str, str | bytes] = {
            "main.py": f"{guarded}\n{MAIN}",
            "namespace/inside/x.py": "",
            "compiled.abi3.so": "",
        }
        assert told(given) == ""
    assert told({"main.py": f"import pandas\n{MAIN}"}, packages=("pandas",)) == ""
    assert told({"main.py": f"import pandas\n{MAIN}"}, layers=True) == ""


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from silent_scalper import File, HoldFile, Rejection", ""),
        ("import silent_scalper", ""),
        ("from silent_scalper import *", ""),
        ("if TYPE_CHECKING:\n    from silent_scalper import EmailOn", ""),
        ("from silent_scalper import File, SilentScalperPipeline", "SilentScalperPipeline"),
        ("from silent_scalper.testing import file_from", "silent_scalper.testing"),
        ("import silent_scalper.testing", "silent_scalper.testing"),
        ("from silent_scalper import testing", "testing"),
    ],
)
def test_what_the_package_has_for_programs_and_tests_is_not_looked_for_in_lambda(
    statement: str, absent: str
) -> None:
    sentence = told({"main.py": f"{statement}\n{MAIN}"})
    assert bool(sentence) is bool(absent)
    if absent:
        assert f"imports {absent}, which is not deployed" in sentence
        assert "has File, HoldFile, Rejection" in sentence


def test_what_is_imported_and_was_left_out_is_said_to_be() -> None:
    sentence = told({"main.py": f"import generated\n{MAIN}"}, left_out=("generated/",))
    assert "imports generated, and generated/ is left out; write a .scalperignore" in sentence


@pytest.mark.parametrize(
    ("module", "python", "is_there"),
    [
        ("cgi", (3, 12), True), ("cgi", (3, 13), False), ("distutils", (3, 12), False),
        ("imp", (3, 13), False), ("json", (3, 12), True), ("tomllib", (3, 12), True),
    ],
)  # fmt: skip
def test_the_standard_library_is_the_targets_whatever_python_deploys(
    module: str, python: tuple[int, int], is_there: bool
) -> None:
    assert (module in standard_library(Target(python=python))) is is_there


def test_what_only_a_newer_python_understands_is_not_called_wrong_by_an_older_one() -> None:
    ahead = Target(python=(sys.version_info[0], sys.version_info[1] + 1))
    assert told({"main.py": "def process(file): future syntax"}, target=ahead) == ""
