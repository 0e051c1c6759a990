"""What `pulumi preview` would refuse of the user's code, looked for without Pulumi."""

from dataclasses import dataclass

from silent_scalper_code.checking import too_large
from silent_scalper_code.errors import CodeError
from silent_scalper_code.packing import Wanted, files_in, problems_of
from silent_scalper_code.requirements import requirements_in
from silent_scalper_code.resolving import resolved
from silent_scalper_code.source import File, read_source

from .trial_setup import Setup


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    problems: tuple[str, ...] = ()
    """In the words of a preview."""
    not_done: tuple[str, ...] = ()


def preview_checks(setup: Setup) -> Checked:
    """The code that can be loaded here, looked at as it would be deployed."""
    if setup.code is None:
        return Checked()
    source = read_source(setup.code)
    requirements = requirements_in(setup.code) if source.folder else None
    packages: list[File] = []
    not_done: tuple[str, ...] = ()
    if requirements:
        try:
            packages = files_in(resolved(requirements, setup.deployed_for))
        except CodeError as error:
            told = " ".join(error.sentences)
            not_done = (f"The packages for {setup.deployed_for.where} were not looked at: {told}",)
    may_have_more = bool(setup.layers or not_done or "PYTHONPATH" in setup.environment)
    wanted = Wanted(setup.entry, setup.deployed_for, has_layers=may_have_more)
    found = (*problems_of(source, packages, wanted), *too_large([*source.files, *packages]))
    return Checked(
        tuple(it if it.startswith("process_entry") else f"process_code: {it}" for it in found),
        not_done,
    )
