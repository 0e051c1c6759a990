"""The demo: it must succeed here, and must be able to fail."""

import dataclasses
import subprocess
import sys

import pytest
from rich.console import Console

from local.alerts import Alert
from local.deployment import ROOT
from local.fates import Fate
from local.screen import verdict

from .conftest import Pipeline


def test_the_demo_shows_every_fate_and_exits_0() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "local", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "14 of 14 files ended where they should" in ran.stdout
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("Figures: 12 files of "), last
    assert "5 QUARANTINED, 1 HELD" in last
    assert "Subject: Set aside: " in ran.stdout
    assert "What to do next" in ran.stdout
    assert "\x1b" not in ran.stdout, "control codes in a pipe"
    assert ran.stderr == ""


@pytest.fixture
def quarantined(pipeline: Pipeline) -> Fate:
    return pipeline.fate_of(pipeline.drop("shown.exe", b"MZ", "QUARANTINED", "WRONG_TYPE"))


@pytest.mark.parametrize(
    ("spoiled", "problem"),
    [
        ({"item": None}, "has no record"),
        ({"alerts": []}, "was told 0 times"),
        ({"alerts": [Alert("", {}, {})] * 2}, "was told 2 times"),
    ],
)
def test_the_demo_sees_what_is_missing_or_too_much(
    pipeline: Pipeline, quarantined: Fate, spoiled: dict[str, object], problem: str
) -> None:
    fate = dataclasses.replace(quarantined, **spoiled)  # type: ignore[arg-type]
    assert problem in pipeline.problems_of(fate)[0]


def test_the_demo_sees_another_fate_or_reason_than_expected(
    pipeline: Pipeline, quarantined: Fate
) -> None:
    sample = dataclasses.replace(quarantined.upload.sample, reason_code="EMPTY_FILE")
    upload = dataclasses.replace(quarantined.upload, sample=sample)
    assert pipeline.problems_of(dataclasses.replace(quarantined, upload=upload)) == [
        "is QUARANTINED WRONG_TYPE and should be QUARANTINED EMPTY_FILE"
    ]


def test_the_demo_sees_bytes_that_differ(pipeline: Pipeline, quarantined: Fate) -> None:
    upload = dataclasses.replace(quarantined.upload, sha256="0" * 64)
    assert pipeline.problems_of(dataclasses.replace(quarantined, upload=upload)) == [
        "has no equal copy in the quarantine bucket"
    ]


def test_the_demo_sees_a_file_that_is_left_in_the_input_bucket(
    pipeline: Pipeline, quarantined: Fate
) -> None:
    with pipeline.deaf_to_uploads():
        left = pipeline.drop("shown.exe", b"MZ", "QUARANTINED", "WRONG_TYPE")
    fate = dataclasses.replace(quarantined, upload=left)
    assert pipeline.problems_of(fate) == ["is still in the input bucket"]


def test_one_wrong_file_is_enough_to_fail(quarantined: Fate) -> None:
    console = Console(quiet=True)
    assert verdict(console, [(quarantined, [])], 1.0)
    assert not verdict(console, [(quarantined, []), (quarantined, ["has no record"])], 1.0)
