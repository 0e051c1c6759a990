"""Modules that would hide one another."""

import pytest

from silent_scalper_code.names import clashes

from .made import LAMBDA

PACKAGES = ["pandas/__init__.py", "six.py", "pandas-2.dist-info/METADATA"]


@pytest.mark.parametrize(
    "own",
    [
        ["main.py", "handler.py", "process.py", "packages.py", "boto3.py"],
        ["main.py", "botocore/__init__.py", "botocore-1.43.0.dist-info/METADATA"],
        ["main.py", "lib/json.py", "lib/pandas/__init__.py"],
        ["main.py", "json/schema.txt", "email.csv", "types.md"],
        ["main.py", "imp.py"],
    ],
)
def test_a_module_may_be_called_anything_that_hides_nobody(own: list[str]) -> None:
    assert list(clashes(own, PACKAGES, LAMBDA)) == []


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (["main.py", "email.py"], "email.py has the name of a module of Python's own"),
        (["main.py", "queue/__init__.py"], "queue/ has the name of a module of Python's own"),
        (["main.py", "silent_scalper.py"], "has the name of the pipeline's own code"),
        (["main.py", "pandas/__init__.py"], "pandas/ is in process_code and in a package"),
        (["main.py", "botocore/__init__.py"], "botocore/ has the name of a package through which"),
        (["main.py", "urllib3.py"], "urllib3.py has the name of a package through which"),
    ],
)
def test_a_module_that_hides_another_is_refused_by_name(own: list[str], told: str) -> None:
    (sentence,) = clashes(own, PACKAGES, LAMBDA)
    assert told in sentence


def test_a_package_that_would_hide_pythons_own_module_is_refused() -> None:
    (sentence,) = clashes(["main.py"], ["dataclasses.py"], LAMBDA)
    assert "dataclasses.py of the requirements" in sentence
