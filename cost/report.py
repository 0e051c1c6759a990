"""A bill for people and for machines."""

import json
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .bill import OWN, Bill, Dollars
from .month import Section
from .workload import Workload

HEADINGS = {
    Section.WORK: "Done for each file",
    Section.KEPT: "Kept of each file",
    Section.STANDING: "Always there",
    Section.FILES: "The files themselves",
}
CENT = Decimal("0.01")


def show(bill: Bill, workload: Workload, pipeline_is: str, console: Console) -> None:
    """For a person: every line, the sums, and what is behind them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"{workload.files:,} files a month", no_wrap=True)
    for heading in ("", "at list\nprices", "beyond\nfree", "without\nfiles"):
        table.add_column(heading, justify="right", no_wrap=True)
    for section, heading in HEADINGS.items():
        used = [line for line in bill.lines if line.use.section is section and line.use.is_any]
        if used:
            table.add_row(f"[bold]{heading}[/]")
        for line in used:
            table.add_row(
                f"  {line.use.what}",
                f"{quantity(line.use.quantity)} {line.unit}",
                money(line.month.listed),
                money(line.month.after_free),
                money(line.idle.listed),
            )
        if section is OWN[-1]:
            _add_sum(table, "The pipeline", bill.month(), bill.idle())
    everything = list(Section)
    _add_sum(table, "Pipeline and files", bill.month(everything), bill.idle(everything))
    console.print(table)
    for note in _notes(bill, workload, pipeline_is):
        console.print(f"\n{escape(note)}", highlight=False, soft_wrap=True)


def _add_sum(table: Table, what: str, month: Dollars, idle: Dollars) -> None:
    sums = (month.listed, month.after_free, idle.listed)
    table.add_row(f"[bold]{what}[/]", "", *(f"[bold]{money(value)}[/]" for value in sums))


def _notes(bill: Bill, workload: Workload, pipeline_is: str) -> list[str]:
    idle = bill.idle([Section.WORK, Section.STANDING])
    return [
        f"Priced: {pipeline_is}, in month {workload.month} since its deployment; what never "
        f"expires grows (--month). List prices of {bill.prices.region} as read on "
        f"{bill.prices.read}, before tax; other regions differ (--prices).",
        "Beyond free: what is left to pay when the Free Tier, the part that never ends, is not "
        "used by anything else in the account.",
        f"Without files: a month in which none arrives: {money(idle.listed)} for what is always "
        f"there, {money(idle.after_free)} beyond free, and what is stored until it expires.",
        "The files themselves cost this in any bucket. Not counted: traffic to the internet, such "
        "as e-mails (100 GB a month are free), what process itself calls, prints and returns, "
        "alarms that fire, files on hold.",
    ]


def write_json(bill: Bill, workload: Workload, pipeline_is: str, stream: TextIO) -> None:
    """One object; amounts are texts, so that none is rounded."""
    everything = list(Section)
    json.dump(
        {
            "priced": pipeline_is,
            "region": bill.prices.region,
            "prices_read": bill.prices.read,
            "workload": asdict(workload),
            "lines": [
                {
                    "section": line.use.section,
                    "item": line.use.item,
                    "what": line.use.what,
                    "quantity": line.use.quantity,
                    "unit": line.unit,
                    "month": asdict(line.month),
                    "idle": asdict(line.idle),
                    "source": bill.prices.items[line.use.item].source,
                }
                for line in bill.lines
            ],
            "pipeline": {"month": asdict(bill.month()), "idle": asdict(bill.idle())},
            "with_files": {
                "month": asdict(bill.month(everything)),
                "idle": asdict(bill.idle(everything)),
            },
        },
        stream,
        indent=1,
        default=_text,
    )
    stream.write("\n")


def _text(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def money(dollars: Decimal) -> str:
    """In cents; what is less than one but not nothing says so."""
    if 0 < dollars < CENT / 2:
        return "< $0.01"
    return f"${dollars.quantize(CENT, ROUND_HALF_UP):,}"


def quantity(units: Decimal) -> str:
    """Whole where it is large, with three digits where it is small."""
    if units == units.to_integral_value() or units >= 1000:
        return f"{units.to_integral_value():,}"
    return f"{Decimal(f'{units:.3g}'):f}" if units < 1 else f"{units:,.1f}"
