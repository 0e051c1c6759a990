"""A fresh project of a user: the package installed, its `process` checked, tested and deployed."""

import re
import sys
from pathlib import Path

import pytest

from tests.code.made import folder
from tests.packaging.installed import ROOT, Installed, build, install, run

README = (ROOT / "README.md").read_text()
DOCUMENT = (ROOT / "docs" / "your-code.md").read_text()


def printed(document: str, beginning: str) -> str:
    """The Python in a document that begins so."""
    (code,) = [it for it in re.findall(r"```python\n(.*?)```", document, re.S) if beginning in it]
    return str(code)


def printed_settings() -> str:
    (settings,) = re.findall(r"```ini\n(.*?)```", DOCUMENT, re.S)
    return str(settings)


@pytest.fixture(scope="module")
def installed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """From a wheel alone: that all three are the same is shown beside."""
    return install(str(build(repository, "wheel")), tmp_path_factory.mktemp("own") / "venv")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the documents show it."""
    stand_in = "def prices_are_there() -> bool:\n    return True\n"
    process = printed(README, "from silent_scalper import File, HoldFile, Rejection")
    return folder(
        tmp_path_factory.mktemp("own") / "project",
        {
            "process/main.py": process.replace("\n\n\ndef", f"\n\n\n{stand_in}\n\ndef", 1),
            "tests/test_process.py": printed(DOCUMENT, "from silent_scalper.testing import"),
            "tests/orders.csv": "id,name\n1,Ada\n",
            "pytest.ini": "[pytest]\npythonpath = process\n",
            "mypy.ini": printed_settings() + "strict = True\nfiles = process, tests\n",
        },
    )


def checked(installed: Installed, project: Path, *files: str) -> str:
    """What mypy, which runs elsewhere, says of the project in this environment."""
    program = (
        "import sys; from mypy import api; out, err, _ = api.run(sys.argv[1:]); print(out + err)"
    )
    arguments = ("--python-executable", str(installed.python), *files)
    return run(sys.executable, "-P", "-c", program, *arguments, cwd=project)


def test_the_tests_that_the_document_shows_pass_without_aws_and_without_pulumi(
    installed: Installed, project: Path
) -> None:
    (project / "conftest.py").write_text(
        "import sys\nfor name in ('pulumi', 'boto3', 'botocore'): sys.modules[name] = None\n"
    )
    ran = run(installed.python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert re.search(r"^[3-9] passed", ran, re.M), ran


def test_a_type_checker_knows_the_file_and_all_that_it_has(
    installed: Installed, project: Path
) -> None:
    assert "Success: no issues found in 2 source files" in checked(installed, project)


WRONG = {
    "from silent_scalper import Fil": 'has no attribute "Fil"',
    "from silent_scalper import File\ndef f(x: File) -> str: return x.size_bytes": (
        'got "int", expected "str"'
    ),
    "from silent_scalper import File\ndef f(x: File) -> int: return x.size": (
        '"File" has no attribute "size"'
    ),
    "from silent_scalper import Rejection\nRejection('NO_REASON')": (
        'Missing positional argument "reason"'
    ),
    "from silent_scalper.testing import file_from\nfile_from('a,b', 'a.csv')": (
        'incompatible type "str"'
    ),
    "from silent_scalper import SilentScalperPipeline as S\nS('a', {'x': 1})": 'Extra key "x"',
}


def test_a_type_checker_sees_what_is_wrong(installed: Installed, project: Path) -> None:
    folder(project, {f"wrong{number}.py": f"{it}\n" for number, it in enumerate(WRONG)})
    names = [f"wrong{number}.py" for number in range(len(WRONG))]
    said = checked(installed, project, *names)
    for name, expected in zip(names, WRONG.values(), strict=True):
        assert expected in "\n".join(it for it in said.splitlines() if it.startswith(f"{name}:"))


def test_what_editors_show_is_there(installed: Installed) -> None:
    program = (
        "import json, inspect; from silent_scalper import File, HoldFile, Rejection;"
        "from silent_scalper.testing import file_from;"
        "print(json.dumps([inspect.getdoc(it) for it in "
        "(File, File.open, File.address, HoldFile, Rejection, file_from)]))"
    )
    assert all(len(text) > 40 for text in installed.answer(program))


def test_the_component_names_old_packages_before_anything_else(installed: Installed) -> None:
    """Also now that it is looked up only when it is asked for."""
    program = (
        "import json, silent_scalper; from silent_scalper import versions;"
        "versions.OLDEST['pulumi'] = '999.0.0'\n"
        "try: silent_scalper.SilentScalperPipeline\n"
        "except ImportError as error: print(json.dumps(str(error)))"
    )
    assert "needs pulumi 999.0.0 or newer" in installed.answer(program)


def test_the_package_lists_what_it_has(installed: Installed) -> None:
    program = (
        "import json, silent_scalper as s;"
        "print(json.dumps([s.__all__, sorted(set(s.__all__) - set(dir(s))),"
        " [n for n in s.__all__ if not getattr(s, n)], hasattr(s, 'Nope')]))"
    )
    names, not_listed, empty, nope = installed.answer(program)
    assert names == sorted(names)
    assert {"File", "HoldFile", "Rejection", "SilentScalperPipeline"} <= set(names)
    assert (not_listed, empty, nope) == ([], [], False)
