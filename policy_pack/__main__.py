"""The pack's entry: the engine runs this folder as a script."""

import sys
from importlib import import_module
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

if __name__ == "__main__":
    package = Path(__file__).resolve().parent
    # The package's relative imports need its parent, and the folder itself hides nothing.
    sys.path[0] = str(package.parent)
    PolicyPack(
        name="silent-scalper",
        enforcement_level=EnforcementLevel.MANDATORY,
        policies=import_module(package.name).POLICIES,
    )
