"""The installed `scalper`. In a checkout, `./scalper` starts `operate` itself."""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path


def main() -> None:
    """The console script."""
    _find_the_handler()
    try:
        from .__main__ import main as scalper  # noqa: PLC0415 - it stands on the handler
    except ModuleNotFoundError as error:
        needed = (error.name or "").partition(".")[0]
        if needed not in {"boto3", "botocore", "click", "rich", "yaml"}:
            raise
        sys.stderr.write(f"scalper needs {needed}: pip install 'silent-scalper[scalper]'\n")
        sys.exit(2)
    scalper()


def _find_the_handler() -> None:
    """The Lambda code is called `handler` wherever it runs, in `process` too."""
    # Only found, not imported: that would start Pulumi.
    package = find_spec("silent_scalper")
    assert package is not None
    assert package.origin is not None, "it comes with this module"
    code = Path(package.origin).parent / "handler" / "__init__.py"
    spec = spec_from_file_location("handler", code)
    assert spec is not None
    assert spec.loader is not None, "it is a file of Python"
    sys.modules["handler"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
