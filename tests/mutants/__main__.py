"""Changes one thing in a module, runs its tests, and says where none of them noticed.

python -m tests.mutants                  # every subject
python -m tests.mutants model/event.py   # those whose path ends so
"""

import os
import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from .justified import FILE, entry, judge, justified
from .mutations import Mutant, mutants
from .subjects import SUBJECTS, Subject
from .trial import ROOT, TestsFail, Trials


@click.command()
@click.argument("files", nargs=-1)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")
def main(files: tuple[str, ...], jobs: int) -> None:
    """Fail when a mutant survives that justified.yaml does not list, or lists in vain."""
    subjects = [it for it in SUBJECTS if not files or it.file.endswith(files)]
    if not subjects:
        raise click.UsageError(f"no subject ends in {' or '.join(files)}: see subjects.py")
    reasons, survivors = justified(FILE.read_text("utf-8")), list[Mutant]()
    console = Console()
    for subject in subjects:
        survivors += _survivors_of(subject, jobs, console)
    verdict = judge(survivors, [it.file for it in subjects], reasons)
    for mutant in verdict.unjustified:
        click.echo(f"\nNo test notices this in {mutant.file}:\n{entry(mutant)}", nl=False)
    for file, (where, before, after) in verdict.outdated:
        click.echo(f"\nListed in {FILE.name} for {file} in {where}, and lives no more:")
        click.echo(f"  {before}\n  {after}")
    if any(verdict):
        click.echo("\nWrite the test that notices, or list it in tests/mutants/justified.yaml.")
        raise SystemExit(1)
    click.echo(f"Every mutant is noticed, but for {len(survivors)} that are justified.")


def _survivors_of(subject: Subject, jobs: int, console: Console) -> list[Mutant]:
    source, began = (ROOT / subject.file).read_text("utf-8"), time.monotonic()
    made = list(mutants(subject.file, source))
    columns = (subject.file, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=len(made))
        try:
            survivors = Trials(subject, jobs).survivors(made, lambda: progress.advance(bar))
        except TestsFail as failed:
            raise click.ClickException(f"the tests of {failed} fail as it is") from None
    seconds = time.monotonic() - began
    click.echo(f"{subject.file}: {len(survivors)} of {len(made)} not noticed, {seconds:,.0f} s")
    return survivors


if __name__ == "__main__":
    main()
