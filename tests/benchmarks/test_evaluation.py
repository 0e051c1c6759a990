"""Evaluating the program imports nothing heavy: every preview and every update would pay."""

import pytest

from benchmarks.evaluation import evaluated

SMALL = {"difflib"}
"""Modules of the standard library that the program itself brings in."""


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return set(evaluated()["modules"])


def test_the_program_needs_no_other_module_of_pulumi_aws_than_those_it_uses(
    modules: set[str],
) -> None:
    assert {name for name in modules if name.startswith("pulumi_aws")} == set()


def test_the_program_brings_in_its_own_code_and_next_to_nothing_else(modules: set[str]) -> None:
    ours = {"components", "silent_scalper_arguments"}
    assert {name for name in modules if name.partition(".")[0] not in ours} == SMALL
