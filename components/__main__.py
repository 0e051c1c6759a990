"""The plug-in's entry: serves the component to programs in any Pulumi language."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # The engine runs this folder as a script; the package's relative imports need its parent.
    package = Path(__file__).resolve().parent
    sys.path[0] = str(package.parent)
    from importlib import import_module

    from pulumi.provider import main

    main(import_module(f"{package.name}.provider").PipelineProvider(), sys.argv[1:])
