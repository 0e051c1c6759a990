"""`scalper cost` as a person and a script meet it."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cost.bill import bill
from cost.errors import CostError
from cost.month import Section
from cost.pipeline import Pipeline
from cost.prices import PRICES, Prices
from cost.report import money, quantity
from cost.workload import Workload
from operate.__main__ import scalper

from .conftest import ROOT


def run(*arguments: str) -> Result:
    """In the program's folder, on a screen of the width that people have at least."""
    return CliRunner(env={"COLUMNS": "80"}).invoke(
        scalper, ["cost", "--program", str(ROOT), *arguments]
    )


def test_a_person_sees_every_line_and_the_sums() -> None:
    answer = run("--files", "25000", "--stack", "dev", "--failures", "2%")
    assert answer.exit_code == 0, answer.output
    lines = [" ".join(line.split()) for line in answer.output.splitlines()]
    assert "DynamoDB: writes 27,590 write units $0.02 $0.02 $0.00" in lines
    assert "CloudWatch: alarms 7 metrics $0.70 $0.00 $0.70" in lines
    assert any(line.startswith("The pipeline $1.0") for line in lines)
    assert any(line.startswith("Priced: the stack dev, in month 1") for line in lines)
    # Nothing is cut where the screen is narrow.
    assert "…" not in answer.output


def test_what_is_not_used_takes_no_line() -> None:
    answer = run("--files", "0")
    assert "SNS" not in answer.output
    assert "Done for each file" not in answer.output
    assert "CloudWatch: alarms" in answer.output


def test_for_machines_it_is_one_object_with_exact_amounts(
    checked: Pipeline, prices: Prices
) -> None:
    answer = run("--files", "1000000", "--json")
    told = json.loads(answer.output)
    expected = bill(checked, Workload(files=1_000_000), prices)
    assert Decimal(told["pipeline"]["month"]["listed"]) == expected.month().listed
    assert Decimal(told["with_files"]["idle"]["listed"]) == expected.idle(list(Section)).listed
    assert (told["region"], told["prices_read"]) == ("us-east-1", "2026-11-23")
    assert told["workload"]["files"] == 1_000_000
    assert len(told["lines"]) == len(expected.lines)
    compute = next(line for line in told["lines"] if line["item"] == "lambda_compute")
    assert Decimal(compute["month"]["listed"]) == Decimal("0.1666675")
    assert compute["source"] == "https://aws.amazon.com/lambda/pricing/"


def test_every_option_reaches_the_workload() -> None:
    answer = run(
        *("--files", "10", "--size", "1.5MB", "--key-bytes", "60", "--failures", "0.5"),
        *("--retried", "10%", "--warm-ms", "20.5", "--process-ms", "100", "--cold-share", "5%"),
        *("--cold-ms", "1500", "--busy-minutes", "60", "--month", "12"),
        *("--emails", "7", "--json"),
    )
    assert json.loads(answer.output)["workload"] == {
        "files": 10,
        "size_bytes": 1_500_000,
        "key_bytes": 60,
        "failures": "0.5",
        "retried": "0.1",
        "warm_ms": "20.5",
        "process_ms": "100",
        "cold_share": "0.05",
        "cold_ms": "1500",
        "busy_minutes": 60,
        "emails": 7,
        "month": 12,
    }


def test_without_options_the_workload_is_the_usual_one() -> None:
    told = json.loads(run("--files", "10", "--json").output)["workload"]
    usual = Workload(files=10)
    assert told.pop("emails") is None
    for name, value in told.items():
        assert Decimal(value) == getattr(usual, name), name


def test_arguments_of_the_component_may_be_set() -> None:
    answer = run(
        *("--files", "10", "--set", "email_on=failures", "--set", "alert_emails=[a@example.com]"),
        *("--set", "memory_mb=1024", "--failures", "100%", "--json"),
    )
    (emails,) = (li for li in json.loads(answer.output)["lines"] if li["item"] == "emails")
    assert emails["quantity"] == "10"


def test_prices_of_ones_own_are_used(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(PRICES.read_text().replace("us-east-1", "eu-central-1"))
    assert "List prices of eu-central-1" in run("--files", "1", "--prices", str(own)).output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--files", "-1"], "files must be from 0 to"),
        (["--files", "many"], "'many' is not a valid integer"),
        (["--files", "1.5"], "'1.5' is not a valid integer"),
        ([], "Missing option '--files'"),
        (["--files", "1", "--size", "-3"], "'-3' is no size; write 500, 200KB or 1.5MB"),
        (["--files", "1", "--size", "big"], "'big' is no size"),
        (["--files", "1", "--size", "1.2.3KB"], "'1.2.3' is no number"),
        (["--files", "1", "--size", "0.5"], "size_bytes must be a whole number (got 0.5)"),
        (["--files", "1", "--failures", "101%"], "failures must be from 0 to 1 (got 1.01)"),
        (["--files", "1", "--failures", "few"], "'few' is no number"),
        (["--files", "1", "--failures", "nan"], "failures must be from 0 to 1"),
        (["--files", "1", "--key-bytes", "0"], "key_bytes must be from 1 to 1,024 (got 0)"),
        (["--files", "1", "--month", "0"], "month must be from 1"),
        (["--files", "1", "--emails", "-1"], "emails must be from 0"),
        (["--files", "1", "--stack", "nope"], "There is no Pulumi.nope.yaml"),
        (["--files", "1", "--set", "memory_mb"], "'memory_mb' is no NAME=VALUE"),
        (["--files", "1", "--set", "memory_mb=["], "'[' is no YAML"),
        (["--files", "1", "--set", "memory_mb=1"], "memory_mb (memoryMb) must be"),
        (["--files", "1", "--prices", "none.toml"], "Cannot read the prices"),
    ],
)
def test_what_cannot_be_priced_is_said(arguments: list[str], said: str) -> None:
    answer = run(*arguments)
    assert answer.exit_code == 2
    assert said in " ".join(answer.output.split())
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"files": True}, "files must be a whole number"),
        ({"files": 1.0}, "files must be a whole number"),
        ({"files": 1, "failures": 0.02}, "failures must be a Decimal or a whole number"),
        ({"files": 1, "cold_ms": "1"}, "cold_ms must be a Decimal"),
    ],
)
def test_a_workload_takes_no_floats_and_no_texts(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(CostError, match=said):
        Workload(**wrong)


def test_without_pulumi_it_says_what_to_install(tmp_path: Path) -> None:
    hide = "import sys; sys.modules['pulumi'] = None; sys.modules['pulumi.runtime'] = None; "
    start = "from operate.__main__ import scalper; scalper(['cost', '--files', '1'])"
    answer = subprocess.run(
        [sys.executable, "-c", hide + start],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("Error: The bill is made from the Pulumi program, which needs")
    assert "pip install -r requirements.txt" in answer.stderr


def test_the_module_is_the_same_command() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "cost", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "What does this pipeline cost a month?" in answer.stdout


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        ("0", "$0.00"),
        ("0.0049", "< $0.01"),
        ("0.005", "$0.01"),
        ("0.625", "$0.63"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_money_is_shown_in_cents(dollars: str, shown: str) -> None:
    assert money(Decimal(dollars)) == shown


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        ("0", "0"),
        ("6", "6"),
        ("25000", "25,000"),
        ("1234.56", "1,235"),
        ("312.5", "312.5"),
        ("0.000342", "0.000342"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_quantities_are_short(units: str, shown: str) -> None:
    assert quantity(Decimal(units)) == shown
