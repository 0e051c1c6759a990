"""`scalper cost` and `python -m cost`: the bill of a month, before there is one."""

import re
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console

from .bill import bill
from .errors import CostError
from .prices import PRICES, Prices
from .report import show, write_json
from .resources import read_pipeline
from .workload import Workload

_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class Refused(click.ClickException):
    """What was typed cannot be priced."""

    exit_code = 2


class _Number(click.ParamType[Decimal]):
    """A decimal that is read exactly."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Decimal:
        try:
            return Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is no number", param, context)


class _Share(_Number):
    """`2%` or `0.02`."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Decimal:
        if isinstance(value, str) and value.endswith("%"):
            return super().convert(value[:-1], param, context) / 100
        return super().convert(value, param, context)


class _Size(_Number):
    """`500`, `200KB` or `1.5MB`, in bytes; a KB has 1,000."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Decimal:
        found = re.fullmatch(r"([0-9.]+) *([KMGT]?B)?", str(value), re.IGNORECASE)
        if not found:
            self.fail(f"{value!r} is no size; write 500, 200KB or 1.5MB", param, context)
        return super().convert(found[1], param, context) * _SIZES[(found[2] or "B").upper()]


def _arguments(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> Mapping[str, Any]:
    """`NAME=VALUE`, with a value as a stack's file has it."""
    arguments = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is no NAME=VALUE", context, parameter)
        try:
            arguments[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise click.BadParameter(f"{value!r} is no YAML", context, parameter) from None
    return arguments


def _workload_options(command: Callable[..., None]) -> Callable[..., None]:
    usual = Workload(files=0)
    for name, kind, metavar, help_text in reversed(
        (
            ("size", _Size(), "SIZE", "Size of a file: 500, 200KB, 1.5MB."),
            ("key-bytes", click.INT, "N", "Length of a key, in bytes."),
            ("failures", _Share(), "SHARE", "Share of the files that are set aside: 2% or 0.02."),
            ("retried", _Share(), "SHARE", "Share of those that process failed on every time."),
            ("warm-ms", _Number(), "MS", "Billed time of a file without your process."),
            ("process-ms", _Number(), "MS", "What your process adds to it."),
            ("cold-share", _Share(), "SHARE", "Share of invocations that start an instance."),
            ("cold-ms", _Number(), "MS", "Billed time that a start adds."),
            ("busy-minutes", click.INT, "N", "Minutes of the month in which files arrive."),
            ("month", click.INT, "N", "Which month since the deployment."),
        )
    ):
        field = "size_bytes" if name == "size" else name.replace("-", "_")
        command = click.option(
            f"--{name}",
            field,
            type=kind,
            metavar=metavar,
            default=str(getattr(usual, field)),
            show_default=True,
            help=help_text,
        )(command)
    return command


@click.command("cost", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--files", type=click.INT, required=True, metavar="N", help="Files a month.")
@_workload_options
@click.option(
    "--emails",
    type=click.INT,
    metavar="N",
    help="E-mails about files to each address. Default: as many as the budget lets out.",
)
@click.option(
    "--stack",
    envvar="SCALPER_STACK",
    help="Price what Pulumi.STACK.yaml configures. Default: the component's own defaults.",
)
@click.option(
    "--set",
    "arguments",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_arguments,
    help="An argument of the component, over the stack's: email_on=failures. May be repeated.",
)
@click.option(
    "--program",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder of the Pulumi program. Default: this one.",
)
@click.option(
    "--prices",
    "prices_path",
    type=click.Path(path_type=Path),
    default=PRICES,
    help="Prices of another day or region: a changed copy of cost/prices.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="All of it, for machines; nothing rounded.")
def cost_command(
    *,
    stack: str | None,
    arguments: Mapping[str, Any],
    program: Path,
    prices_path: Path,
    as_json: bool,
    size_bytes: Decimal,
    **numbers: Any,
) -> None:
    """What does this pipeline cost a month? Asks nobody and changes nothing.

    Runs the Pulumi program without AWS and prices every resource that it registers, line by line:
    at list prices, beyond the Free Tier, and in a month without files.
    """
    try:
        if size_bytes != size_bytes.to_integral_value():
            raise CostError(f"size_bytes must be a whole number (got {size_bytes})")
        workload = Workload(size_bytes=int(size_bytes), **numbers)
        prices = Prices.load(prices_path)
        pipeline = read_pipeline(_registered(program.resolve(), stack, arguments))
    except CostError as error:
        raise Refused(str(error)) from error
    priced = bill(pipeline, workload, prices)
    pipeline_is = f"the stack {stack}" if stack else "the component with its defaults"
    if arguments:
        pipeline_is += f", with {', '.join(f'{name}={arguments[name]}' for name in arguments)}"
    if as_json:
        write_json(priced, workload, pipeline_is, sys.stdout)
    else:
        show(priced, workload, pipeline_is, Console(highlight=False))


def _registered(program: Path, stack: str | None, arguments: Mapping[str, Any]) -> Any:
    try:
        # Here, so that all the rest of the operator's command works without Pulumi.
        from .registered import registered_resources  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CostError(
            f"The bill is made from the Pulumi program, which needs {error.name}; install it with "
            "`pip install -r requirements.txt`."
        ) from None
    return registered_resources(program, stack, arguments)
