"""`scalper try`: what would become of a file, found out on this machine."""

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ..act import trial
from ..act.preview_checks import Checked, preview_checks
from ..act.trial import ACCEPTED, FAILED, PASSED_OVER, REJECTED, Verdict
from ..act.trial_setup import Setup, of_deployment, of_stack
from ..read.deployment import Deployment
from ..read.outputs import read_outputs
from ..read.words import readable_size
from ..screens.plain import plain
from . import options
from .options import COULD_NOT_TELL, NOT_WELL, WELL, as_json

STYLES = {ACCEPTED: "green", REJECTED: "red", FAILED: "red", PASSED_OVER: "dim"}


@click.command("try")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--key", help="The key it would be uploaded under. Default: its name.")
@click.option(
    "--stack",
    help="Rules and code of Pulumi.STACK.yaml in this folder; AWS is not asked. Default: dev.",
)
@click.option(
    "--outputs",
    "outputs_path",
    type=click.Path(path_type=Path),
    help="Rules and environment of the deployment of these outputs, which is asked for them; "
    "code of its stack's Pulumi.STACK.yaml, where that is in this folder.",
)
@click.option(
    "--process",
    "code",
    type=click.Path(exists=True, path_type=Path),
    help="The folder or .zip of your code. Default: as the stack says.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of your code's environment, instead of the deployment's. May be repeated.",
)
@click.option("--entry", help="Module and function in it. Default: main.process.")
@as_json
def try_command(
    *,
    paths: tuple[Path, ...],
    key: str | None,
    stack: str | None,
    outputs_path: Path | None,
    code: Path | None,
    variables: tuple[str, ...],
    entry: str | None,
    as_json: bool,
) -> None:
    """What would become of a file of this machine?

    The rules and your `process` decide here, and the code is looked at as `pulumi preview` does.
    AWS is asked only for what --outputs names, and by your own code.

    Exit status: 0 it would be accepted or passed over, 1 it would not, or the code would be
    refused, 2 nobody can tell.
    """
    if key is not None and len(paths) != 1:
        raise click.UsageError("--key goes with one FILE.")
    setup = _setup(stack, outputs_path, code)
    setup = replace(
        setup,
        code=code or setup.code,
        entry=entry or setup.entry,
        environment={**setup.environment, **_environment(variables)},
        not_done=tuple(it for it in setup.not_done if not _is_made_good(it, code, variables)),
    )
    process, note = trial.load(setup)
    checked = preview_checks(setup)
    verdicts = [trial.attempt(path, key or path.name, setup, process) for path in paths]
    if as_json:
        answer = [
            {"file": str(path), **_as_dict(verdict)}
            for path, verdict in zip(paths, verdicts, strict=True)
        ]
        told = {
            "files": answer,
            "rules_of": setup.source,
            "preview_refuses": checked.problems,
            "not_done": _not_done(setup, checked),
        }
        click.echo(json.dumps(told, indent=1, default=float))
    else:
        console = options.screen()
        for path, verdict in zip(paths, verdicts, strict=True):
            _show(path, verdict, console)
        by = f"{setup.entry} in {setup.code}" if setup.code else "no code"
        console.print(plain(f"Decided by the rules of {setup.source} and {by}.", "dim"))
        if note:
            console.print(plain(note, "dim"))
        if checked.problems:
            console.print(plain("`pulumi preview` would refuse this code:", "bold red"))
            for problem in checked.problems:
                console.print(Text("  - ") + plain(problem))
        for sentence in _not_done(setup, checked):
            console.print(plain(f"Not done: {sentence}", "dim"))
    good = all(verdict.fate in (ACCEPTED, PASSED_OVER) for verdict in verdicts)
    if not good or checked.problems:
        sys.exit(NOT_WELL)
    # Where the code was not run, the rules alone accept nothing.
    sys.exit(COULD_NOT_TELL if process is None and setup.not_done else WELL)


def _setup(stack: str | None, outputs_path: Path | None, code: Path | None) -> Setup:
    if outputs_path is not None:
        return of_deployment(Deployment.of(read_outputs(outputs_path, stack)))
    if stack is None and code is not None and not Path("Pulumi.dev.yaml").exists():
        return Setup(source="the component's defaults")
    return of_stack(stack or "dev")


def _environment(variables: tuple[str, ...]) -> dict[str, str]:
    """Never shown: a value may be a secret."""
    given = {}
    for variable in variables:
        name, is_given, value = variable.partition("=")
        if not name or not is_given:
            raise click.UsageError(f"--env takes NAME=VALUE (got {name!r} without a value).")
        given[name] = value
    return given


def _is_made_good(sentence: str, code: Path | None, variables: tuple[str, ...]) -> bool:
    """By an option that the sentence asks for."""
    names = (variable.partition("=")[0] for variable in variables)
    return (code is not None and "--process" in sentence) or any(
        f"--env {name}=" in sentence for name in names
    )


def _not_done(setup: Setup, checked: Checked) -> list[str]:
    """What a deployment would do and this did not."""
    told = ["nothing was uploaded, moved, recorded or published.", *setup.not_done]
    if setup.code:
        told.append(
            "the permissions of the function's role and its memory were not applied; your code "
            "asks AWS as you do."
        )
    if setup.layers:
        told.append(f"{setup.layers} of process_layers are not here; what they hold must be.")
    return [*told, *checked.not_done]


def _show(path: Path, verdict: Verdict, console: Console) -> None:
    code = f"  {verdict.reason_code}" if verdict.reason_code else ""
    console.print(
        plain(f"{verdict.key}  {readable_size(path.stat().st_size)}  ", "bold")
        + Text(f"● {verdict.fate}{code}", f"bold {STYLES[verdict.fate]}")
        + Text(f"  {verdict.ms} ms", "dim")
    )
    if verdict.reason:
        console.print(Text("  Why     ") + plain(verdict.reason))
    if verdict.result is not None:
        console.print(Text("  Result  ") + plain(json.dumps(verdict.result, default=float)))
    if verdict.fate == PASSED_OVER:
        console.print("  Why     The pipeline takes no notice of such a key.")
    if verdict.fate == FAILED:
        console.print("  Next    Tried twice more, then set aside, and tried again later.")
        for line in _own_frames(verdict.cause):
            console.print(Text("    ") + plain(line, "dim"))


def _own_frames(error: BaseException | None) -> list[str]:
    """The traceback without the handler's own part."""
    if error is None or error.__traceback__ is None:
        return []
    frames = error.__traceback__.tb_next or error.__traceback__
    lines = traceback.format_exception(type(error), error, frames)
    return "".join(lines).splitlines()


def _as_dict(verdict: Verdict) -> dict[str, object]:
    names = ("key", "fate", "reason_code", "reason", "result", "ms")
    return {name: getattr(verdict, name) for name in names}
