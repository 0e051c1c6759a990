"""What README.md says is what the code does."""

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from components.alarms import LATE_MINUTES
from components.functions import EVENT_AGE_SECONDS
from cost.bill import Line, bill
from cost.command import cost_command
from cost.month import Section
from cost.prices import Price, Prices
from cost.registered import registered_resources
from cost.report import money, quantity
from cost.resources import read_pipeline
from cost.workload import Workload
from handler.aws.email_budget import ALL_PLACES, SUCCESSES_A_DAY
from handler.aws.records import ATTENTION_SHARDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_stack_outputs_it_names_are_exported() -> None:
    program = (ROOT / "__main__.py").read_text()
    for output in re.findall(r"pulumi stack output (\w+)", README):
        assert f'pulumi.export("{output}"' in program


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#\" ]+)(?: \"[^\"]+\")?\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][\w-]*)", README)) <= targets


def cost_table() -> str:
    """What of 25,000 files a month is inside the Free Tier, and what is not."""
    one_person = {"alert_emails": ["you@example.com"]}
    pipeline = read_pipeline(registered_resources(ROOT, arguments=one_person))
    prices = Prices.load()
    month = bill(pipeline, Workload(files=25_000, failures=Decimal("0.02")), prices)
    rows = ["| | used | free each month | list price | to pay |", "|---|---|---|---|---|"]
    rows += [
        _cost_row(line, prices.items[line.use.item], prices)
        for line in month.lines
        if line.use.is_any and line.use.section is not Section.FILES
    ]
    total = month.month()
    rows.append(f"| **together** | | | {money(total.listed)} | **{money(total.after_free)}** |")
    return "\n".join(rows)


def _cost_row(line: Line, price: Price, prices: Prices) -> str:
    free = f"{price.free:,}" if price.free else "–"
    if price.free_with:
        free = f"within the {prices.items[price.free_with].free:,} GB"
    used = f"{quantity(line.use.quantity)} {line.unit}"
    month = line.month
    return (
        f"| {line.use.what} | {used} | {free} | {money(month.listed)} | {money(month.after_free)} |"
    )


def test_the_table_of_costs_is_what_the_bill_says() -> None:
    found = re.search(r"<!-- cost: .*? -->\n(.*?)\n<!-- end of cost -->", README, re.DOTALL)
    assert found is not None
    assert found[1] == cost_table(), f"replace the table in README.md by:\n{cost_table()}"


def test_a_million_files_cost_about_what_it_says() -> None:
    pipeline = read_pipeline(registered_resources(ROOT))
    million = bill(pipeline, Workload(files=1_000_000), Prices.load())
    said = re.search(r"A million accepted files cost about \$(\d\.\d\d)", README)
    assert said is not None
    real = million.month([Section.WORK, Section.KEPT]).listed
    assert abs(Decimal(said[1]) - real) < Decimal("0.05")


COST_DOC = (ROOT / "docs" / "cost.md").read_text()
RECORDED = dict(re.findall(r"<!-- recorded: (.*?) -->\n```\n(.*?)```", COST_DOC, re.DOTALL))


@pytest.mark.parametrize("arguments", RECORDED)
def test_the_recorded_bills_are_what_the_command_prints(arguments: str) -> None:
    words = ["--program", str(ROOT), *shlex.split(arguments)]
    printed = CliRunner(env={"COLUMNS": "80"}).invoke(cost_command, words).output
    table = "\n".join(line.rstrip() for line in printed.split("\n\n")[0].splitlines()) + "\n"
    assert RECORDED[arguments] == table, f"replace it in docs/cost.md by:\n{table}"


def test_the_python_of_the_document_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", COST_DOC, re.DOTALL)
    exec(compile(code, "docs/cost.md", "exec"), {})
    assert Decimal(capsys.readouterr().out) > 0


def test_the_bills_of_an_idle_pipeline_and_of_a_million_files_are_recorded() -> None:
    assert RECORDED.keys() == {"--files 0", "--files 1000000"}


def test_the_limits_that_are_our_own_are_the_codes() -> None:
    scaling = (ROOT / "docs" / "scaling.md").read_text()
    assert f"each of {ATTENTION_SHARDS} shards" in scaling
    budget = f"({len(ALL_PLACES)} places, and {SUCCESSES_A_DAY} e-mails a day about accepted files)"
    assert budget in scaling
    assert f"{EVENT_AGE_SECONDS // 3600} h of waiting" in scaling
    assert f"tells of {LATE_MINUTES} min" in scaling


def test_every_test_that_the_readme_points_to_is_there() -> None:
    """A link's title is the name of the test."""
    pointed = re.findall(r'\]\((tests/[\w/]+\.py)(?: "(test_\w+)")?\)', README)
    assert len(pointed) >= 8
    for path, name in pointed:
        assert f"def {name}" in (ROOT / path).read_text(), f"{path} has no {name}"
