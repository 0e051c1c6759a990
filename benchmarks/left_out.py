"""What would make a cold start faster, and is left out: how much it would save.

    python -m benchmarks.left_out

Each of these owns a part of what AWS's own client does. docs/performance.md says why none is worth
that; this measures what it costs us to say no.
"""

import compileall
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from .contenders import installed, ours, tutorial
from .measuring import Machine, measure

SERVICES = {"dynamodb", "sns", "s3", "scheduler"}


def amazons_roots_alone(machine: Machine) -> None:
    """Trust Amazon's five roots (and the stub's own) in place of all that botocore trusts."""
    blocks = re.findall(
        r"(?:# .*\n)*-----BEGIN CERTIFICATE-----\n(?:.+\n)+?-----END CERTIFICATE-----",
        machine.roots.read_text(),
    )
    theirs = [block for block in blocks if re.search(r'# Label: "(Amazon|Starfield Ser)', block)]
    machine.roots.write_text("\n".join([*theirs, blocks[-1], ""]))


def service_models_of_our_own(machine: Machine) -> None:
    """A botocore with the models of the services that we call, and of no other."""
    link = machine.runtime / "botocore"
    link.unlink()
    shutil.copytree(installed("botocore"), link, ignore=_other_services)


def _other_services(folder: str, names: list[str]) -> list[str]:
    if Path(folder).name != "data":
        return []
    return [name for name in names if Path(folder, name).is_dir() and name not in SERVICES]


def byte_code(machine: Machine) -> None:
    """Our own code compiled ahead, for the very Python that will run it."""
    compileall.compile_dir(machine.task, quiet=1)


def all_of_them(machine: Machine) -> None:
    for alter in (amazons_roots_alone, service_models_of_our_own, byte_code):
        alter(machine)


VARIANTS: dict[str, Callable[[Machine], None]] = {
    "as it is": lambda machine: None,
    "Amazon's roots alone": amazons_roots_alone,
    "service models of our own": service_models_of_our_own,
    "byte code shipped": byte_code,
    "all of them": all_of_them,
}


def main() -> None:
    theirs = measure(tutorial()).cold_instructions
    contender = ours()
    for name, alter in VARIANTS.items():
        cold = measure(contender, alter).cold_instructions
        print(f"{name:28} {cold / 1e6:7,.0f} million, {cold / theirs:.2f} of the tutorial's")


if __name__ == "__main__":
    main()
